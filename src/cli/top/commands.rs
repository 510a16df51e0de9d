//! Runs the program's own commands beside the screen: what `scheduler top` changes, it changes by them, with all that they
//! check and say. The screen never waits for one.

use crate::cli::view::{Line, Tone};
use crate::exec::command;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

/// Longer than `agent stop` waits.
const PATIENCE: Duration = Duration::from_secs(60);
/// The most output that is kept, in bytes.
const MAX_OUTPUT: usize = 16 * 1024;

/// The commands under way.
#[derive(Debug)]
pub struct Commands {
    program: PathBuf,
    root: PathBuf,
    sender: Sender<Line>,
    receiver: Receiver<Line>,
}

impl Commands {
    /// `program` is this program, `root` the project.
    pub fn new(program: PathBuf, root: &Path) -> Self {
        let (sender, receiver) = mpsc::channel();
        Self { program, root: root.to_owned(), sender, receiver }
    }

    /// Begins one, given by its words; its answer comes later.
    pub fn begin(&self, words: &[String]) -> Line {
        let mut command = Command::new(&self.program);
        command.arg("-C").arg(&self.root).args(words);
        let sender = self.sender.clone();
        let said = Line::new(&format!("scheduler {} ...", words.join(" ")), Tone::Dim);
        // Who has quit meanwhile wants no answer.
        thread::spawn(move || drop(sender.send(run(&mut command))));
        said
    }

    /// The answer of one that has ended since the last call.
    pub fn answer(&self) -> Option<Line> {
        self.receiver.try_recv().ok()
    }
}

/// Runs one to its end: what it said, in a line.
fn run(command: &mut Command) -> Line {
    match command::run(command, None, PATIENCE, MAX_OUTPUT) {
        Err(error) => Line::new(&error.to_string(), Tone::Bad),
        Ok(ended) => {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().replace('\n', "; ");
            let (said, complaint) = (text(&ended.stdout), text(&ended.stderr));
            match ended.status.success() {
                true if complaint.is_empty() => Line::new(&said, Tone::Good),
                true => Line::new(&said, Tone::Good).and("; ", Tone::Plain).and(&complaint, Tone::Warn),
                false => Line::new(&complaint, Tone::Bad),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::clock;

    #[test]
    fn the_answer_comes_later_in_one_line() {
        let answer = |script: &str| {
            let commands = Commands::new("/bin/sh".into(), Path::new("/"));
            // `sh -C /` would be a script: the words follow `-c` instead.
            let mut command = Command::new("/bin/sh");
            command.args(["-c", script]);
            commands.sender.send(run(&mut command)).unwrap();
            commands.answer().unwrap()
        };
        assert_eq!(answer("echo a; echo b"), Line::new("a; b", Tone::Good));
        assert_eq!(answer("echo no >&2; exit 1"), Line::new("no", Tone::Bad));
        assert_eq!(answer("echo a; echo but >&2").render(false), "a; but");
        let commands = Commands::new("/nowhere/scheduler".into(), Path::new("/"));
        assert!(commands.begin(&["pause".to_owned()]).render(false).contains("scheduler pause"));
        let begun = clock::monotonic_now();
        let answer = loop {
            match commands.answer() {
                Some(answer) => break answer,
                None => assert!(begun.elapsed() < Duration::from_secs(20)),
            }
        };
        assert!(answer.render(false).contains("/nowhere/scheduler"), "{answer:?}");
    }
}
