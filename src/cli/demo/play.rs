//! The plays: what the project is, who takes part, and with what it is over. A play is data; what its agents do in their runs
//! is the shell text that the stand-in for claude reads.

use crate::domain::proposal::ProposalState;

/// One play.
#[derive(Debug)]
pub(super) struct Play {
    /// What it shows, in a sentence.
    pub(super) about: &'static str,
    /// How a pull request is opened before it begins. With one, `gh` is played too, and the play is over when it has
    /// landed.
    pub(super) pull_request: Option<&'static str>,
    /// agents.yaml.
    pub(super) config: &'static str,
    /// What is done in the runs.
    pub(super) script: &'static str,
    /// How many tasks are done when it is over.
    pub(super) done: usize,
    /// How many proposals are in which state then.
    pub(super) proposals: &'static [(ProposalState, usize)],
    /// What has come of it, in a sentence or two.
    pub(super) sum: &'static str,
    /// An agent whose files are worth a look afterwards.
    pub(super) star: &'static str,
}

/// The number of the pull request that is open when a play begins.
pub(super) const NUMBER: u64 = 1;

/// The files of the project before anything happens: path and text.
pub(super) const FILES: [(&str, &str); 2] = [
    ("README.md", include_str!("../../../templates/demo/README.md")),
    ("greet.sh", include_str!("../../../templates/demo/greet.sh")),
];

/// The play that is shown if none is named.
pub(super) const TASKS: Play = Play {
    about: "A product manager reads what is wanted and creates tasks; others implement, test and review.",
    pull_request: None,
    config: include_str!("../../../templates/demo/tasks.yaml"),
    script: include_str!("../../../templates/demo/tasks.sh"),
    done: 3,
    proposals: &[],
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
    done: 1,
    proposals: &[(ProposalState::Rejected, 1), (ProposalState::Deferred, 2)],
    sum: "One proposal was promoted and is implemented on a pushed branch, one was rejected, and its proposer heeded the \
          reason. Two contradict each other, a feature and a refactor of the same file: both wait, and a message asks \
          you to decide.",
    star: "curator",
};

/// The play of the gatekeepers.
pub(super) const GATEKEEPERS: Play = Play {
    about: "A pull request is open. A gatekeeper checks it; what it finds becomes a task, whose work goes \
            to the same branch; the new commit is checked by itself, and what has passed is merged. `gh` and GitHub are \
            played, too.",
    pull_request: Some(include_str!("../../../templates/demo/pull_request.sh")),
    config: include_str!("../../../templates/demo/gatekeepers.yaml"),
    script: include_str!("../../../templates/demo/gatekeepers.sh"),
    done: 1,
    proposals: &[],
    sum: "The pull request failed its check, was mended on its own branch, passed, was marked ready and merged: main has \
          it. Everything that was said and done on GitHub was the coordinator's, and once.",
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
        }
    }
}
