//! The plays: what the project is, who takes part, and with what it is over. A play is data; what its agents do in their runs
//! is the shell text that the stand-in for claude reads.

use crate::domain::proposal::ProposalState;

/// One play.
#[derive(Debug)]
pub(super) struct Play {
    /// What it shows, in a sentence.
    pub(super) about: &'static str,
    /// A pull request that is open when it begins. With one, `gh` is played too.
    pub(super) pull_request: Option<&'static Offered>,
    /// agents.yaml.
    pub(super) config: &'static str,
    /// What is done in the runs.
    pub(super) script: &'static str,
    /// With what it is over.
    pub(super) goal: &'static [Goal],
    /// What has come of it, in a sentence or two.
    pub(super) sum: &'static str,
    /// An agent whose files are worth a look afterwards.
    pub(super) star: &'static str,
}

/// A pull request, a draft, that somebody has opened.
#[derive(Debug)]
pub(super) struct Offered {
    pub(super) title: &'static str,
    pub(super) body: &'static str,
    pub(super) author: &'static str,
    pub(super) branch: &'static str,
    /// The file that it changes, and the file's new text.
    pub(super) file: (&'static str, &'static str),
}

/// The number of the pull request that is open when a play begins.
pub(super) const NUMBER: u64 = 1;

/// A part of what a play leads to.
#[derive(Debug)]
pub(super) enum Goal {
    /// The task of this title is done.
    Task(&'static str),
    /// The proposal of this title is in this state.
    Proposal(&'static str, ProposalState),
    /// The pull request passed its checks.
    Approved,
}

/// The files of the project before anything happens: path and text.
pub(super) const FILES: [(&str, &str); 2] = [
    ("README.md", include_str!("../../../templates/demo/README.md")),
    ("greet.sh", include_str!("../../../templates/demo/greet.sh")),
];

const IMPLEMENT: &str = "Greet the world if no name is given";

/// The play that is shown if none is named.
pub(super) const TASKS: Play = Play {
    about: "A product manager reads what is wanted and creates tasks; others implement, test and review.",
    pull_request: None,
    config: include_str!("../../../templates/demo/tasks.yaml"),
    script: include_str!("../../../templates/demo/tasks.sh"),
    goal: &[
        Goal::Task(IMPLEMENT),
        Goal::Task("Test the greetings of greet.sh"),
        Goal::Task("Review the greeting without a name"),
    ],
    sum: "The task was implemented, tested and reviewed, and the work is on pushed branches.",
    star: "impl-agent",
};

/// The play of the proposal model.
pub(super) const PROPOSALS: Play = Play {
    about: "Proposers look at the project and propose work. A curator judges each proposal; what it promotes is \
            carried out, what it rejects comes back to the proposer with the reason.",
    pull_request: None,
    config: include_str!("../../../templates/demo/proposals.yaml"),
    script: include_str!("../../../templates/demo/proposals.sh"),
    goal: &[
        Goal::Task(IMPLEMENT),
        Goal::Proposal("Greet in forty languages", ProposalState::Rejected),
        Goal::Proposal("Greet in German if LANG is German", ProposalState::Deferred),
        Goal::Proposal("Build the greeting in one function", ProposalState::Deferred),
    ],
    sum: "One proposal was promoted and is implemented on a pushed branch, one was rejected, and its proposer heeded the \
          reason. Two contradict each other, a feature and a refactor of the same file: both wait, and a message asks \
          you to decide.",
    star: "curator",
};

/// The play of the gatekeepers.
pub(super) const GATEKEEPERS: Play = Play {
    about: "A pull request is open. A gatekeeper checks it; what it finds becomes a task, whose work goes \
            to the same branch; the new commit is checked by itself. `gh` and GitHub are played, too.",
    pull_request: Some(&Offered {
        title: IMPLEMENT,
        body: "As README.md wants it.",
        author: "ada",
        branch: "greet-the-world",
        file: ("greet.sh", "#!/bin/sh\n# Greets by name, or the world.\necho Hello, ${1:-world}!\n"),
    }),
    config: include_str!("../../../templates/demo/gatekeepers.yaml"),
    script: include_str!("../../../templates/demo/gatekeepers.sh"),
    goal: &[Goal::Approved],
    sum: "The pull request failed its check, was mended on its own branch, passed, and is marked ready for you to \
          merge. Everything that was said on it was said by the coordinator, and once.",
    star: "lint-agent",
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::config;

    #[test]
    fn every_play_can_be_played() {
        for play in [TASKS, PROPOSALS, GATEKEEPERS] {
            let (config, warnings) = config::read(play.config).unwrap();
            assert!(warnings.is_empty(), "{warnings:?}");
            for agent in config.agents.iter().filter(|agent| agent.role.spec().max_turns > 0) {
                assert!(play.script.contains(&format!("\n  {})", agent.name)), "{} has nothing to do", agent.name);
            }
            assert!(config.agents.iter().any(|agent| agent.name.as_str() == play.star), "{}", play.star);
            assert_eq!(play.goal.iter().any(|goal| matches!(goal, Goal::Approved)), play.pull_request.is_some());
        }
    }
}
