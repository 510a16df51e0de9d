//! Gatekeepers: a pull request fails its check, a task mends it on its own branch, it is checked again and passes.

use super::{
    Cue, Goal, Offered, Play, Scene, Step,
    tasks::{GREET, IMPLEMENT, README},
};

const UNQUOTED: &str = "echo Hello, ${1:-world}!";

/// The play.
pub const PLAY: Play = Play {
    name: "gatekeepers",
    about: "A person has opened a pull request. A gatekeeper checks it; what it finds becomes a task, whose work goes \
            to the same branch; the new commit is checked by itself. `gh` and GitHub are played, too.",
    files: &[("README.md", README), ("greet.sh", GREET)],
    pull_request: Some(&Offered {
        title: IMPLEMENT,
        body: "As README.md wants it.",
        author: "ada",
        branch: "greet-the-world",
        file: ("greet.sh", "#!/bin/sh\n# Greets by name, or the world.\necho Hello, ${1:-world}!\n"),
    }),
    config: include_str!("../../../templates/demo/gatekeepers.yaml"),
    scenes: &[
        Scene {
            agent: "lint-agent",
            cue: Cue::PauseStatus("greet.sh", UNQUOTED),
            steps: &[
                Step::Read("greet.sh"),
                Step::Run(&["sh", "greet.sh", "* Ada"]),
                Step::Say("The star became the names of all files: what is not quoted is the shell's to change."),
                Step::Run(&[
                    "scheduler",
                    "check",
                    "record",
                    "--status",
                    "failed",
                    "--summary",
                    "The shell changes what is not quoted",
                    "--issue",
                    "high|greet.sh:3|Quote the text: a star in a name lists the files here",
                ]),
            ],
            last: "Failed: one finding, with what to do.",
        },
        Scene {
            agent: "lint-agent",
            cue: Cue::Always,
            steps: &[
                Step::Read("greet.sh"),
                Step::Run(&["sh", "greet.sh", "* Ada"]),
                Step::Run(&[
                    "scheduler",
                    "check",
                    "record",
                    "--status",
                    "passed",
                    "--summary",
                    "What was found before is mended",
                ]),
            ],
            last: "Passed.",
        },
        Scene {
            agent: "impl-agent",
            cue: Cue::Always,
            steps: &[
                Step::Read("greet.sh"),
                Step::Edit("greet.sh", UNQUOTED, "echo \"Hello, ${1:-world}!\""),
                Step::Run(&["sh", "greet.sh", "* Ada"]),
                Step::Run(&["git", "commit", "-q", "-a", "-m", "Quote what is greeted"]),
            ],
            last: "The name is quoted: it is printed as it was given.",
        },
    ],
    goal: &[Goal::Approved],
    sum: "The pull request failed its check, was mended on its own branch, passed, and is marked ready for a human to \
          merge. Everything that was said on it was said by the coordinator, and once.",
    star: "lint-agent",
};
