//! Where the project keeps its instructions for Claude Code, and which of our lines they lack.

use crate::sys::{dir, read};
use std::path::{Path, PathBuf};

/// The lines, each with the word by which it is recognised however it was put.
const LINES: [(&str, &str); 2] = [
    (".agent-instructions.md", "If .agent-instructions.md exists in this directory, read and obey it."),
    (".orchestrator/messages", "Tell the user what the agents warn of or ask in .orchestrator/messages/."),
];

/// The file that the lines belong into.
#[derive(Debug, PartialEq, Eq)]
pub struct ClaudeMd {
    /// Where it is, or belongs.
    pub path: PathBuf,
    /// Whether it is there.
    pub exists: bool,
    /// A file whose name differs in case only, which is not read.
    pub unread: Option<String>,
    /// The lines that it lacks.
    pub missing: Vec<&'static str>,
}

/// Looks for the file in the top folder of a project.
pub fn look(root: &Path) -> ClaudeMd {
    let proper = root.join("CLAUDE.md");
    let other = names(root).into_iter().find(|name| name != "CLAUDE.md" && name.eq_ignore_ascii_case("CLAUDE.md"));
    // Where case doesn't distinguish names, CLAUDE.md opens claude.md too.
    let path = [proper.clone(), root.join(".claude/CLAUDE.md")].into_iter().find(|path| path.is_file());
    let exists = path.is_some();
    let path = path.unwrap_or(proper);
    let text = read::read_linked_text(&path).ok().flatten().unwrap_or_default();
    ClaudeMd {
        path,
        exists,
        unread: other.filter(|_| !exists),
        missing: LINES.iter().filter(|(word, _)| !text.contains(word)).map(|(_, line)| *line).collect(),
    }
}

fn names(root: &Path) -> Vec<String> {
    dir::names(root).into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn finds_what_claude_reads() {
        let all = LINES.map(|(_, line)| line).to_vec();
        for (file, text, exists, unread, missing) in [
            ("README.md", "", false, None, all.clone()),
            ("CLAUDE.md", "# Hi", true, None, all.clone()),
            ("CLAUDE.md", "Follow .agent-instructions.md!", true, None, all[1..].to_vec()),
            (".claude/CLAUDE.md", ".agent-instructions.md .orchestrator/messages/", true, None, vec![]),
            #[cfg(target_os = "linux")]
            ("claude.md", ".agent-instructions.md", false, Some("claude.md".to_owned()), all.clone()),
        ] {
            let dir = tempfile::tempdir().unwrap();
            fs::create_dir(dir.path().join(".claude")).unwrap();
            fs::write(dir.path().join(file), text).unwrap();
            let path = dir.path().join(if exists { file } else { "CLAUDE.md" });
            assert_eq!(look(dir.path()), ClaudeMd { path, exists, unread, missing }, "{file}");
        }
    }
}
