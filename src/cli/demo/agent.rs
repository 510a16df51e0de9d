//! The stand-in for claude: takes claude's arguments, reads its prompt, does what the play has for this run, and speaks
//! claude's `stream-json`.
//!
//! What it needs it takes from the prompt and from the environment of the run; what it does goes through the files of
//! its worktree, git, and the commands that any agent may call.

mod speech;

use crate::{
    cli::{Context, input, usage},
    domain::{
        demo::{self, Play, Seen, Step},
        role::Role,
    },
    exec::command,
    sys::{atomic, read},
};
use anyhow::{Context as _, Result, bail};
use serde::Deserialize;
use serde_json::json;
use speech::Speech;
use std::{
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Duration,
};

/// Between two steps, so that an eye can follow.
const PAUSE: Duration = Duration::from_millis(60);
/// How long one command may take, and how much of what it says is kept.
const TIMEOUT: Duration = Duration::from_secs(60);
const MAX_OUTPUT: usize = 64 << 10;

/// Arguments of `scheduler demo-agent`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The play
    play: String,
    /// What claude is given
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    flags: Vec<String>,
}

/// `scheduler task list --json`, or `scheduler proposal list --json`.
#[derive(Deserialize)]
struct List {
    #[serde(alias = "tasks", alias = "proposals")]
    all: Vec<Seen>,
}

/// Plays one run.
///
/// # Errors
/// Outside a run; arguments with which claude would say nothing that can be read; a step that fails.
pub fn run(args: &Args, context: &Context) -> Result<()> {
    let play = demo::play(&args.play).ok_or_else(|| usage(format!("there is no play {:?}", args.play)))?;
    let option = |name: &str| args.flags.iter().skip_while(|flag| *flag != name).nth(1).map(String::as_str);
    let role: Option<Role> = context.env("AGENT_ROLE").and_then(|word| word.parse().ok());
    let (Some(session), Some("stream-json"), Some(role), Some(agent)) =
        (option("--session-id"), option("--output-format"), role, context.env("AGENT_NAME"))
    else {
        return Err(usage("demo-agent is started by the runs of `scheduler demo`"));
    };
    let prompt = input::text_or_stdin("-")?;
    let mut actor =
        Actor { context, program: context.program()?, speech: Speech::new(context, session), seen: Vec::new() };
    actor.speech.begin(&context.dir.display().to_string())?;
    let played = actor.perform(play, role, agent, &prompt);
    actor.speech.end(&played)?;
    played.map(drop)
}

struct Actor<'a> {
    context: &'a Context,
    program: PathBuf,
    speech: Speech<'a>,
    /// The tasks or proposals that there were when the run began.
    seen: Vec<Seen>,
}

impl Actor<'_> {
    /// Plays the scene that fits; the last message.
    fn perform(&mut self, play: &Play, role: Role, agent: &str, prompt: &str) -> Result<String> {
        let seen = self.look_around(role)?;
        let dir = &self.context.dir;
        let holds = |path: &str, text: &str| read_file(&dir.join(path)).is_ok_and(|all| all.contains(text));
        let Some((scene, cue)) = play.scene(agent, demo::title_in(prompt), &seen, holds) else {
            bail!("the play {} has nothing for this run", play.name);
        };
        self.seen.clone_from(&seen);
        for step in scene.steps {
            thread::sleep(PAUSE);
            self.step(step, cue)?;
        }
        thread::sleep(PAUSE);
        Ok(demo::fill(scene.last, cue, &seen))
    }

    /// What those see who create work.
    fn look_around(&mut self, role: Role) -> Result<Vec<Seen>> {
        let what = match role {
            Role::ProductManager => "task",
            Role::Proposer | Role::Curator => "proposal",
            _ => return Ok(Vec::new()),
        };
        let list = self.act(&["scheduler", what, "list", "--json"].map(str::to_owned))?;
        Ok(serde_json::from_str::<List>(&list).with_context(|| format!("the list of {what}s"))?.all)
    }

    fn step(&mut self, step: &Step, cue: Option<&Seen>) -> Result<()> {
        let file = |path: &str| self.context.dir.join(path);
        match step {
            Step::Say(text) => self.speech.say(&demo::fill(text, cue, &self.seen)),
            Step::Read(path) => {
                let path = file(path);
                self.speech.use_tool("Read", json!({"file_path": path}))?;
                let text = read_file(&path);
                self.answer(text).map(drop)
            }
            Step::Edit(path, old, new) => {
                let path = file(path);
                self.speech.use_tool("Edit", json!({"file_path": path, "old_string": old, "new_string": new}))?;
                let edited =
                    read_file(&path).and_then(|text| atomic::write_cache(&path, text.replacen(old, new, 1).as_bytes()));
                self.answer(edited.map(|()| "The file was edited.".to_owned())).map(drop)
            }
            Step::Write(path, text) => {
                let path = file(path);
                self.speech.use_tool("Write", json!({"file_path": path, "content": text}))?;
                let folder = path.parent().map_or(Ok(()), atomic::ensure_dir);
                let written = folder.and_then(|()| atomic::write_cache(&path, text.as_bytes()));
                self.answer(written.map(|()| "The file was written.".to_owned())).map(drop)
            }
            Step::Run(words) => {
                let words: Vec<_> = words.iter().map(|word| demo::fill(word, cue, &self.seen)).collect();
                self.act(&words).map(drop)
            }
        }
    }

    /// Runs a program as claude's Bash tool would be asked to, but without a shell; what it said.
    fn act(&mut self, words: &[String]) -> Result<String> {
        self.speech.use_tool("Bash", json!({"command": speech::shell_line(words)}))?;
        let said = self.started(words);
        self.answer(said)
    }

    fn started(&self, words: &[String]) -> Result<String> {
        let Some((program, arguments)) = words.split_first() else { bail!("a command without a word") };
        // A binary of another name is the same program.
        let mut command = if program == "scheduler" { Command::new(&self.program) } else { Command::new(program) };
        command.args(arguments).current_dir(&self.context.dir);
        let ended = command::run(&mut command, None, TIMEOUT, MAX_OUTPUT)?;
        if !ended.status.success() {
            bail!("{program}: {}", String::from_utf8_lossy(&ended.stderr).trim());
        }
        Ok(String::from_utf8_lossy(&ended.stdout).into_owned())
    }

    fn answer(&self, answer: Result<String>) -> Result<String> {
        self.speech.hear(&answer)?;
        answer
    }
}

fn read_file(path: &Path) -> Result<String> {
    read::read_text(path)?.with_context(|| format!("there is no {}", path.display()))
}
