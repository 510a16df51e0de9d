//! `scheduler completions`, and what its scripts ask for when a command is to be completed: that only reads.

mod source;

pub(super) use source::Source;

use super::said::Silent;
use super::{Cli, Context, definitions, request};
use crate::domain::name::Name;
use crate::domain::words::words;
use anyhow::Result;
use clap::{Command, CommandFactory, ValueHint};
use clap_complete::engine::{ArgValueCompleter, complete};
use source::Asking;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

words! {
    "a shell"
    pub enum Shell {
        Bash = "bash",
        Zsh = "zsh",
        Fish = "fish",
    }
}

impl Shell {
    fn script(self) -> &'static str {
        match self {
            Self::Bash => include_str!("../../templates/completions/bash"),
            Self::Zsh => include_str!("../../templates/completions/zsh"),
            Self::Fish => include_str!("../../templates/completions/fish"),
        }
    }

    /// What stands between a value and its explanation; bash has none.
    fn explains_after(self) -> Option<char> {
        match self {
            Self::Bash => None,
            Self::Zsh => Some(':'),
            Self::Fish => Some('\t'),
        }
    }
}

/// Arguments of `scheduler completions`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shell
    shell: Shell,
}

/// Prints what makes a shell ask this program whenever a command of it is to be completed.
///
/// # Errors
/// Standard output can't be written.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    context.line(args.shell.script().trim_end())
}

/// Arguments of `scheduler complete`.
#[derive(Debug, clap::Args)]
pub struct Words {
    shell: Shell,
    /// The command line up to the cursor, as the shell takes it apart
    #[arg(last = true, required = true)]
    words: Vec<String>,
}

/// Prints what the last word may become, a line each.
///
/// # Errors
/// Nothing that would be said: the user is typing.
pub fn answer(asked: &Words, mut context: Context) -> Result<()> {
    let words = if asked.shell == Shell::Bash { joined(&asked.words) } else { asked.words.clone() };
    let last = words.last().map_or("", String::as_str);
    // Of what it has taken apart, bash replaces only the end.
    let kept = if asked.shell == Shell::Bash { last.rfind('=').map_or(0, |at| at + 1) } else { 0 };
    let mut command = definitions().disable_help_subcommand(true);
    command.build();
    let (dir, agent) = named(&words, &context);
    context.dir.extend(dir);
    let is_inside_run = context.refuse_inside_run("completion").is_err();
    let asking = Arc::new(Asking { context, agent });
    let mut command = with_candidates(command, (!is_inside_run).then_some(&asking));
    let at = words.len() - 1;
    let words = words.iter().map(Into::into).collect();
    let Ok(candidates) = complete(&mut command, words, at, Some(&asking.context.dir)) else {
        return Err(Silent(1).into());
    };
    for candidate in candidates {
        let value = candidate.get_value().to_string_lossy();
        let help = candidate.get_help().map(ToString::to_string);
        let help = help.as_deref().and_then(|help| help.lines().next());
        let help = asked.shell.explains_after().zip(help).map(|(mark, help)| format!("{mark}{help}"));
        asking.context.line(format!("{}{}", value.get(kept..).unwrap_or_default(), help.unwrap_or_default()))?;
    }
    Ok(())
}

/// The words as they were typed: bash makes three of `--state=failed`, and two of `--state=`.
fn joined(words: &[String]) -> Vec<String> {
    let mut joined: Vec<String> = Vec::new();
    let mut is_open = false;
    for word in words {
        match joined.last_mut() {
            Some(last) if word == "=" || is_open && !word.is_empty() => last.push_str(word),
            _ => joined.push(word.clone()),
        }
        is_open = word == "=";
    }
    joined
}

/// The directory and the agent that the command line names.
fn named(words: &[String], context: &Context) -> (Option<PathBuf>, Option<Name>) {
    let Ok(matches) = Cli::command().ignore_errors(true).try_get_matches_from(words) else { return (None, None) };
    let leaf = request::leaf(&matches).1;
    let dir = leaf.try_get_one::<PathBuf>("dir").ok().flatten();
    // Shells hand words on as they were typed.
    let in_home = |dir: &PathBuf| Some(Path::new(context.env("HOME")?).join(dir.strip_prefix("~").ok()?));
    let dir = dir.map(|dir| in_home(dir).unwrap_or_else(|| dir.clone()));
    (dir, leaf.try_get_one("agent").ok().flatten().cloned())
}

/// The definition of a command whose arguments know what there is in the project.
fn with_candidates(command: Command, asking: Option<&Arc<Asking>>) -> Command {
    let known = |arg: clap::Arg| {
        // Options are for who begins one, or where there is nothing else.
        let is_hidden = arg.is_hide_set() || !arg.is_positional();
        let arg = arg.hide(is_hidden);
        if !arg.get_action().takes_values() {
            return arg;
        }
        // Else the names of files would be offered where nothing is known.
        let arg = arg.value_hint(ValueHint::Other);
        match (arg.get::<Source>().copied(), asking.cloned()) {
            (Some(source), Some(asking)) => {
                arg.add(ArgValueCompleter::new(move |begun: &OsStr| source.candidates(&asking, begun)))
            }
            _ => arg,
        }
    };
    command.mut_args(known).mut_subcommands(|below| with_candidates(below, asking))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_bash_has_taken_apart_is_joined() {
        for (apart, whole) in [
            ("task show TASK-", "task show TASK-"),
            ("list --state =", "list --state="),
            ("list --state = fai", "list --state=fai"),
            ("set a = 8 b", "set a=8 b"),
            ("set a = ", "set a= "),
        ] {
            let words: Vec<_> = apart.split(' ').map(str::to_owned).collect();
            assert_eq!(joined(&words).join(" "), whole);
        }
    }
}
