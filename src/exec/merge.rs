//! Merges one commit into another without any working tree. It moves no ref: what it makes is a commit.

use crate::exec::git::{Git, GitError};

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merge {
    /// This commit has both as its parents.
    Done(String),
    /// These files would have to be merged by hand; none is named where git can't tell (before 2.38).
    Conflict(Vec<String>),
}

/// Merges the commit `theirs` into the commit `ours`.
pub fn merge(git: &Git, ours: &str, theirs: &str, message: &str) -> Result<Merge, GitError> {
    let merged = git.try_run(["merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", ours, theirs])?;
    let mut entries = merged.entries().into_iter();
    match (merged.status.code(), entries.next()) {
        (Some(0), Some(tree)) => {
            let git = git.clone().with_identity()?;
            let commit = git.text(["commit-tree", &tree, "-p", ours, "-p", theirs, "-m", message])?;
            Ok(Merge::Done(commit))
        }
        (Some(1), Some(_)) => Ok(Merge::Conflict(entries.collect())),
        _ => Ok(Merge::Conflict(Vec::new())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::test_project::TestProject;

    #[test]
    fn what_git_can_merge_becomes_a_commit_and_the_rest_is_named() {
        let scratch = TestProject::plain();
        let base = scratch.run(&["rev-parse", "HEAD"]);
        let change = |file: &str, text: &str| {
            scratch.run(&["checkout", "-q", "--detach", &base]);
            scratch.write(file, text);
            scratch.commit_all("change")
        };
        let (ours, apart, against) = (change("f", "two\n"), change("g", "two\n"), change("f", "three\n"));
        let git = scratch.refs();
        let Merge::Done(commit) = merge(&git, &ours, &apart, "Merge").unwrap() else { panic!() };
        assert_eq!(git.text(["show", "-s", "--format=%P %s", &commit]).unwrap(), format!("{ours} {apart} Merge"));
        for file in ["f", "g"] {
            assert_eq!(git.text(["show", &format!("{commit}:{file}")]).unwrap(), "two");
        }
        assert_eq!(merge(&git, &ours, &against, "Merge").unwrap(), Merge::Conflict(vec!["f".to_owned()]));
    }
}
