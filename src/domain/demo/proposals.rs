//! The proposal model: proposers propose, a curator judges, what was promoted is carried out, a rejection is heeded, and a
//! contradiction is left to the owner.

use super::{
    Cue, Goal, Play, Scene, Step,
    tasks::{GREET, IMPLEMENT, IMPLEMENTED, README},
};
use crate::domain::proposal::ProposalState;

const TOO_MUCH: &str = "Greet in forty languages";
const HEEDED: &str = "Greet in German if LANG is German";
const REFACTOR: &str = "Build the greeting in one function";

/// The play.
pub const PLAY: Play = Play {
    name: "proposals",
    about: "Proposers look at the project and propose work. A curator judges each proposal; what it promotes is \
            carried out, what it rejects comes back to the proposer with the reason.",
    files: &[("README.md", README), ("greet.sh", GREET)],
    pull_request: None,
    config: include_str!("../../../templates/demo/proposals.yaml"),
    scenes: &[
        Scene {
            agent: "feature-agent",
            cue: Cue::Missing(IMPLEMENT),
            steps: &[
                Step::Read("README.md"),
                Step::Read("greet.sh"),
                Step::Run(&[
                    "scheduler",
                    "proposal",
                    "add",
                    "--title",
                    IMPLEMENT,
                    "--category",
                    "feature",
                    "--complexity",
                    "S",
                    "--summary",
                    "README.md wants it, and greet.sh doesn't do it",
                    "--rationale",
                    "greet.sh:3 prints \"Hello, !\" where no name is given.",
                    "--criterion",
                    "greet.sh without a name, or with an empty one, prints: Hello, world!",
                    "--file",
                    "greet.sh",
                ]),
                Step::Run(&[
                    "scheduler",
                    "proposal",
                    "add",
                    "--title",
                    TOO_MUCH,
                    "--category",
                    "feature",
                    "--complexity",
                    "XL",
                    "--summary",
                    "The world is large",
                    "--rationale",
                    "Not everybody speaks English.",
                    "--criterion",
                    "Forty languages are greeted in",
                    "--file",
                    "languages.txt",
                ]),
            ],
            last: "Two proposals: one that README.md asks for, and one of my own.",
        },
        Scene {
            agent: "feature-agent",
            cue: Cue::After(TOO_MUCH, "rejected", HEEDED),
            steps: &[
                Step::Say("Forty languages were too many to be checked, the curator says: one, then, that can be."),
                Step::Run(&[
                    "scheduler",
                    "proposal",
                    "add",
                    "--title",
                    HEEDED,
                    "--category",
                    "feature",
                    "--complexity",
                    "S",
                    "--summary",
                    "One language, by the variable that names it",
                    "--rationale",
                    "Whoever sets LANG has said what they speak.",
                    "--criterion",
                    "LANG=de_DE.UTF-8 sh greet.sh Ada prints: Hallo, Ada!",
                    "--file",
                    "greet.sh",
                ]),
            ],
            last: "One proposal: a smaller step, which answers what was wrong with the last.",
        },
        Scene { agent: "feature-agent", cue: Cue::Always, steps: &[], last: "Nothing worth a proposal: none added." },
        Scene {
            agent: "architect",
            cue: Cue::After(TOO_MUCH, "rejected", REFACTOR),
            steps: &[
                Step::Read("greet.sh"),
                Step::Run(&[
                    "scheduler",
                    "proposal",
                    "add",
                    "--title",
                    REFACTOR,
                    "--category",
                    "refactor",
                    "--complexity",
                    "S",
                    "--summary",
                    "What is said and to whom, in one place",
                    "--rationale",
                    "Each further greeting would otherwise be one more line with its own rules.",
                    "--criterion",
                    "greet.sh prints what it printed before",
                    "--file",
                    "greet.sh",
                    "--complexity-reduction",
                    "One place instead of one for each case.",
                ]),
            ],
            last: "One proposal: a place for the greeting before there are more of them.",
        },
        Scene {
            agent: "architect",
            cue: Cue::Always,
            steps: &[Step::Read("greet.sh")],
            last: "Nothing worth a proposal: a single line has its place.",
        },
        Scene {
            agent: "curator",
            cue: Cue::Is(TOO_MUCH, "active"),
            steps: &[
                Step::Say(
                    "The first is small, and what the README wants. The second can't be checked by anybody here.",
                ),
                Step::Run(&["scheduler", "proposal", "promote", "{Greet the world if no name is given}"]),
                Step::Run(&[
                    "scheduler",
                    "proposal",
                    "reject",
                    "{id}",
                    "--reason",
                    "Too large for one change, and nobody could check it. Propose one language.",
                ]),
            ],
            last: "One promoted, one rejected with what would have to be different.",
        },
        Scene {
            agent: "curator",
            cue: Cue::Always,
            steps: &[],
            last: "I wait until the proposer has said everything.",
        },
        IMPLEMENTED,
    ],
    goal: &[
        Goal::Task(IMPLEMENT),
        Goal::Proposal(TOO_MUCH, ProposalState::Rejected),
        Goal::Proposal(HEEDED, ProposalState::Deferred),
        Goal::Proposal(REFACTOR, ProposalState::Deferred),
    ],
    sum: "One proposal was promoted and is implemented on a pushed branch, one was rejected, and its proposer heeded the \
          reason. Two contradict each other, a feature and a refactor of the same file: both wait, and a message asks \
          you to decide.",
    star: "curator",
};
