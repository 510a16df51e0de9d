use super::*;
use crate::exec::test_project::{TestProject, write};
use std::fs;

struct Scene {
    scratch: TestProject,
    worktree: Worktree,
}

impl Scene {
    fn new() -> Self {
        let scratch = TestProject::plain();
        let worktree = scratch.ready("a");
        Self { scratch, worktree }
    }

    fn write(&self, name: &str, text: &str) {
        write(&self.worktree.path().join(name), text);
    }

    fn folder(&self) -> PathBuf {
        self.worktree.set_aside().to_owned()
    }

    fn salvage(&self, run_id: &str) -> Option<Saved> {
        salvage(&self.worktree, run_id, "unfinished").unwrap()
    }

    fn kept(&self, run_id: &str) -> SalvageRef {
        self.salvage(run_id).unwrap().held.unwrap()
    }

    fn run(&self, args: &[&str]) -> String {
        self.scratch.run_at(self.worktree.path(), args)
    }

    fn files(&self, commit: &str) -> String {
        self.run(&["ls-tree", "-r", "--name-only", commit]).replace('\n', " ")
    }
}

#[test]
fn nothing_unfinished_is_nothing_to_save() {
    let scene = Scene::new();
    scene.write(INSTRUCTIONS, "own");
    scene.write(&format!("{SKILLS}/x.md"), "own");
    assert_eq!(scene.salvage("r1"), None);
    assert_eq!(scene.run(&["for-each-ref", "refs/salvage"]), "");
}

#[test]
fn uncommitted_and_untracked_files_are_saved_and_stay() {
    let scene = Scene::new();
    scene.write(".gitignore", "build\n");
    scene.write("build", "cache");
    scene.write("f", "changed\n");
    scene.write("folder/new file", "x");
    scene.write(INSTRUCTIONS, "own");
    scene.write(&format!("{SKILLS}/x.md"), "own");
    let before = scene.run(&["status", "--porcelain"]);
    let kept = scene.kept("r1");
    assert_eq!(kept.ref_name, "refs/salvage/r1");
    assert_eq!(scene.run(&["rev-parse", "refs/salvage/r1"]), kept.commit);
    assert_eq!(scene.files(&kept.commit), ".gitignore f folder/new file");
    assert_eq!(scene.run(&["show", &format!("{}:f", kept.commit)]), "changed");
    assert_eq!(
        scene.run(&["show", "-s", "--format=%s %P", &kept.commit]),
        format!("unfinished {}", scene.run(&["rev-parse", "HEAD"]))
    );
    assert_eq!(scene.run(&["status", "--porcelain"]), before);
}

#[test]
fn a_second_salvage_neither_repeats_nor_overwrites() {
    let scene = Scene::new();
    scene.write("f", "first");
    let first = scene.kept("r1");
    assert_eq!(scene.kept("r1"), first);
    scene.write("f", "second");
    let second = scene.kept("r1");
    assert_eq!(second.ref_name, "refs/salvage/r1-2");
    assert_eq!(scene.kept("r1"), second);
    assert_eq!(scene.run(&["rev-parse", "refs/salvage/r1"]), first.commit);
}

#[test]
fn commits_that_no_branch_holds_are_saved() {
    let scene = Scene::new();
    scene.run(&["checkout", "-q", "--detach"]);
    assert_eq!(scene.salvage("r1"), None);
    scene.write("work", "x");
    let commit = scene.scratch.commit_all_at(scene.worktree.path(), "work");
    assert_eq!(scene.kept("r1"), SalvageRef { ref_name: "refs/salvage/r1".into(), commit });
    assert_eq!(scene.salvage("r2"), None, "it is held now");
}

#[test]
fn a_conflict_in_progress_is_saved() {
    for operation in ["rebase", "merge"] {
        let scene = Scene::new();
        scene.write("f", "mine\n");
        scene.scratch.commit_all_at(scene.worktree.path(), "mine");
        scene.run(&["checkout", "-q", "-b", "agent/other", "main"]);
        scene.write("f", "theirs\n");
        scene.scratch.commit_all_at(scene.worktree.path(), "theirs");
        let git = scene.scratch.git_at(scene.worktree.path()).with_identity().unwrap();
        assert!(!git.try_run([operation, "agent/a"]).unwrap().status.success());
        scene.write("new", "x");
        let kept = scene.kept("r1");
        let text = scene.run(&["show", &format!("{}:f", kept.commit)]);
        assert!(text.contains("<<<<<<<") && text.contains("mine") && text.contains("theirs"), "{text}");
        assert_eq!(scene.files(&kept.commit), "f new");
        assert!(Worktree::operation_in_progress(&scene.worktree.verify().unwrap()));
    }
}

#[test]
fn what_a_rebase_stashed_is_saved() {
    let scene = Scene::new();
    scene.write("g", "base\n");
    scene.scratch.commit_all_at(scene.worktree.path(), "g");
    scene.write("f", "mine\n");
    scene.scratch.commit_all_at(scene.worktree.path(), "mine");
    scene.run(&["checkout", "-q", "-b", "agent/other", "HEAD~1"]);
    scene.write("f", "theirs\n");
    scene.scratch.commit_all_at(scene.worktree.path(), "theirs");
    scene.write("g", "stashed\n");
    let git = scene.scratch.git_at(scene.worktree.path()).with_identity().unwrap();
    assert!(!git.try_run(["rebase", "--autostash", "agent/a"]).unwrap().status.success());
    scene.salvage("r1");
    assert_eq!(scene.run(&["show", "refs/salvage/r1-autostash:g"]), "stashed");
}

#[test]
fn a_broken_or_locked_index_does_not_matter() {
    let scene = Scene::new();
    scene.write("new", "x");
    let git_dir = scene.worktree.verify().unwrap();
    write(&git_dir.join("index"), "garbage");
    write(&git_dir.join("index.lock"), "");
    let kept = scene.kept("r1");
    assert_eq!(scene.files(&kept.commit), "f new");
    fs::remove_file(git_dir.join("index")).unwrap();
    assert_eq!(scene.kept("r1"), kept);
}

#[test]
fn a_branch_that_was_deleted_under_the_worktree_does_not_matter() {
    let scene = Scene::new();
    scene.write("new", "x");
    scene.run(&["update-ref", "-d", "refs/heads/agent/a"]);
    let kept = scene.kept("r1");
    assert_eq!(scene.files(&kept.commit), "f new");
}

#[test]
fn repositories_inside_are_moved_whole() {
    let scene = Scene::new();
    scene.write(".gitignore", "ignored/\n");
    scene.scratch.commit_all_at(scene.worktree.path(), "ignore");
    for name in ["empty", "vendor/lib", "ignored/repo"] {
        let inner = scene.worktree.path().join(name);
        scene.run(&["init", "-q", inner.to_str().unwrap()]);
        write(&inner.join("file"), name);
    }
    scene.scratch.commit_all_at(&scene.worktree.path().join("vendor/lib"), "inner");
    let saved = scene.salvage("r1").unwrap();
    assert_eq!(saved.held, None);
    let folder = scene.folder();
    assert_eq!(saved.moved, [folder.join("empty"), folder.join("vendor/lib")]);
    assert_eq!(scene.scratch.run_at(&folder.join("vendor/lib"), &["log", "--format=%s"]), "inner");
    assert!(folder.join("empty/file").exists());
    assert!(!scene.worktree.path().join("vendor/lib").exists());
    assert!(scene.worktree.path().join("ignored/repo/file").exists());

    scene.run(&["init", "-q", "empty"]);
    let again = scene.salvage("r1").unwrap();
    assert_eq!(again.moved, [folder.join("2/empty")]);
}

fn with_submodule() -> Scene {
    let scratch = TestProject::plain();
    let library = scratch.path().join("library");
    scratch.run(&["init", "-q", "-b", "main", library.to_str().unwrap()]);
    write(&library.join("lib"), "1\n");
    scratch.commit_all_at(&library, "library");
    scratch.run(&["submodule", "--quiet", "add", library.to_str().unwrap(), "deps/sub"]);
    scratch.commit_all("submodule");
    let worktree = scratch.ready("a");
    Scene { scratch, worktree }
}

#[test]
fn changed_submodules_are_moved_and_others_stay() {
    let scene = with_submodule();
    assert_eq!(scene.salvage("r1"), None);
    let sub = scene.worktree.path().join("deps/sub");
    write(&sub.join("lib"), "committed\n");
    let inner = scene.scratch.commit_all_at(&sub, "inner");
    write(&sub.join("lib"), "dirty\n");
    let saved = scene.salvage("r1").unwrap();
    let moved = scene.folder().join("deps/sub");
    assert_eq!(saved.moved, std::slice::from_ref(&moved));
    assert_eq!(scene.scratch.run_at(&moved, &["rev-parse", "HEAD"]), inner);
    assert_eq!(scene.scratch.run_at(&moved, &["diff", "--name-only"]), "lib");
    let link = scene.run(&["ls-tree", &saved.held.unwrap().commit, "deps/sub"]);
    assert!(link.contains(&inner), "{link}");
    let main = scene.run(&["rev-parse", "main"]);
    assert_eq!(scene.worktree.stand_detached(&main).unwrap(), Vec::<String>::new());
    assert_eq!(fs::read_to_string(sub.join("lib")).unwrap(), "1\n");
}

#[test]
fn a_submodule_whose_repository_is_gone_is_moved() {
    let scene = with_submodule();
    let sub = scene.worktree.path().join("deps/sub");
    write(&sub.join("lib"), "dirty\n");
    fs::remove_dir_all(scene.worktree.verify().unwrap().join("modules")).unwrap();
    let saved = scene.salvage("r1").unwrap();
    assert_eq!(fs::read_to_string(saved.moved[0].join("lib")).unwrap(), "dirty\n");
    let main = scene.run(&["rev-parse", "main"]);
    assert_eq!(scene.worktree.stand_detached(&main).unwrap(), Vec::<String>::new());
    assert_eq!(fs::read_to_string(sub.join("lib")).unwrap(), "1\n");
}

#[test]
fn nothing_is_saved_through_a_broken_worktree() {
    let scene = Scene::new();
    fs::remove_file(scene.worktree.path().join(".git")).unwrap();
    scene.write("new", "x");
    assert!(salvage(&scene.worktree, "r1", "m").is_err());
    assert_eq!(scene.scratch.run(&["for-each-ref", "refs/salvage"]), "");
}

#[test]
fn a_run_id_that_is_no_name_is_an_error() {
    let scene = Scene::new();
    scene.write("new", "x");
    let error = salvage(&scene.worktree, "a..b", "m").unwrap_err();
    assert!(format!("{error:#}").contains("\"a..b\" can't be part of a ref's name"), "{error:#}");
}

#[test]
fn an_interrupted_checkout_is_nobodys_work() {
    let scene = Scene::new();
    let git_dir = scene.worktree.verify().unwrap();
    write(&git_dir.join("scheduler-checkout"), "");
    scene.write("f", "half of another commit");
    assert_eq!(scene.salvage("r1"), None);
    let main = scene.run(&["rev-parse", "main"]);
    scene.worktree.stand_detached(&main).unwrap();
    scene.write("f", "work");
    assert_eq!(scene.run(&["show", &format!("{}:f", scene.kept("r1").commit)]), "work");
}

#[test]
fn files_that_were_never_checked_out_are_not_removed_ones() {
    let scratch = TestProject::plain();
    let worktree = scratch.worktree("a");
    worktree.ensure("main").unwrap();
    let scene = Scene { scratch, worktree };
    assert_eq!(scene.salvage("r1"), None);
    scene.write("new", "x");
    assert_eq!(scene.files(&scene.kept("r1").commit), "f new");
}

#[test]
fn what_no_commit_can_take_is_set_aside() {
    let scratch = TestProject::plain();
    let worktree = scratch.worktree("a");
    worktree.ensure(&scratch.run(&["rev-parse", "HEAD"])).unwrap();
    worktree.stand_detached(&scratch.run(&["rev-parse", "HEAD"])).unwrap();
    fs::remove_file(worktree.path().join("f")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(worktree.path().join("f")).status().unwrap().success());
    fs::write(worktree.path().join("g"), "work\n").unwrap();
    let saved = salvage(&worktree, "run-1", "Left").unwrap().unwrap();
    assert_eq!(saved.moved, [worktree.set_aside().join("f")]);
    assert_eq!(fs::read_to_string(worktree.path().join("f")).unwrap(), "one\n");
    let commit = saved.held.unwrap().commit;
    assert_eq!(scratch.run(&["show", &format!("{commit}:g")]), "work");
}

#[test]
fn what_only_the_index_has_is_saved() {
    let scene = Scene::new();
    scene.write("new", "staged");
    scene.run(&["add", "-A"]);
    fs::remove_file(scene.worktree.path().join("new")).unwrap();
    assert_eq!(scene.salvage("r1"), None, "the files are as HEAD has them");
    assert_eq!(scene.run(&["show", "refs/salvage/r1-staged:new"]), "staged");
}
