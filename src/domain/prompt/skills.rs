//! The skills that an agent finds in its worktree: files for `.claude/commands/`, embedded in the binary.

use crate::domain::role::Role;

macro_rules! skill {
    ($name:literal) => {
        (concat!($name, ".md"), include_str!(concat!("../../../commands/agent/", $name, ".md")))
    };
}

const SEND_MESSAGE: (&str, &str) = skill!("send-message");

/// The skills of a role: file name and text of each.
pub fn skills(role: Role) -> &'static [(&'static str, &'static str)] {
    match role {
        Role::ProductManager => &[skill!("create-task"), SEND_MESSAGE],
        Role::Implementer => &[skill!("implement"), SEND_MESSAGE],
        Role::Tester => &[skill!("test"), SEND_MESSAGE],
        Role::Reviewer => &[skill!("review"), SEND_MESSAGE],
        Role::Proposer => &[skill!("create-proposal"), skill!("review-rejections"), SEND_MESSAGE],
        Role::Curator => &[
            skill!("promote-proposal"),
            skill!("reject-proposal"),
            skill!("defer-proposal"),
            skill!("escalate-conflict"),
            SEND_MESSAGE,
        ],
        Role::Gatekeeper => &[skill!("record-check"), SEND_MESSAGE],
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
