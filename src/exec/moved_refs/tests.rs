use super::*;
use crate::exec::test_project::{TestProject, write};

struct Scene {
    project: TestProject,
    worktree: Worktree,
}

impl Scene {
    fn new() -> Self {
        let project = TestProject::with_origin();
        project.run(&["tag", "v1"]);
        project.run(&["branch", "feature"]);
        let worktree = project.ready("a");
        Self { project, worktree }
    }

    /// A commit that the run makes.
    fn work(&self, text: &str) -> String {
        write(&self.worktree.path().join("work"), text);
        self.project.commit_all_at(self.worktree.path(), text)
    }

    /// The names of the refs that are told once `act` was done.
    fn told(&self, act: impl FnOnce(&Self)) -> Vec<String> {
        let before = all(&self.worktree.repository()).unwrap();
        act(self);
        let agents = [self.worktree.path().canonicalize().unwrap()];
        let moved = by_run(&self.worktree, &before, &agents).unwrap();
        for moved in &moved {
            assert_eq!(before.get(&moved.name), moved.old.as_ref());
        }
        moved.into_iter().map(|moved| moved.name).collect()
    }
}

#[test]
fn what_points_at_the_run_s_own_commits_is_told() {
    for (args, names) in [
        (&["update-ref", "refs/heads/main", "HEAD"][..], &["refs/heads/main"][..]),
        (&["tag", "-f", "v1"], &["refs/tags/v1"]),
        (&["-c", "user.name=a", "-c", "user.email=a@b", "tag", "-f", "-a", "-m", "x", "v1"], &["refs/tags/v1"]),
        (&["push", "-q", "origin", "HEAD:main"], &["refs/remotes/origin/main"]),
        (&["push", "-q", "origin", "HEAD:new"], &["refs/remotes/origin/new"]),
        (&["branch", "-f", "feature"], &["refs/heads/feature"]),
    ] {
        let scene = Scene::new();
        let told = scene.told(|scene| {
            scene.work("one");
            scene.project.run_at(scene.worktree.path(), args);
            scene.work("two");
        });
        assert_eq!(told, names, "{args:?}");
    }
}

#[test]
fn a_commit_that_no_head_ever_stood_on_is_told() {
    let scene = Scene::new();
    let told = scene.told(|scene| {
        let git = scene.worktree.git().with_identity().unwrap();
        let commit = git.text(["commit-tree", "-p", "HEAD", "-m", "planted", "HEAD^{tree}"]).unwrap();
        scene.project.run(&["update-ref", "refs/heads/feature", &commit]);
    });
    assert_eq!(told, ["refs/heads/feature"]);
}

#[test]
fn what_the_user_and_fetches_do_is_not() {
    let scene = Scene::new();
    let told = scene.told(|scene| {
        scene.work("one");
        let project = &scene.project;
        // The user's own commits, also in a worktree of theirs, and elsewhere than on a branch.
        project.write("f", "two\n");
        project.commit_all("the user's");
        let other = project.path().join("other");
        project.run(&["worktree", "add", "-q", other.to_str().unwrap(), "feature"]);
        write(&other.join("f"), "three\n");
        project.commit_all_at(&other, "in a worktree of the user's");
        project.run(&["tag", "-f", "v1"]);
        // Backwards, away and anew.
        project.run(&["branch", "new"]);
        project.run(&["push", "-q", "origin", "main"]);
        project.run(&["reset", "-q", "--hard", "HEAD~"]);
        // Of somebody else.
        let clone = project.path().join("clone");
        project.run(&["clone", "-q", project.origin().to_str().unwrap(), clone.to_str().unwrap()]);
        write(&clone.join("g"), "theirs\n");
        project.commit_all_at(&clone, "theirs");
        project.run_at(&clone, &["push", "-q", "origin", "HEAD:main", "HEAD:theirs"]);
        project.run(&["fetch", "-q"]);
        project.run(&["branch", "-f", "new", "origin/theirs"]);
    });
    assert_eq!(told, Vec::<String>::new());
}
