//! What git is to ignore: all runtime state, and nothing that is to be committed.

use crate::exec::git::Git;
use std::path::Path;

/// Hides everything; what follows brings back what is committed, so it must stand first.
const EVERYTHING: &str = "/.orchestrator/*";

/// The lines, in the order in which they must stand.
const LINES: [&str; 7] = [
    EVERYTHING,
    "!/.orchestrator/agents.yaml",
    "!/.orchestrator/agents.schema.json",
    "!/.orchestrator/global-instructions.md",
    "!/.orchestrator/commands/",
    "!/.orchestrator/prompts/",
    "/.agent-instructions.md",
];

const HEADING: &str = "# scheduler: what its agents leave at run time";

/// The lines that are missing in a `.gitignore`.
///
/// Where the line that hides everything is missing, all are: behind the exceptions it would undo them.
pub(super) fn missing(text: &[u8]) -> Vec<&'static str> {
    let has = |wanted: &str| {
        let plain = |line: &str| line.trim_start_matches('!').trim_start_matches('/').to_owned();
        let negated = wanted.starts_with('!');
        String::from_utf8_lossy(text)
            .lines()
            .map(|line| line.trim_start_matches('\u{feff}').trim_end())
            .any(|line| line.starts_with('!') == negated && plain(line) == plain(wanted))
    };
    let all = !has(EVERYTHING);
    LINES.into_iter().filter(|line| (all && *line != LINES[6]) || !has(line)).collect()
}

/// The text with these lines at its end, in its own kind of line ends.
pub(super) fn with_lines(text: &[u8], lines: &[&str]) -> Vec<u8> {
    let end: &[u8] = if text.windows(2).any(|pair| pair == b"\r\n") { b"\r\n" } else { b"\n" };
    let mut new = text.to_vec();
    if !text.is_empty() {
        if !text.ends_with(b"\n") {
            new.extend_from_slice(end);
        }
        new.extend_from_slice(end);
    }
    for line in [HEADING].iter().chain(lines) {
        new.extend_from_slice(line.as_bytes());
        new.extend_from_slice(end);
    }
    new
}

/// Whether some rule keeps agents.yaml from being committed. A repository that can't be asked counts as no.
pub fn hides_configuration(root: &Path) -> bool {
    Git::at(root).ok(["check-ignore", "-q", "--", ".orchestrator/agents.yaml"]).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::process::Command;

    #[test]
    fn keeps_what_is_there_and_its_line_ends() {
        for (text, begins, end) in [
            ("", "# scheduler", "\n"),
            ("/target\n", "/target\n\n# scheduler", "\n"),
            ("/target", "/target\n\n# scheduler", "\n"),
            ("a\r\nb\r\n", "a\r\nb\r\n\r\n# scheduler", "\r\n"),
            ("a\r\nb", "a\r\nb\r\n\r\n# scheduler", "\r\n"),
        ] {
            let lines = missing(text.as_bytes());
            assert_eq!(lines, LINES);
            let new = with_lines(text.as_bytes(), &lines);
            let new_text = String::from_utf8(new.clone()).unwrap();
            assert!(new_text.starts_with(begins) && new_text.ends_with(end), "{new_text:?}");
            assert!(end == "\n" || !new_text.replace("\r\n", "").contains('\n'), "{new_text:?}");
            assert!(missing(&new).is_empty(), "{new_text:?}");
        }
        assert!(with_lines(b"caf\xe9\n", &LINES).starts_with(b"caf\xe9\n\n"));
    }

    #[test]
    fn adds_only_what_is_missing() {
        let own = ".orchestrator/*\n!.orchestrator/agents.yaml\n.agent-instructions.md\n";
        assert_eq!(missing(own.as_bytes()), LINES[2..6]);
        // The line that hides everything would come too late.
        let exceptions = "!/.orchestrator/agents.yaml\n.agent-instructions.md\n";
        assert_eq!(missing(exceptions.as_bytes()), LINES[..6]);
        assert_eq!(missing(b"# /.orchestrator/*\n"), LINES);
    }

    #[test]
    fn git_agrees() {
        let dir = tempfile::tempdir().unwrap();
        let git = |args: &[&str]| Command::new("git").args(args).current_dir(dir.path()).output().unwrap();
        assert!(git(&["init", "-q"]).status.success());
        fs::write(dir.path().join(".gitignore"), with_lines(b"", &LINES)).unwrap();
        let shared = [
            "agents.yaml",
            "agents.schema.json",
            "global-instructions.md",
            "commands/review.md",
            "prompts/deep/lint.md",
        ];
        let runtime = ["paused", "agents/a/env.sh", "shared/queue/incoming/T.md", "cache/x", "logs/x", "store.lock"];
        for (paths, ignored) in [(&shared[..], false), (&runtime[..], true)] {
            for path in paths {
                let path = format!(".orchestrator/{path}");
                assert_eq!(git(&["check-ignore", "-q", &path]).status.success(), ignored, "{path}");
            }
        }
        assert!(git(&["check-ignore", "-q", ".agent-instructions.md"]).status.success());
        assert!(!hides_configuration(dir.path()));
        fs::write(dir.path().join(".gitignore"), with_lines(b".orchestrator/\n", &LINES)).unwrap();
        assert!(hides_configuration(dir.path()));
    }
}
