//! The labels that show a verdict, and what is to be changed of those that a pull request has.

use super::meta::Status;
use crate::domain::pull_request::Label;

/// The label of a pull request that passed.
pub const PASSED: &str = "gatekeeper:passed";
/// The label of one that is blocked.
pub const BLOCKED: &str = "gatekeeper:blocked";

/// What is to be done to the labels of a pull request. Labels that aren't ours are never touched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelChanges {
    /// To be taken away.
    pub remove: Vec<&'static str>,
    /// To be given.
    pub add: Option<&'static str>,
}

/// What is to be changed of the labels that a pull request has, so that they show how it stands.
pub fn label_changes(status: Status, labels: &[Label]) -> LabelChanges {
    let wanted = match status {
        Status::Approved => Some(PASSED),
        Status::Blocked => Some(BLOCKED),
        Status::Pending | Status::Running | Status::Closed => None,
    };
    let has = |name: &&str| labels.iter().any(|label| label.is(name));
    LabelChanges {
        remove: [PASSED, BLOCKED].into_iter().filter(|label| Some(*label) != wanted && has(label)).collect(),
        add: wanted.filter(|label| !has(label)),
    }
}
