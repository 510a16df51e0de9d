//! Filters of git whose program isn't where it is looked for: files that go through them can't be checked out or committed.
//!
//! It only looks, and runs none of them.

use crate::domain::shell;
use crate::exec::git::{Git, GitError};
use crate::exec::programs::folder_of;
use crate::sys::read::read_linked_text;

/// The filters that the attributes of the checkout of `git` name and whose program is not on `search_path`, each with it.
pub fn missing(git: &Git, search_path: &str) -> Result<Vec<(String, String)>, GitError> {
    let listed = git.try_run(["config", "-z", "--get-regexp", r"^filter\..*\.(clean|smudge|process)$"])?;
    let mut found: Vec<(String, String)> = Vec::new();
    for (key, command) in listed.settings() {
        let name = key.strip_prefix("filter.").and_then(|key| key.rsplit_once('.')).map(|(name, _)| name);
        let (Some(name), Some(program)) = (name, shell::program(&command)) else { continue };
        let is_new = !found.iter().any(|(known, _)| known == name);
        if is_new && folder_of(program, search_path).is_none() && is_used(git, name)? {
            found.push((name.to_owned(), program.to_owned()));
        }
    }
    Ok(found)
}

fn is_used(git: &Git, filter: &str) -> Result<bool, GitError> {
    let attribute = format!("filter={filter}");
    let lines = git.try_run(["grep", "-h", "-F", "-e", &attribute, "--", ":(glob)**/.gitattributes"])?.text();
    let path = git.run(["rev-parse", "--path-format=absolute", "--git-path", "info/attributes"])?.path();
    let own = read_linked_text(&path).ok().flatten().unwrap_or_default();
    Ok(lines.split_whitespace().chain(own.split_whitespace()).any(|word| word == attribute))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::test_project::TestProject;

    #[test]
    fn those_in_use_whose_program_is_not_there() {
        let scratch = TestProject::plain();
        for (key, command) in [
            ("filter.mine.clean", "no-such-program %f"),
            ("filter.mine.smudge", "no-such-program -d %f"),
            ("filter.unused.clean", "no-such-program"),
            ("filter.there.clean", "cat"),
            ("filter.own.clean", "./tools/clean"),
            ("filter.private.process", "'/opt/no such/program' --fast"),
            ("filter.whole.clean", "\"/bin/cat\""),
        ] {
            scratch.run(&["config", key, command]);
        }
        scratch.write(
            "sub/.gitattributes",
            "*.a filter=mine\n*.b filter=there\n*.c filter=own\n*.d filter=unused2\n*.e filter=whole\n",
        );
        std::fs::write(scratch.project().join(".git/info/attributes"), "*.f filter=private\n").unwrap();
        scratch.commit_all("attributes");
        let found = missing(&scratch.git(), "/usr/bin:/bin").unwrap();
        let expected = [("mine", "no-such-program"), ("private", "/opt/no such/program")];
        assert_eq!(found, expected.map(|(name, program)| (name.to_owned(), program.to_owned())));
    }
}
