use super::*;
use crate::domain::trust::diff;
use crate::exec::test_project::{TestProject, write};

fn take(project: &TestProject) -> Fingerprint {
    let (home, root) = (project.path().join("home"), project.project());
    let places = Places { common_dir: &root.join(".git"), root: &root, home: Some(&home), known: None };
    // Here the user's own settings are seen.
    let git = project.refs().with_env("GIT_CONFIG_GLOBAL", home.join(".gitconfig"));
    read(&git, &places).unwrap()
}

/// What is told once `act` was done.
fn told(project: &TestProject, act: impl FnOnce(&TestProject)) -> Vec<String> {
    let before = take(project);
    act(project);
    diff(&before, &take(project), "origin").iter().map(ToString::to_string).collect()
}

#[test]
fn what_makes_git_run_something_is_seen_wherever_it_stands() {
    let project = TestProject::plain();
    let root = project.project();
    let hook = |path: &str| write(&root.join(path), "#!/bin/sh\n");
    type Act<'a> = &'a dyn Fn(&TestProject);
    let cases: [(Act<'_>, &str, &str); 11] = [
        (&|p| drop(p.run(&["config", "core.sshCommand", "evil"])), ".git/config", "core.sshcommand"),
        (
            &|p| write(&p.path().join("home/.gitconfig"), "[include]\n\tpath = more\n"),
            "home/.gitconfig",
            "include.path",
        ),
        (&|p| write(&p.path().join("home/more"), "[filter \"x\"]\n\tclean = evil\n"), "home/more", "filter.x.clean"),
        (
            &|p| drop(p.run(&["config", "includeIf.onbranch:other.path", "../../elsewhere"])),
            ".git/config",
            "includeif.onbranch:other.path",
        ),
        (&|p| write(&p.path().join("elsewhere"), "[core]\n\tpager = evil\n"), "elsewhere", "core.pager"),
        (
            &|_| write(&root.join(".git/config.worktree"), "[core]\n\tfsmonitor = evil\n"),
            ".git/config.worktree",
            "core.fsmonitor",
        ),
        (&|_| hook(".git/hooks/pre-push"), ".git/hooks/pre-push", "the file"),
        (&|p| drop(p.run(&["config", "core.hooksPath", ".husky"])), ".git/config", "core.hookspath"),
        (&|_| hook(".husky/_/pre-push"), ".husky/_/pre-push", "the file"),
        (&|_| write(&root.join(".git/info/attributes"), "* filter=x\n"), ".git/info/attributes", "the file"),
        (&|p| write(&p.path().join("home/.ssh/config"), "ProxyCommand evil\n"), "home/.ssh/config", "the file"),
    ];
    for (act, place, key) in cases {
        let found = told(&project, act);
        assert_eq!(found.len(), 1, "{place}: {found:?}");
        let place = Path::new(place).file_name().unwrap().to_str().unwrap();
        assert!(found[0].contains(place) && found[0].contains(key) && found[0].contains("was added"), "{found:?}");
    }
}

#[test]
fn what_is_changed_or_removed_is_seen() {
    let project = TestProject::plain();
    write(&project.project().join(".git/hooks/pre-push"), "#!/bin/sh\n");
    project.run(&["config", "core.pager", "less"]);
    for (act, words) in [
        (
            &(|p: &TestProject| drop(p.run(&["config", "core.pager", "more"]))) as &dyn Fn(&TestProject),
            "from: less, to: more",
        ),
        (&|p| drop(p.run(&["config", "--unset", "core.pager"])), "was removed; it was: more"),
        (
            &|p| {
                let mode = fs::Permissions::from_mode(0o755);
                fs::set_permissions(p.project().join(".git/hooks/pre-push"), mode).unwrap();
            },
            "to: 10 bytes, executable",
        ),
        (&|p| write(&p.project().join(".git/config"), "[broken"), "bad config"),
    ] {
        let found = told(&project, act);
        assert!(found.len() == 1 && found[0].contains(words), "{words}: {found:?}");
    }
}

#[test]
fn nothing_that_is_planted_runs_while_it_is_read() {
    let project = TestProject::with_origin();
    let ran = project.path().join("ran");
    let evil = format!("touch '{}'; cat", ran.display());
    for key in ["core.fsmonitor", "core.sshCommand", "core.pager", "filter.x.clean", "core.editor", "credential.helper"]
    {
        project.run(&["config", key, &evil]);
    }
    write(&project.project().join(".git/info/attributes"), "* filter=x\n");
    project.hook("post-index-change", &evil);
    take(&project);
    assert!(!ran.exists());
}

#[test]
fn what_a_run_or_the_user_does_every_day_is_no_change() {
    let project = TestProject::with_origin();
    let found = told(&project, |project| {
        project.run(&["push", "-q", "-u", "origin", "main"]);
        for key in ["lfs.https://host/x.git/info/lfs.access", "lfs.repositoryformatversion", "alias.st", "user.email"] {
            project.run(&["config", key, "basic"]);
        }
        project.run(&["config", "filter.lfs.process", "git-lfs filter-process"]);
        project.run(&["remote", "add", "fork", "elsewhere"]);
        project.run(&["sparse-checkout", "set", "src"]);
        project.write(".git/info/exclude", "*.log\n");
        project.ready("a");
    });
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn a_project_that_is_moved_is_the_same() {
    let project = TestProject::plain();
    project.run(&["config", "core.pager", "less"]);
    project.hook("pre-push", "true");
    let (before, there) = (take(&project), project.path().join("moved"));
    fs::rename(project.project(), &there).unwrap();
    let git = project.git_at(&there);
    let places = Places { common_dir: &there.join(".git"), root: &there, home: None, known: Some(&before) };
    assert_eq!(diff(&before, &read(&git, &places).unwrap(), "origin"), []);
}
