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

/// What the Python system adds, with its headings. Ours hide the same, and more.
const OF_PYTHON: [&str; 9] = [
    "# Orchestrator",
    "# Orchestrator runtime files",
    ".orchestrator/agents/",
    ".orchestrator/messages/",
    ".orchestrator/shared/queue/claimed/",
    ".orchestrator/shared/queue/failed/",
    ".orchestrator/shared/proposals/",
    ".orchestrator/scheduler.lock",
    ".agent-instructions.md",
];

/// What becomes of a `.gitignore`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ignored {
    pub(super) text: Vec<u8>,
    /// How many lines are ours and weren't there.
    pub(super) added: usize,
    /// How many were the Python system's and go.
    pub(super) replaced: usize,
}

/// The text with our lines, and without the Python system's.
pub(super) fn plan(text: &[u8]) -> Ignored {
    let (kept, replaced) = without_python(text);
    let lines = missing(&kept);
    let text = if lines.is_empty() { kept } else { with_lines(&kept, &lines) };
    Ignored { text, added: lines.len(), replaced }
}

/// The text without the Python system's lines, and how many they were. A line of its that stands alone is the user's.
fn without_python(text: &[u8]) -> (Vec<u8>, usize) {
    let is_its = |line: &&[u8]| OF_PYTHON.iter().any(|its| line.trim_ascii() == its.as_bytes());
    let lines = || text.split_inclusive(|byte| *byte == b'\n');
    let replaced = lines().filter(is_its).count();
    let has_lock = lines().any(|line| line.trim_ascii() == b".orchestrator/scheduler.lock");
    if replaced < 4 || !has_lock {
        return (text.to_vec(), 0);
    }
    let kept = lines().filter(|line| !is_its(line)).collect::<Vec<_>>().concat();
    let kept = kept.trim_ascii_end();
    (if kept.is_empty() { Vec::new() } else { [kept, newline(text)].concat() }, replaced)
}

fn newline(text: &[u8]) -> &'static [u8] {
    if text.windows(2).any(|pair| pair == b"\r\n") { b"\r\n" } else { b"\n" }
}

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
    let end = newline(text);
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
    fn the_python_systems_block_is_replaced() {
        let block = format!("\n{}\n", OF_PYTHON.join("\n"));
        for (before, after, rest) in
            [("", "", ""), ("/target\n", "", "/target\n"), ("/target\n", "/more\n", "/target\n\n/more\n")]
        {
            for end in ["\n", "\r\n"] {
                let text = |text: &str| text.replace('\n', end).into_bytes();
                let ours = plan(&text(&format!("{before}{block}{after}")));
                assert_eq!((ours.added, ours.replaced), (LINES.len(), OF_PYTHON.len()));
                assert_eq!(ours.text, with_lines(&text(rest), &LINES));
                assert_eq!(plan(&ours.text), Ignored { text: ours.text.clone(), added: 0, replaced: 0 });
            }
        }
        // A line or two of them may be anybody's.
        assert_eq!(plan(b".agent-instructions.md\n.orchestrator/agents/\n# Orchestrator\n").replaced, 0);
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
