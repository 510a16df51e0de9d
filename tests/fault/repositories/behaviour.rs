//! What an agent does in a run, and what it writes.

use super::shape::{Filter, Shape, Submodule};
use crate::support::Test;

/// A kind of agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// It does nothing.
    Idle,
    /// It commits what it does.
    Committing,
    /// It commits nothing.
    Leaving,
    /// It commits nothing, in the middle of a merge with a conflict.
    Merging,
    /// It commits nothing and is killed.
    Killed,
    /// It commits nothing and would go on for ever, but its supervisor is killed.
    Orphaned,
}

/// Two commits that contradict each other, and the attempt to merge them.
const MERGE: &str = "git checkout -q --detach && echo one >inside/f && git commit -q -a -m One >&2\n\
                     other=$(git rev-parse HEAD) && git checkout -q - && echo two >inside/f\n\
                     git commit -q -a -m Two >&2; git merge \"$other\" >&2\n";

/// One file that it writes, with the shell's words for it and for where it is.
struct File {
    path: &'static str,
    /// Prints its text, which holds `@`: that is replaced by what must be found again.
    text: &'static str,
    /// Whether git takes it, if it is asked to.
    fits_git: bool,
}

const fn file(path: &'static str, text: &'static str) -> File {
    File { path, text, fits_git: true }
}

impl Behaviour {
    /// Every one, in the order of their numbers.
    pub const ALL: [Self; 6] =
        [Self::Idle, Self::Committing, Self::Leaving, Self::Merging, Self::Killed, Self::Orphaned];

    /// Has the agent behave so in the first run of the task; what it writes, each a text that is nowhere else.
    pub fn prepare(self, test: &Test, shape: Shape, task: &str) -> Vec<String> {
        if self == Self::Idle {
            return Vec::new();
        }
        let commits = self == Self::Committing;
        let files: Vec<File> = files(shape).into_iter().filter(|file| !commits || file.fits_git).collect();
        let mut script = "mkdir -p outside\n".to_owned();
        script.push_str(if self == Self::Merging { MERGE } else { "" });
        script.push_str(if commits { "" } else { "git init -q inner >&2\n" });
        let mut written = Vec::new();
        for (number, File { path, text, .. }) in files.iter().enumerate() {
            let precious = format!("precious-{number}-of-{task}");
            script.push_str(&format!("printf '{}' >>{path}\n", text.replace('@', &precious)));
            written.push(precious);
        }
        let target = format!("precious-link-of-{task}");
        script.push_str(&format!("chmod +x tool.sh\nln -s {target} link\nmkfifo pipe\n"));
        written.push(target);
        script.push_str(match self {
            Self::Committing => "git add -A --sparse >&2 && git commit -q -m 'Work' >&2 && finish 'It is done.'\n",
            Self::Killed => "die KILL\n",
            Self::Orphaned => "hang\n",
            Self::Idle | Self::Leaving | Self::Merging => "finish 'It is done.'\n",
        });
        test.claude.plays(&format!("{task}.1"), &script);
        written
    }
}

fn files(shape: Shape) -> Vec<File> {
    let mut files = vec![
        file("inside/f", "@\\n"),
        file("inside/new.txt", "@\\n"),
        file("outside/f", "@\\n"),
        file("outside/new", "@\\n"),
        file("data.dat", "@\\0\\001\\377"),
        file("tool.sh", "#!/bin/sh\\n# @\\n"),
        file("\"$(printf 'a \\\"name\\\"\\twith\\nlines')\"", "@"),
        file("\"$(printf 'no \\377 text')\"", "@\\n"),
        File { path: "'git~1'", text: "@\\n", fits_git: false },
        File { path: "inner/f", text: "@\\n", fits_git: false },
    ];
    if shape.crlf {
        files.push(file("old.txt", "@\\r\\n"));
    }
    if shape.lfs {
        files.extend([file("big.bin", "@\\n"), file("new.bin", "@\\0")]);
    }
    if shape.filter != Filter::None {
        files.push(File { path: "new.enc", text: "@\\n", fits_git: shape.filter == Filter::Passing });
    }
    if shape.filter == Filter::Passing {
        files.push(file("known.enc", "@\\n"));
    }
    if shape.submodule != Submodule::None {
        // What only a submodule of the worktree has can't be published.
        files.extend(["lib/lib.c", "lib/new"].map(|path| File { path, text: "@\\n", fits_git: false }));
    }
    files
}
