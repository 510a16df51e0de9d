//! The files of a repository by which whoever changes them directs claude, before a model speaks or behind its back: settings
//! with hooks and permissions, MCP servers, skills, and notes that claude takes for instructions.

/// Where git finds them, at any depth.
pub const PATHSPECS: [&str; 5] = [
    ":(top,icase,glob)**/.claude",
    ":(top,icase,glob)**/.claude/**",
    ":(top,icase,glob)**/.mcp.json",
    ":(top,icase,glob)**/CLAUDE.md",
    ":(top,icase,glob)**/CLAUDE.local.md",
];

/// Those at the top, which may be links to others or hold some.
pub const AT_TOP: [&str; 4] = [".claude", ".mcp.json", "CLAUDE.md", "CLAUDE.local.md"];

/// Whether it only tells the model something, and runs and permits nothing.
pub fn is_note(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    ["CLAUDE.md", "CLAUDE.local.md"].iter().any(|note| name.eq_ignore_ascii_case(note))
}

/// The place that a link at `path` leads to, from the top of the repository on; `None` if it leads out of it.
pub fn target(path: &str, link: &str) -> Option<String> {
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    (!link.starts_with('/') && !parts.is_empty()).then(|| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes() {
        for (path, note) in [
            ("CLAUDE.md", true),
            ("docs/claude.MD", true),
            ("CLAUDE.local.md", true),
            (".claude/settings.json", false),
            (".claude/skills/CLAUDE.md/x", false),
            (".mcp.json", false),
        ] {
            assert_eq!(is_note(path), note, "{path}");
        }
    }

    #[test]
    fn targets_of_links() {
        for (path, link, expected) in [
            ("CLAUDE.md", "AGENTS.md", Some("AGENTS.md")),
            ("CLAUDE.md", "./docs//AGENTS.md", Some("docs/AGENTS.md")),
            (".claude/settings.json", "../conf/x.json", Some("conf/x.json")),
            (".claude", "conf/", Some("conf")),
            ("CLAUDE.md", "../outside.md", None),
            ("CLAUDE.md", "/etc/passwd", None),
            ("CLAUDE.md", ".", None),
        ] {
            assert_eq!(target(path, link).as_deref(), expected, "{path} -> {link}");
        }
    }
}
