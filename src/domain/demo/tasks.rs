//! The task model: a product manager finds out what is wanted, and others implement, test and review it.

use super::{Cue, Goal, Play, Scene, Step};

pub(super) const IMPLEMENT: &str = "Greet the world if no name is given";
pub(super) const README: &str = include_str!("../../../templates/demo/README.md");
pub(super) const GREET: &str = include_str!("../../../templates/demo/greet.sh");
const TEST: &str = "Test the greetings of greet.sh";
const REVIEW: &str = "Review the greeting without a name";

/// How greet.sh learns to greet the world.
pub(super) const IMPLEMENTED: Scene = Scene {
    agent: "impl-agent",
    cue: Cue::Task(IMPLEMENT),
    steps: &[
        Step::Read("greet.sh"),
        Step::Edit(
            "greet.sh",
            "# Greets by name.\necho \"Hello, $1!\"",
            "# Greets by name, or the world.\necho \"Hello, ${1:-world}!\"",
        ),
        Step::Run(&["sh", "greet.sh"]),
        Step::Run(&["git", "commit", "-q", "-a", "-m", IMPLEMENT]),
    ],
    last: "greet.sh greets the world if the name is missing or empty.",
};

/// The play.
pub const PLAY: Play = Play {
    name: "tasks",
    about: "A product manager reads what is wanted and creates tasks; others implement, test and review.",
    files: &[("README.md", README), ("greet.sh", GREET)],
    pull_request: None,
    config: include_str!("../../../templates/demo/agents.yaml"),
    scenes: &[
        Scene {
            agent: "pm-agent",
            cue: Cue::Missing(IMPLEMENT),
            steps: &[
                Step::Read("README.md"),
                Step::Read("greet.sh"),
                Step::Say("README.md wants a greeting without a name; greet.sh says \"Hello, !\"."),
                Step::Run(&[
                    "scheduler",
                    "task",
                    "add",
                    "--title",
                    IMPLEMENT,
                    "--role",
                    "implement",
                    "--priority",
                    "P1",
                    "--criterion",
                    "greet.sh without a name, or with an empty one, prints: Hello, world!",
                    "--context",
                    "README.md wants it. Today greet.sh:3 prints \"Hello, !\".",
                ]),
            ],
            last: "One task created: what README.md wants and greet.sh doesn't do.",
        },
        Scene {
            agent: "pm-agent",
            cue: Cue::After(IMPLEMENT, "done", TEST),
            steps: &[
                Step::Run(&["git", "log", "-1", "--stat", "--format=%h %s", "{branch}"]),
                Step::Say("The change is there, without a test and seen by nobody: two more tasks."),
                Step::Run(&[
                    "scheduler",
                    "task",
                    "add",
                    "--title",
                    TEST,
                    "--role",
                    "test",
                    "--branch",
                    "{branch}",
                    "--blocked-by",
                    "{id}",
                    "--criterion",
                    "With a name, without one, and with an empty one",
                ]),
                Step::Run(&[
                    "scheduler",
                    "task",
                    "add",
                    "--title",
                    REVIEW,
                    "--role",
                    "review",
                    "--branch",
                    "{branch}",
                    "--blocked-by",
                    "{id}",
                ]),
            ],
            last: "Two tasks created: the change needs tests and a second pair of eyes.",
        },
        Scene {
            agent: "pm-agent",
            cue: Cue::Always,
            steps: &[],
            last: "Nothing is missing that isn't under way: no task created.",
        },
        IMPLEMENTED,
        Scene {
            agent: "test-agent",
            cue: Cue::Task(TEST),
            steps: &[
                Step::Read("greet.sh"),
                Step::Write("tests/greet_test.sh", include_str!("../../../templates/demo/greet_test.sh")),
                Step::Run(&["sh", "tests/greet_test.sh"]),
                Step::Run(&["git", "add", "tests"]),
                Step::Run(&["git", "commit", "-q", "-m", TEST]),
            ],
            last: "`sh tests/greet_test.sh`: 3 cases, all passed. No gap known.",
        },
        Scene {
            agent: "review-agent",
            cue: Cue::Task(REVIEW),
            steps: &[
                Step::Run(&["git", "show", "--format=%h %s", "HEAD"]),
                Step::Say("`${1:-world}` holds for a missing and for an empty name, as the task asks."),
                Step::Run(&[
                    "scheduler",
                    "review",
                    "record",
                    "--verdict",
                    "approve",
                    "--summary",
                    "Greets the world where there is no name. Right, small, and said in the comment.",
                ]),
            ],
            last: "Approved: it does what the task asks, and nothing else.",
        },
    ],
    goal: &[Goal::Task(IMPLEMENT), Goal::Task(TEST), Goal::Task(REVIEW)],
    sum: "The task was implemented, tested and reviewed, and the work is on pushed branches.",
    star: "impl-agent",
};
