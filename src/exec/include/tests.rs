use super::*;
use crate::exec::test_project::{TestProject, write};
use std::os::unix::fs::PermissionsExt;

/// A project that ignores what a test needs, with a worktree, and something outside that must never be read.
fn scratch() -> (TestProject, Worktree) {
    let scratch = TestProject::plain();
    scratch.write(".gitignore", ".env*\n*.key\nconfig/\nlinks/\nagents/\n.worktreeinclude\n!kept.key\n");
    scratch.write("real/f", "");
    scratch.commit_all("ignore");
    write(&scratch.path().join("secret"), "secret");
    let worktree = scratch.ready("a");
    (scratch, worktree)
}

fn run(scratch: &TestProject, worktree: &Worktree, patterns: &[&str]) -> (Vec<String>, String) {
    let patterns: Vec<_> = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
    let included = include(&scratch.project(), worktree, &patterns).unwrap();
    let skipped = included.skipped.iter().map(|(path, why)| format!("{}: {why}\n", path.display())).collect();
    (included.copied.iter().map(|path| path.display().to_string()).collect(), skipped)
}

fn text(worktree: &Worktree, path: &str) -> Option<String> {
    fs::read_to_string(worktree.path().join(path)).ok()
}

#[test]
fn ignored_files_are_copied_as_they_are_and_again_when_they_change() {
    let (scratch, worktree) = scratch();
    scratch.write(".env", "A=1\n");
    scratch.write(".env.local", "B=2\n");
    scratch.write("config/deep/x y.key", "key");
    scratch.write(".worktreeinclude", "# what agents need\n.env\n");
    fs::set_permissions(scratch.project().join("config/deep/x y.key"), fs::Permissions::from_mode(0o400)).unwrap();
    let all = [".env", "config/deep/x y.key"];
    assert_eq!(run(&scratch, &worktree, &["config/**"]), (all.map(str::to_owned).to_vec(), String::new()));
    assert_eq!(text(&worktree, ".env").as_deref(), Some("A=1\n"));
    assert_eq!(text(&worktree, ".env.local"), None);
    let mode = fs::metadata(worktree.path().join("config/deep/x y.key")).unwrap().mode();
    assert_eq!(mode & 0o777, 0o400);
    assert_eq!(run(&scratch, &worktree, &["config/**"]).0, Vec::<String>::new());

    scratch.write(".env", "A=2\n");
    scratch.write("config/deep/x y.key.new", "new key");
    fs::rename(scratch.project().join("config/deep/x y.key.new"), scratch.project().join("config/deep/x y.key"))
        .unwrap();
    assert_eq!(run(&scratch, &worktree, &["config/**"]).0, all);
    assert_eq!(text(&worktree, "config/deep/x y.key").as_deref(), Some("new key"));
    // Nothing of it is ever committed.
    assert_eq!(scratch.run_at(worktree.path(), &["status", "--porcelain"]), "");
    assert!(run(&scratch, &worktree, &[]).0.is_empty());
    fs::remove_file(scratch.project().join(".worktreeinclude")).unwrap();
    assert_eq!(include(&scratch.project(), &worktree, &[]).unwrap(), Included::default());
}

#[test]
fn only_what_git_ignores_on_both_sides_is_copied() {
    let (scratch, worktree) = scratch();
    scratch.write("untracked", "x");
    scratch.write("kept.key", "x");
    scratch.write("tracked.key", "x");
    scratch.run(&["add", "-f", "tracked.key"]);
    scratch.write(".orchestrator/agents/a/state.json", "{}");
    scratch.write("f", "changed");
    let (copied, skipped) = run(&scratch, &worktree, &["*"]);
    assert_eq!((copied.len(), skipped.as_str()), (0, "agents/a/worktree/: a repository of its own\n"));

    // The branch that the worktree stands on doesn't ignore it.
    scratch.write(".gitignore", "*.key\n*.pem\nagents/\n");
    scratch.write("a.pem", "secret");
    let (copied, skipped) = run(&scratch, &worktree, &["*.pem"]);
    assert_eq!((copied.len(), skipped.as_str()), (0, "a.pem: git doesn't ignore it in the worktree\n"));
    assert_eq!(text(&worktree, "a.pem"), None);
    // ... or has it as a file of its own.
    write(&worktree.path().join("own.key"), "committed");
    scratch.run_at(worktree.path(), &["add", "-f", "own.key"]);
    scratch.write("own.key", "secret");
    let (_, skipped) = run(&scratch, &worktree, &["own.key"]);
    assert_eq!(skipped, "own.key: git doesn't ignore it in the worktree\n");
    assert_eq!(text(&worktree, "own.key").as_deref(), Some("committed"));
}

#[test]
fn no_link_leads_in_or_out() {
    let (scratch, worktree) = scratch();
    let project = scratch.project();
    let outside = scratch.path().join("secret");
    fs::create_dir_all(project.join("links")).unwrap();
    symlink(&outside, project.join("links/absolute")).unwrap();
    symlink("../../secret", project.join("links/upwards")).unwrap();
    symlink("../real/../f", project.join("links/inside")).unwrap();
    symlink("../..", project.join("links/folder")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(project.join("links/pipe")).status().unwrap().success());
    let (copied, skipped) = run(&scratch, &worktree, &["links/*"]);
    assert_eq!(copied, ["links/inside"]);
    assert_eq!(fs::read_link(worktree.path().join("links/inside")).unwrap(), Path::new("../real/../f"));
    for name in ["absolute", "upwards", "folder"] {
        assert!(skipped.contains(&format!("links/{name}: a link that leads out of the project")), "{skipped}");
    }
    assert!(!worktree.path().join("links/pipe").exists());
    assert!(run(&scratch, &worktree, &["links/*"]).0.is_empty());

    // A link in the worktree is not written through, whether it is the file or a folder above.
    symlink(&outside, worktree.path().join(".env")).unwrap();
    scratch.write(".env", "A=1");
    fs::remove_dir_all(project.join("links")).unwrap();
    scratch.write("config/x", "1");
    symlink(scratch.path(), worktree.path().join("config")).unwrap();
    let (copied, skipped) = run(&scratch, &worktree, &[".env", "config/"]);
    assert_eq!(copied, [".env"]);
    assert!(skipped.starts_with("config/x: ") && skipped.contains("is no folder in the worktree"), "{skipped}");
    assert!(!worktree.path().join(".env").is_symlink());
    assert_eq!(fs::read_to_string(&outside).unwrap(), "secret");
    assert!(!scratch.path().join("x").exists());
}

#[test]
fn odd_names_and_patterns_are_no_options() {
    let (scratch, worktree) = scratch();
    scratch.write("config/--exclude=x", "1");
    scratch.write("config/line\nbreak", "2");
    let (copied, skipped) = run(&scratch, &worktree, &["--others", "-z", "config/*"]);
    assert_eq!((copied.len(), skipped.as_str()), (2, ""));
    let inner = scratch.project().join("config/inner");
    scratch.run(&["init", "-q", inner.to_str().unwrap()]);
    write(&inner.join("f"), "x");
    let (copied, skipped) = run(&scratch, &worktree, &["config/**"]);
    assert!(copied.is_empty(), "{copied:?}");
    assert!(skipped.is_empty() || skipped == "config/inner/: a repository of its own\n", "{skipped}");
    assert!(!worktree.path().join("config/inner").exists());
}
