//! Agents in repositories as they really are: with the user at work in them, half-made things, odd remotes, filters and layouts.

mod costs;
mod failing_git;
mod full_disk;
mod stale_locks;
mod user_settings;

use crate::support::Test;

/// Clones `origin` elsewhere, commits a file there and pushes it to a branch.
fn push_elsewhere(test: &Test, branch: &str, file: &str) -> String {
    let clone = test.root().join(format!("mate-{file}"));
    let place = clone.to_str().unwrap();
    test.git(["clone", "-q", test.origin().to_str().unwrap(), place]);
    test.git_in(&clone, ["checkout", "-q", "-B", branch]);
    std::fs::write(clone.join(file), "theirs\n").unwrap();
    test.git_in(&clone, ["add", "."]);
    let me = ["-c", "user.name=Mate", "-c", "user.email=mate@example.invalid"];
    test.git_in(&clone, me.into_iter().chain(["commit", "-q", "-m", "Elsewhere"]));
    test.git_in(&clone, ["push", "-q", "origin", branch]);
    test.git_in(&clone, ["rev-parse", "HEAD"])
}
