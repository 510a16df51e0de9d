//! The management skills: commands for the user in Claude Code, embedded in the binary.

use crate::domain::installed::{self, Installed};
use crate::domain::text::fnv1a;

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

/// The hashes of the skills that the versions of the Python system installed, without blanks at the ends.
const OF_PYTHON: &[u64] = &[
    0x6c01_a9e0_e718_eace,
    0x9a1e_487f_f447_79a0,
    0x4dc1_b795_2069_540b,
    0xbc39_ac91_7eec_497a,
    0x2203_1e9d_f4c2_3481,
    0xa264_9214_8231_ebbc,
    0x19b3_e96f_aad1_0c53,
    0xe0d4_4d08_a44c_aac8,
    0x20c5_550c_78e6_c4bb,
    0xf9cc_0afa_3f81_77a3,
    0xb015_9bb8_ffa7_35e6,
    #[cfg(test)]
    tests::HASH,
];

/// What a file in the place of a skill is, where `text` is to be installed.
pub(super) fn compare(found: &str, text: &str) -> Installed {
    let plain = found.replace("\r\n", "\n");
    if OF_PYTHON.contains(&fnv1a(plain.trim().bytes())) { Installed::Other } else { installed::compare(found, text) }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A text that passes for a skill of the Python system, and its hash.
    pub(in super::super) const TEXT: &str = "# /enqueue\n\nA text.\n";
    pub(super) const HASH: u64 = 0x93fc_f324_aa54_a075;

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
