//! Packs the objects that lie loose in a repository: a confined run may write where they lie, and not where packs do.

use crate::domain::text::fnv1a;
use crate::exec::git::{Git, GitError};

/// A digest of where all refs stand but those that agents move. `git` is bound to the repository.
pub fn tips(git: &Git) -> Result<String, GitError> {
    let listed = git.try_run(["show-ref", "--head"])?.text();
    let of_user = listed.lines().filter(|line| !line.contains(" refs/heads/agent/"));
    let digest = of_user.fold(0, |digest: u64, line| digest.wrapping_add(fnv1a(line.bytes())));
    Ok(format!("{digest:016x}"))
}

/// Packs them; those that have been packed before are removed.
pub fn pack(git: &Git) -> Result<(), GitError> {
    git.run(["maintenance", "run", "--quiet", "--task=loose-objects"]).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::test_project::TestProject;

    #[test]
    fn what_the_user_s_refs_need_is_packed_once() {
        let scratch = TestProject::plain();
        let git = scratch.refs();
        let count = |what: &str| {
            let counted = git.text(["count-objects", "-v"]).unwrap();
            counted.lines().find_map(|line| line.strip_prefix(what)?.trim().parse::<u32>().ok()).unwrap()
        };
        let before = tips(&git).unwrap();
        pack(&git).unwrap();
        assert_eq!((count("in-pack:"), tips(&git).unwrap()), (3, before.clone()));
        scratch.run(&["update-ref", "refs/heads/agent/x", "HEAD"]);
        assert_eq!(tips(&git).unwrap(), before, "branches of agents are no reason");
        scratch.write("g", "two\n");
        scratch.commit_all("second");
        assert_ne!(tips(&git).unwrap(), before);
        pack(&git).unwrap();
        assert_eq!(count("in-pack:"), 6);
    }
}
