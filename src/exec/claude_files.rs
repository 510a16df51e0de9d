//! Asks git which of the files that direct claude differ between two commits.

use super::git::{Git, GitError};
use crate::domain::claude_files::{AT_TOP, PATHSPECS, target};

/// Those in which `to` differs from `from`, deleted ones too; a link also if what it leads to differs.
pub fn changed(git: &Git, from: &str, to: &str) -> Result<Vec<String>, GitError> {
    if from == to {
        return Ok(Vec::new());
    }
    let mut changed = names(git, from, to, &PATHSPECS)?;
    let listed = git.run(["ls-tree", "-r", "-z", "--full-tree", to, "--"].iter().chain(&AT_TOP))?.entries();
    for (link, blob) in listed.iter().filter_map(|entry| link(entry)) {
        let Some(place) = target(link, &git.text(["cat-file", "blob", blob])?) else { continue };
        if !changed.iter().any(|known| known == link)
            && !names(git, from, to, &[&format!(":(top,literal){place}")])?.is_empty()
        {
            changed.push(link.to_owned());
        }
    }
    Ok(changed)
}

fn names(git: &Git, from: &str, to: &str, pathspecs: &[&str]) -> Result<Vec<String>, GitError> {
    let diff = ["diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", from, to, "--"];
    Ok(git.run(diff.iter().chain(pathspecs))?.entries())
}

/// Path and blob of a link: "120000 blob OBJECT", a tab, the path.
fn link(entry: &str) -> Option<(&str, &str)> {
    let (blob, path) = entry.strip_prefix("120000 blob ")?.split_once('\t')?;
    Some((path, blob))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::test_project::TestProject;

    #[test]
    fn what_directs_claude_is_found_wherever_it_lies() {
        let project = TestProject::plain();
        let link = |to: &str, at: &str| std::os::unix::fs::symlink(to, project.project().join(at)).unwrap();
        project.write("AGENTS.md", "one");
        project.write("conf/settings.json", "{}");
        project.write(".claude/agents/x.md", "one");
        link("AGENTS.md", "CLAUDE.md");
        link("../conf/settings.json", ".claude/settings.json");
        let base = project.commit_all("base");
        let git = project.refs();
        let brings = |files: &[&str]| {
            project.run(&["checkout", "-q", "--detach", &base]);
            for file in files {
                project.write(file, "two");
            }
            changed(&git, &base, &project.commit_all("head")).unwrap()
        };
        for (files, expected) in [
            (&["f", "docs/x.md", "claude/settings.json", "CLAUDE.md.txt"][..], &[][..]),
            (&[".claude/agents/x.md"], &[".claude/agents/x.md"]),
            (
                &["sub/.Claude/skills/s/SKILL.md", "sub/claude.md", "sub/.mcp.json"],
                &["sub/.Claude/skills/s/SKILL.md", "sub/.mcp.json", "sub/claude.md"],
            ),
            (&["AGENTS.md"], &["CLAUDE.md"]),
            (&["conf/settings.json", "f"], &[".claude/settings.json"]),
        ] {
            assert_eq!(brings(files), expected, "{files:?}");
        }
        project.run(&["checkout", "-q", "--detach", &base]);
        project.run(&["rm", "-q", "-r", ".claude"]);
        link("conf", ".claude");
        let replaced = changed(&git, &base, &project.commit_all("a link for a folder")).unwrap();
        assert_eq!(replaced, [".claude", ".claude/agents/x.md", ".claude/settings.json"]);
    }
}
