use super::*;
use crate::exec::environment::tests::environment;
use crate::exec::test_project::{TestProject, write, write_program};
use std::path::Path;
use std::sync::atomic::AtomicBool;

const LIMIT: Duration = Duration::from_secs(30);

struct Scene {
    scratch: TestProject,
    worktree: Worktree,
}

impl Scene {
    fn new() -> Self {
        let scratch = TestProject::with_origin();
        let worktree = scratch.ready("a");
        Self { scratch, worktree }
    }

    fn remotes(&self) -> Remotes {
        Remotes::read(&self.worktree.git(), None).unwrap()
    }

    fn work(&self, text: &str) -> String {
        write(&self.worktree.path().join("work"), text);
        self.scratch.commit_all_at(self.worktree.path(), text)
    }

    fn push(&self, branch: &str, commit: &str, last: Option<&str>) -> PushOutcome {
        self.push_within(branch, commit, last, LIMIT)
    }

    fn push_within(&self, branch: &str, commit: &str, last: Option<&str>, limit: Duration) -> PushOutcome {
        let root = self.scratch.project();
        let hooks = Hooks {
            root: &root,
            environment: environment(self.scratch.path()),
            log: self.scratch.path().join("pre-push.log"),
            stop: &AtomicBool::new(false),
        };
        push(&self.worktree, &self.remotes(), Push { branch, commit, last }, &hooks, limit).unwrap()
    }

    fn tip(&self, branch: &str) -> String {
        self.scratch.run_at(&self.scratch.origin(), &["rev-parse", branch])
    }
}

#[test]
fn pushing_twice_does_nothing_the_second_time() {
    let scene = Scene::new();
    let commit = scene.work("one");
    let config = std::fs::read(scene.scratch.project().join(".git/config")).unwrap();
    assert_eq!(scene.push("agent/a", &commit, None), PushOutcome::Pushed);
    assert_eq!(scene.tip("agent/a"), commit);
    assert_eq!(scene.push("agent/a", &commit, None), PushOutcome::UpToDate);
    assert_eq!(std::fs::read(scene.scratch.project().join(".git/config")).unwrap(), config);
}

#[test]
fn an_agents_branch_is_replaced_only_over_what_was_pushed_last() {
    let scene = Scene::new();
    let first = scene.work("one");
    scene.push("agent/a", &first, None);
    scene.scratch.run_at(scene.worktree.path(), &["reset", "-q", "--hard", "main"]);
    let second = scene.work("two");
    let refused = scene.push("agent/a", &second, None);
    assert_eq!(refused, PushOutcome::Rejected("the branch there has commits that this work hasn't".into()));
    assert_eq!(scene.tip("agent/a"), first);
    let refused = scene.push("agent/a", &second, Some(&second));
    assert_eq!(refused, PushOutcome::Rejected("somebody else has changed the branch there".into()));
    assert_eq!(scene.push("agent/a", &second, Some(&first)), PushOutcome::Pushed);
    assert_eq!(scene.tip("agent/a"), second);
}

#[test]
fn an_agents_branch_that_is_there_moves_forward() {
    let scene = Scene::new();
    scene.push("agent/a", &scene.work("one"), None);
    let second = scene.work("two");
    assert_eq!(scene.push("agent/a", &second, None), PushOutcome::Pushed);
    assert_eq!(scene.tip("agent/a"), second);
}

#[test]
fn other_branches_are_never_forced() {
    let scene = Scene::new();
    let first = scene.work("one");
    assert_eq!(scene.push("feature", &first, None), PushOutcome::Pushed);
    scene.scratch.run_at(scene.worktree.path(), &["reset", "-q", "--hard", "main"]);
    let second = scene.work("two");
    let refused = scene.push("feature", &second, Some(&first));
    assert!(
        matches!(&refused, PushOutcome::Rejected(why) if why.contains("has commits that this work hasn't")),
        "{refused:?}"
    );
    assert_eq!(scene.tip("feature"), first);
}

#[test]
fn a_hook_can_refuse_and_its_words_are_kept() {
    let scene = Scene::new();
    scene
        .scratch
        .hook("pre-push", "echo 'tests are red' >&2; pwd > \"$(git rev-parse --git-common-dir)/ran-in\"; exit 1");
    let refused = scene.push("agent/a", &scene.work("one"), None);
    assert_eq!(refused, PushOutcome::HookFailed("tests are red".into()));
    let ran_in = std::fs::read_to_string(scene.scratch.project().join(".git/ran-in")).unwrap();
    assert_eq!(Path::new(ran_in.trim_end()), scene.worktree.path());
}

#[test]
fn a_push_that_dies_leaves_no_locks() {
    let scene = Scene::new();
    let folder = "$(git rev-parse --git-common-dir)/refs/remotes/origin/agent";
    let dies = format!("mkdir -p {folder}; touch {folder}/a.lock; kill -9 $PPID; true");
    scene.scratch.run(&["config", "remote.origin.receivepack", &dies]);
    let failed = scene.push("agent/a", &scene.work("one"), None);
    assert!(!failed.is_there(), "{failed:?}");
    assert!(!scene.scratch.project().join(".git/refs/remotes/origin/agent/a.lock").exists());
}

#[test]
fn hooks_inside_the_project_are_those_of_the_main_checkout() {
    let scene = Scene::new();
    scene.scratch.run(&["config", "core.hooksPath", ".hooks"]);
    let ran = scene.scratch.path().join("ran");
    let hook = scene.worktree.path().join(".hooks/pre-push");
    write_program(&hook, &format!("touch '{}'", ran.display()));
    assert_eq!(scene.push("agent/a", &scene.work("one"), None), PushOutcome::Pushed);
    assert!(!ran.exists(), "an agent's own hook ran with the user's rights");
}

#[test]
fn what_the_remote_says_is_kept() {
    let scene = Scene::new();
    let hook = scene.scratch.origin().join("hooks/pre-receive");
    write_program(&hook, "echo 'protected branch' >&2; exit 1");
    let refused = scene.push("agent/a", &scene.work("one"), None);
    assert!(
        matches!(&refused, PushOutcome::Rejected(why) if why.contains("pre-receive hook declined") && why.contains("protected branch")),
        "{refused:?}"
    );
}

#[test]
fn remotes_that_cannot_be_used_are_told_apart() {
    let scene = Scene::new();
    let commit = scene.work("one");
    scene.scratch.run(&["remote", "set-url", "origin", "git@host:x.git"]);
    let with_ssh = |script: &str| {
        scene.scratch.run(&["config", "core.sshCommand", script]);
        scene.push("agent/a", &commit, None)
    };
    let offline = with_ssh("echo 'ssh: Could not resolve hostname host' >&2; exit 255 #");
    assert!(matches!(&offline, PushOutcome::Offline(why) if why.contains("resolve")), "{offline:?}");
    let auth = with_ssh("echo 'Permission denied (publickey).' >&2; exit 255 #");
    assert!(matches!(auth, PushOutcome::AuthFailed(_)), "{auth:?}");
    assert!(auth.advice().contains("by hand"));
    scene.scratch.run(&["config", "core.sshCommand", "sleep 30 #"]);
    let short = Duration::from_millis(300);
    let late = scene.push_within("agent/a", &commit, None, short);
    assert_eq!(late, PushOutcome::TimedOut(short));
    scene.scratch.run(&["remote", "remove", "origin"]);
    assert!(matches!(scene.push("agent/a", &commit, None), PushOutcome::NoRemote(_)));
}

#[test]
fn odd_branch_names_are_refused() {
    let scene = Scene::new();
    let commit = scene.work("one");
    for name in ["--all", "a:b", "+x", "a b"] {
        let got = scene.push(name, &commit, None);
        if name == "+x" {
            assert_eq!(got, PushOutcome::Pushed);
            assert_eq!(scene.tip("refs/heads/+x"), commit);
        } else {
            assert!(matches!(got, PushOutcome::Failed(_)), "{name}: {got:?}");
        }
    }
}

#[test]
fn a_hook_is_told_what_git_would_tell_it() {
    let scene = Scene::new();
    scene.scratch.run(&["remote", "set-url", "--push", "origin", scene.scratch.origin().to_str().unwrap()]);
    let told = scene.scratch.path().join("told");
    scene.scratch.hook("pre-push", &format!("{{ echo \"$*\"; cat; git rev-parse --git-dir; }} >>'{}'", told.display()));
    let first = scene.work("one");
    assert_eq!(scene.push("agent/a", &first, None), PushOutcome::Pushed);
    let second = scene.work("two");
    assert_eq!(scene.push("agent/a", &second, None), PushOutcome::Pushed);
    let (nothing, git_dir) = ("0".repeat(40), scene.worktree.verify().unwrap());
    let call = |commit: &str, there: &str| {
        let origin = scene.scratch.origin();
        format!("origin {}\n{commit} {commit} refs/heads/agent/a {there}\n{}\n", origin.display(), git_dir.display())
    };
    assert_eq!(std::fs::read_to_string(told).unwrap(), call(&first, &nothing) + &call(&second, &first));
}

#[test]
fn a_hook_has_no_credentials_and_ends_with_all_that_it_started() {
    let scene = Scene::new();
    let closed = "[ -z \"${GIT_ASKPASS-asks}$(git config credential.helper)\" ] && echo closed; sleep 67 & exit 1";
    scene.scratch.hook("pre-push", closed);
    assert_eq!(scene.push("agent/a", &scene.work("one"), None), PushOutcome::HookFailed("closed".into()));
    scene.scratch.hook("pre-push", "sleep 68");
    let short = Duration::from_millis(300);
    assert_eq!(scene.push_within("agent/a", &scene.work("two"), None, short), PushOutcome::TimedOut(short));
}

#[test]
fn a_file_that_is_no_program_is_no_hook() {
    let scene = Scene::new();
    scene.scratch.hook("pre-push", "exit 1");
    let hook = scene.scratch.project().join(".git/hooks/pre-push");
    std::fs::set_permissions(hook, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    assert_eq!(scene.push("agent/a", &scene.work("one"), None), PushOutcome::Pushed);
}
