//! The management skills: commands for the user in Claude Code, embedded in the binary.

/// File name in `.claude/commands/` and text of each.
pub const SKILLS: &[(&str, &str)] = &[
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
