//! The skills that an agent finds in its worktree: files for `.claude/commands/`, embedded in the binary.

use crate::domain::role::Role;

const CREATE_TASK: (&str, &str) = ("create-task.md", include_str!("../../../commands/agent/create-task.md"));
const IMPLEMENT: (&str, &str) = ("implement.md", include_str!("../../../commands/agent/implement.md"));
const TEST: (&str, &str) = ("test.md", include_str!("../../../commands/agent/test.md"));
const REVIEW: (&str, &str) = ("review.md", include_str!("../../../commands/agent/review.md"));
const RECORD_CHECK: (&str, &str) = ("record-check.md", include_str!("../../../commands/agent/record-check.md"));
const CREATE_PROPOSAL: (&str, &str) =
    ("create-proposal.md", include_str!("../../../commands/agent/create-proposal.md"));
const REVIEW_REJECTIONS: (&str, &str) =
    ("review-rejections.md", include_str!("../../../commands/agent/review-rejections.md"));
const PROMOTE_PROPOSAL: (&str, &str) =
    ("promote-proposal.md", include_str!("../../../commands/agent/promote-proposal.md"));
const REJECT_PROPOSAL: (&str, &str) =
    ("reject-proposal.md", include_str!("../../../commands/agent/reject-proposal.md"));
const DEFER_PROPOSAL: (&str, &str) = ("defer-proposal.md", include_str!("../../../commands/agent/defer-proposal.md"));
const ESCALATE_CONFLICT: (&str, &str) =
    ("escalate-conflict.md", include_str!("../../../commands/agent/escalate-conflict.md"));
const SEND_MESSAGE: (&str, &str) = ("send-message.md", include_str!("../../../commands/agent/send-message.md"));

/// The skills of a role: file name and text of each.
pub fn skills(role: Role) -> &'static [(&'static str, &'static str)] {
    match role {
        Role::ProductManager => &[CREATE_TASK, SEND_MESSAGE],
        Role::Implementer => &[IMPLEMENT, SEND_MESSAGE],
        Role::Tester => &[TEST, SEND_MESSAGE],
        Role::Reviewer => &[REVIEW, SEND_MESSAGE],
        Role::Proposer => &[CREATE_PROPOSAL, REVIEW_REJECTIONS, SEND_MESSAGE],
        Role::Curator => &[PROMOTE_PROPOSAL, REJECT_PROPOSAL, DEFER_PROPOSAL, ESCALATE_CONFLICT, SEND_MESSAGE],
        Role::Gatekeeper => &[RECORD_CHECK, SEND_MESSAGE],
        Role::GatekeeperCoordinator => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::role::MayChange;

    fn tools(text: &str) -> impl Iterator<Item = &str> {
        text.lines().find_map(|line| line.strip_prefix("allowed-tools: ")).unwrap().split(", ")
    }

    /// The commands of this program that a skill allows itself.
    fn allowed(text: &str) -> Vec<&str> {
        tools(text).filter_map(|tool| tool.strip_prefix("Bash(scheduler ")?.strip_suffix(":*)")).collect()
    }

    #[test]
    fn lend_no_program_to_who_may_change_nothing() {
        for role in Role::ALL.into_iter().filter(|role| role.spec().may_change == MayChange::Nothing) {
            for (name, text) in skills(role) {
                // `git log --output=FILE` writes wherever it likes.
                let foreign =
                    tools(text).find(|tool| tool.starts_with("Bash(") && !tool.starts_with("Bash(scheduler "));
                assert_eq!(foreign, None, "{role}: {name}");
            }
        }
    }

    #[test]
    fn allow_only_what_the_role_may_call() {
        for role in Role::ALL {
            for (name, text) in skills(role) {
                assert!(text.starts_with("---\ndescription: "), "{name}");
                let commands = allowed(text);
                assert!(!commands.is_empty(), "{name}");
                for command in commands {
                    // Skills lend their tools to the run: bare writing would reach beyond the worktree.
                    assert!(!tools(text).any(|tool| ["Write", "Edit", "Bash"].contains(&tool)), "{name}");
                    assert!(role.may_call(command), "{role}: {name} allows {command}");
                    let calls = text.matches(&format!("scheduler {command}")).count();
                    assert!(calls > 1, "{name} never says how to call {command}");
                }
            }
        }
    }
}
