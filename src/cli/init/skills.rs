//! The management skills: commands for people in Claude Code, embedded in the binary.

/// File name in `.claude/commands/` and text of each.
pub(super) const SKILLS: &[(&str, &str)] = &[
    ("enqueue.md", include_str!("../../../commands/management/enqueue.md")),
    ("proposal-status.md", include_str!("../../../commands/management/proposal-status.md")),
    ("why.md", include_str!("../../../commands/management/why.md")),
    ("queue-status.md", include_str!("../../../commands/management/queue-status.md")),
    ("agent-status.md", include_str!("../../../commands/management/agent-status.md")),
    ("add-agent.md", include_str!("../../../commands/management/add-agent.md")),
    ("pause-agent.md", include_str!("../../../commands/management/pause-agent.md")),
    ("messages.md", include_str!("../../../commands/management/messages.md")),
    ("pr-status.md", include_str!("../../../commands/management/pr-status.md")),
    ("retry-failed.md", include_str!("../../../commands/management/retry-failed.md")),
    ("tune-backpressure.md", include_str!("../../../commands/management/tune-backpressure.md")),
    ("tune-intervals.md", include_str!("../../../commands/management/tune-intervals.md")),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::tests::named;

    /// The value of a line of the front matter.
    fn front<'a>(text: &'a str, key: &str) -> Option<&'a str> {
        let (front, _) = text.strip_prefix("---\n")?.split_once("\n---\n")?;
        front.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": "))
    }

    #[test]
    fn allow_the_commands_that_they_call_and_no_other() {
        for (name, text) in SKILLS {
            let command = format!("`/{}`", name.strip_suffix(".md").unwrap());
            assert!(include_str!("../../../README.md").contains(&command), "{command} is not in the README");
            let (_, body) = text.split_once("\n---\n").unwrap();
            assert!(front(text, "description").is_some_and(|words| words.len() < 100), "{name}");
            for tool in front(text, "allowed-tools").unwrap().split(", ") {
                let Some(command) = tool.strip_prefix("Bash(scheduler ").and_then(|rest| rest.strip_suffix(":*)"))
                else {
                    // Looking is all that is lent beside the program's own commands.
                    assert!(["Read", "Glob", "Grep"].contains(&tool), "{name}: {tool}");
                    continue;
                };
                assert_eq!(named(command), [command], "{name} allows what is no command");
                assert!(
                    body.contains(&format!("`scheduler {command}")) || body.contains(&format!("\nscheduler {command}")),
                    "{name} never calls {command}"
                );
            }
            let code = body.split('`').skip(1).step_by(2).filter(|code| code.starts_with("scheduler "));
            for words in code.flat_map(|code| named(code.lines().next().unwrap())) {
                assert!(!words.is_empty(), "{name} names a command that isn't there: {words}");
            }
        }
    }

    #[test]
    fn every_file_is_installed() {
        let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("commands/management");
        let mut files: Vec<_> =
            std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        let mut installed: Vec<_> = SKILLS.iter().map(|(name, _)| (*name).to_owned()).collect();
        files.sort();
        installed.sort();
        assert_eq!(files, installed);
    }
}
