//! `scheduler man`: the manual pages, made from the same definitions as `--help`.

use super::completions::Source;
use super::{Context, definitions, usage};
use crate::sys::atomic;
use anyhow::{Context as _, Result};
use clap::Command;
use clap::builder::Resettable;
use clap_mangen::Man;
use std::path::{Path, PathBuf};

/// Arguments of `scheduler man`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The command whose page is printed: task add; without one, the page of the program
    #[arg(value_name = "COMMAND", conflicts_with = "folder")]
    command: Vec<String>,
    /// Write the pages of all commands to DIR instead, such as ~/.local/share/man/man1
    // Not named `dir`: that is the program's `-C`, and arguments are told apart by their names.
    #[arg(long = "dir", value_name = "DIR", add = Source::Folder)]
    folder: Option<PathBuf>,
}

/// Prints one page, or writes all of them.
///
/// # Errors
/// No such command, a directory that can't be written.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    // The pages that clap would add for `help` say nothing that the others don't.
    let mut root = definitions().disable_help_subcommand(true);
    root.build();
    let Some(dir) = &args.folder else {
        let mut page = &root;
        for word in &args.command {
            let unknown = || usage(format!("there is no command {:?}: see `scheduler --help`", args.command.join(" ")));
            page = page.find_subcommand(word).ok_or_else(unknown)?;
        }
        return context.line(render(page)?.trim_end());
    };
    let dir = std::path::absolute(dir).with_context(|| dir.display().to_string())?;
    atomic::ensure_dir(&dir)?;
    let count = write_all(root, &dir)?;
    context.line(format_args!("{count} pages written to {}", dir.display()))
}

/// Writes the page of a command and those of all below it; returns how many.
fn write_all(command: Command, dir: &Path) -> Result<usize> {
    let mut count = 1;
    for below in command.get_subcommands().cloned() {
        count += write_all(below, dir)?;
    }
    let file = Man::new(command.clone()).get_filename();
    atomic::write_shared(&dir.join(file), render(&command)?.as_bytes())?;
    Ok(count)
}

/// The page of a command. Examples keep their lines.
fn render(command: &Command) -> Result<String> {
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let mut page = Vec::new();
    Man::new(command.clone().after_help(Resettable::Reset)).render(&mut page)?;
    let mut page = String::from_utf8(page)?;
    let examples = help.lines().any(|line| line.starts_with("Example"));
    if !help.is_empty() {
        page.push_str(if examples { ".SH EXAMPLES\n" } else { ".SH NOTES\n" });
    }
    for line in help.lines().filter(|line| !matches!(*line, "" | "Example:" | "Examples:")) {
        let text = line.trim_start().replace('\\', "\\(rs").replace('\'', "\\(aq").replace('-', "\\-");
        let (before, after) = if line.starts_with(' ') { (".nf\n", ".fi\n") } else { ("", ".PP\n") };
        // Text at the beginning of a line could be taken for a request.
        page.push_str(&format!("{before}\\&{}{text}\n{after}", &line[..line.len() - line.trim_start().len()]));
    }
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_keep_their_lines_and_signs() {
        let command = Command::new("x").after_help("Keys: a.\n\nExamples:\n  x --a 'b' \\\n    .c\n  x y");
        let page = render(&command).unwrap();
        let (_, examples) = page.split_once(".SH EXAMPLES\n").unwrap();
        assert_eq!(
            examples,
            "\\&Keys: a.\n.PP\n.nf\n\\&  x \\-\\-a \\(aqb\\(aq \\(rs\n.fi\n.nf\n\\&    .c\n.fi\n.nf\n\\&  x y\n.fi\n"
        );
        assert!(!page.contains("EXTRA"), "{page}");
    }
}
