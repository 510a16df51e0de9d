//! How a pull request of ours stands at its head commit, and its base branch: checks, conflict, reviews. One listing tells it
//! of all of them.
//!
//! Values, and what they add up to: nothing of it is asked for here, and nothing decided that is to be done.

use std::collections::BTreeMap;

/// All of ours that are open, and the branches that they are meant for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ours {
    /// By number.
    pub heads: BTreeMap<u64, Head>,
    /// By the name of the branch.
    pub bases: BTreeMap<String, Base>,
}

/// One of ours at its head commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    pub commit: String,
    /// The branch that it is meant for.
    pub base: String,
    pub mergeable: Mergeable,
    /// In GitHub's word: `CLEAN`, `BEHIND`, `BLOCKED`, `UNSTABLE`, `DIRTY` …
    pub merge_state: String,
    /// GitHub merges it by itself once all that its base asks for is there.
    pub auto_merge: bool,
    /// When anything was last said or pushed, as GitHub puts it.
    pub updated_at: String,
    /// So many comments and reviews there are.
    pub remarks: u32,
    pub runs: Vec<CheckRun>,
    /// The last word of each account that may write: so many approve, and so many ask for changes.
    pub approvals: u32,
    pub change_requests: u32,
    /// GitHub's own sum of the reviews, where the base asks for any: `APPROVED`, `REVIEW_REQUIRED`, `CHANGES_REQUESTED`.
    pub review_decision: String,
}

/// The branch that pull requests are meant for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Base {
    pub commit: String,
    pub runs: Vec<CheckRun>,
    /// What it is protected by; `None` where it isn't, or this account may not see it.
    pub rule: Option<Rule>,
}

/// What a protected branch asks of a pull request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    pub checks: Vec<String>,
    pub approvals: u32,
    /// It must contain the newest commit of the branch.
    pub is_strict: bool,
}

/// Whether GitHub can merge it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mergeable {
    Yes,
    Conflicting,
    /// GitHub hasn't found out yet.
    #[default]
    Unknown,
}

/// One check of a commit: a job of GitHub's CI, or what another service says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckRun {
    pub name: String,
    /// The workflow that its job is part of; empty for another service's.
    pub workflow: String,
    pub state: RunState,
    /// A pull request can't be merged without it.
    pub is_required: bool,
    /// Run and job of GitHub's CI.
    pub job: Option<(u64, u64)>,
    /// Where another service tells more.
    pub url: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RunState {
    Passed,
    Failed,
    #[default]
    Pending,
}

/// What the checks of a commit add up to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checks {
    /// There are none, or not yet: that is no success.
    Missing,
    /// Some that count aren't in, or haven't begun.
    Pending,
    Green,
    /// All that count are in, and these failed.
    Red(Vec<CheckRun>),
}

impl Ours {
    pub fn base_of(&self, head: &Head) -> Option<&Base> {
        self.bases.get(&head.base)
    }

    /// What the checks of one of ours add up to.
    pub fn checks_of(&self, head: &Head) -> Checks {
        self.base_of(head).map_or_else(|| checks(&head.runs, &[]), |base| head.checks(base))
    }
}

impl Head {
    /// What its checks add up to; its base says which count.
    pub fn checks(&self, base: &Base) -> Checks {
        checks(&self.runs, base.rule.as_ref().map_or(&[], |rule| &rule.checks))
    }
}

impl Base {
    /// What the checks of the branch itself add up to.
    pub fn checks(&self) -> Checks {
        checks(&self.runs, self.rule.as_ref().map_or(&[], |rule| &rule.checks))
    }

    /// Whether the same check fails on the branch itself.
    pub fn fails(&self, run: &CheckRun) -> bool {
        self.runs.iter().any(|own| own.state == RunState::Failed && own.is_as(run))
    }
}

impl CheckRun {
    /// Whether it is the same check, of whatever commit.
    pub fn is_as(&self, other: &Self) -> bool {
        self.name == other.name && self.workflow == other.workflow
    }

    /// As GitHub's pages call it.
    pub fn title(&self) -> String {
        if self.workflow.is_empty() { self.name.clone() } else { format!("{} / {}", self.workflow, self.name) }
    }
}

/// Where the branch requires some checks, only those count; else all that there are.
fn checks(runs: &[CheckRun], required: &[String]) -> Checks {
    let is_required = |run: &&CheckRun| run.is_required || required.contains(&run.name);
    let has_required = !required.is_empty() || runs.iter().any(|run| run.is_required);
    let counting: Vec<&CheckRun> = runs.iter().filter(|run| !has_required || is_required(run)).collect();
    let is_missing = required.iter().any(|name| counting.iter().all(|run| run.name != *name));
    let has = |state| counting.iter().any(|run| run.state == state);
    if counting.is_empty() {
        Checks::Missing
    } else if is_missing || has(RunState::Pending) {
        Checks::Pending
    } else if has(RunState::Failed) {
        Checks::Red(counting.into_iter().filter(|run| run.state == RunState::Failed).cloned().collect())
    } else {
        Checks::Green
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// `lint=passed test!=failed`: checks with their states, those with `!` are required.
    pub fn runs(words: &str) -> Vec<CheckRun> {
        let one = |word: &str| {
            let (name, state) = word.split_once('=').unwrap();
            let state = match state {
                "passed" => RunState::Passed,
                "failed" => RunState::Failed,
                _ => RunState::Pending,
            };
            let is_required = name.ends_with('!');
            CheckRun { name: name.trim_end_matches('!').to_owned(), state, is_required, ..CheckRun::default() }
        };
        words.split_whitespace().map(one).collect()
    }

    #[test]
    fn what_checks_add_up_to() {
        for (given, required, expected) in [
            ("", "", "missing"),
            ("lint=passed", "", "green"),
            ("lint=passed test=pending", "", "pending"),
            ("lint=failed test=pending", "", "pending"),
            ("lint=failed test=passed", "", "red lint"),
            ("lint=failed test!=passed", "", "green"),
            ("lint!=failed test=failed", "", "red lint"),
            ("lint=pending test!=failed", "", "red test"),
            ("lint=passed", "lint test", "pending"),
            ("lint=passed", "test", "missing"),
            ("lint=failed test=passed", "test", "green"),
        ] {
            let required: Vec<_> = required.split_whitespace().map(str::to_owned).collect();
            let words = match checks(&runs(given), &required) {
                Checks::Missing => "missing".to_owned(),
                Checks::Pending => "pending".to_owned(),
                Checks::Green => "green".to_owned(),
                Checks::Red(failed) => failed.iter().fold("red".to_owned(), |text, run| format!("{text} {}", run.name)),
            };
            assert_eq!(words, expected, "{given} of {required:?}");
        }
    }

    #[test]
    fn a_check_is_the_same_on_the_base() {
        let base = Base { runs: runs("lint=failed test=passed"), ..Base::default() };
        let [lint, test] = &runs("lint=failed test=failed")[..] else { panic!() };
        assert!(base.fails(lint) && !base.fails(test));
        assert!(!base.fails(&CheckRun { workflow: "Other".to_owned(), ..lint.clone() }));
    }
}
