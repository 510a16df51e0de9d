//! Agents in repositories as they really are: with the user at work in them, half-made things, odd remotes, filters and layouts.

mod base_branch;
mod branch_agent;
mod clock;
mod costs;
mod edits;
mod failing_git;
mod fetching;
mod filters;
mod full_disk;
mod half_made;
mod idle;
mod layouts;
mod other_disk;
mod refused_paths;
mod remotes;
mod set_up;
mod sparse;
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

/// Whether a branch of an agent or a salvage ref has this text in that file.
fn saved(test: &Test, file: &str, text: &str) -> bool {
    let refs = test.git(["for-each-ref", "--format=%(refname)", "refs/heads/agent", "refs/salvage"]);
    let mut greps = refs.lines().map(|name| {
        let mut grep = test.program_command("git");
        grep.args(["grep", "-q", "-F", text, name, "--", file]).status().unwrap().success()
    });
    greps.any(|found| found)
}
