//! Packs the objects that lie loose in a repository: a confined run may write where they lie, and not where packs do.

use crate::domain::text::fnv1a;
use crate::exec::git::{Git, GitError};
use std::collections::BTreeMap;

/// A digest of where HEAD and all `refs` stand but those that agents move. `git` is bound to the repository.
pub fn tips(git: &Git, refs: &BTreeMap<String, String>) -> Result<String, GitError> {
    let of_user = refs.iter().filter(|(name, _)| !name.starts_with("refs/heads/agent/"));
    let lines = of_user.map(|(name, object)| format!("{object} {name}")).chain(git.commit("HEAD")?);
    let digest = lines.fold(0, |digest: u64, line| digest.wrapping_add(fnv1a(line.bytes())));
    Ok(format!("{digest:016x}"))
}

/// Packs them; those that have been packed before are removed.
pub fn pack(git: &Git) -> Result<(), GitError> {
    git.run(["maintenance", "run", "--quiet", "--task=loose-objects"]).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::moved_refs;
    use crate::exec::test_project::TestProject;

    #[test]
    fn what_the_user_s_refs_need_is_packed_once() {
        let scratch = TestProject::plain();
        let git = scratch.refs();
        let count = |what: &str| {
            let counted = git.text(["count-objects", "-v"]).unwrap();
            counted.lines().find_map(|line| line.strip_prefix(what)?.trim().parse::<u32>().ok()).unwrap()
        };
        let tips = || tips(&git, &moved_refs::all(&git).unwrap()).unwrap();
        let before = tips();
        pack(&git).unwrap();
        assert_eq!((count("in-pack:"), tips()), (3, before.clone()));
        scratch.run(&["update-ref", "refs/heads/agent/x", "HEAD"]);
        assert_eq!(tips(), before, "branches of agents are no reason");
        scratch.write("g", "two\n");
        scratch.commit_all("second");
        let on_branch = tips();
        assert_ne!(on_branch, before);
        scratch.run(&["checkout", "-q", "--detach", "HEAD~"]);
        assert_ne!(tips(), on_branch, "what HEAD alone holds");
        scratch.run(&["checkout", "-q", "main"]);
        pack(&git).unwrap();
        assert_eq!(count("in-pack:"), 6);
    }
}
