//! The stand-in for `gh`: pull requests, their refusals, and the injected faults.

use crate::support::{Output, Test};

fn project() -> Test {
    let test = Test::new();
    test.with_origin().github.install();
    test.git(["checkout", "-q", "-b", "agent/x"]);
    test.git(["commit", "-q", "--allow-empty", "-m", "Work"]);
    test.git(["push", "-q", "origin", "agent/x"]);
    test
}

fn gh(test: &Test, args: &[&str]) -> Output {
    let mut command = test.program_command("gh");
    command.args(args);
    if args[0] == "pr" {
        command.arg("--repo=acme/widgets");
    }
    test.finish(command)
}

const CREATE: [&str; 10] =
    ["pr", "create", "--base", "main", "--head", "agent/x", "--title", "A \"title\"", "--body", "Text\n"];

#[test]
fn a_pull_request_is_created_once_and_found() {
    let test = project();
    assert_eq!(gh(&test, &CREATE).ok().stdout, "https://github.com/acme/widgets/pull/1\n");
    gh(&test, &CREATE)
        .code(1)
        .complains("a pull request for branch \"agent/x\" into branch \"main\" already exists:\nhttps://");
    let made = test.github.only_pull_request();
    assert_eq!((made.title.as_str(), made.head.as_str(), made.state.as_str()), ("A \"title\"", "agent/x", "OPEN"));
    let list = gh(
        &test,
        &["pr", "list", "--head", "agent/x", "--state=all", "-L", "5", "--json", "number,title,url,headRefOid"],
    )
    .ok()
    .json();
    assert_eq!((&list[0]["number"], &list[0]["title"]), (&1.into(), &"A \"title\"".into()));
    assert_eq!(list[0]["headRefOid"], test.origin_tip("agent/x").unwrap());
    assert_eq!(gh(&test, &["pr", "list", "--head", "agent/y", "--json", "number"]).ok().json(), serde_json::json!([]));
    test.github.set(1, "state", "CLOSED");
    assert_eq!(gh(&test, &["pr", "list", "--json", "number"]).ok().stdout, "[]\n");
    assert_eq!(test.github.count("pr create"), 2);
}

#[test]
fn what_cannot_become_a_pull_request_is_refused() {
    let test = project();
    gh(&test, &["pr", "create", "--base", "main", "--head", "agent/x"]).code(1).complains("not running interactively");
    gh(&test, &["pr", "create", "--base=main", "--head=gone", "--title=t", "--body="])
        .code(1)
        .complains("No commits between");
    gh(&test, &["pr", "create", "--base=gone", "--head=agent/x", "--title=t", "--body="]).code(1).complains("Base ref");
    gh(&test, &["pr", "view", "7", "--json", "number,state"]).code(1).complains("Could not resolve");
    assert!(test.github.pull_requests().is_empty());
}

#[test]
fn remarks_are_kept_and_own_reviews_refused() {
    let test = project();
    gh(&test, &CREATE).ok();
    gh(&test, &["pr", "comment", "1", "--body", "hello"]).ok();
    gh(&test, &["pr", "review", "1", "--approve", "--body", "fine"]).code(1).complains("Can not approve your own");
    gh(&test, &["pr", "review", "1", "--request-changes", "--body", "no"]).code(1).complains("your own pull request");
    gh(&test, &["pr", "review", "1", "--comment", "--body", "a remark"]).ok();
    test.github.user("reviewer");
    gh(&test, &["pr", "review", "1", "--request-changes", "--body=please\nadd a test"]).ok();
    let made = test.github.only_pull_request();
    assert_eq!(made.comments, ["hello"]);
    let reviews = [("COMMENTED", "a remark"), ("CHANGES_REQUESTED", "please\nadd a test")];
    assert_eq!(made.reviews, reviews.map(|(state, text)| (state.to_owned(), text.to_owned())));
    let view =
        gh(&test, &["pr", "view", "agent/x", "--json", "number,state,comments,reviewDecision,author"]).ok().json();
    assert_eq!((&view["comments"][0]["body"], &view["reviewDecision"]), (&"hello".into(), &"CHANGES_REQUESTED".into()));
}

#[test]
fn drafts_become_ready() {
    let test = project();
    gh(&test, &[&CREATE[..], &["--draft"]].concat()).ok();
    assert!(test.github.only_pull_request().draft);
    gh(&test, &["pr", "ready", "1"]).ok();
    assert!(!test.github.only_pull_request().draft);
    gh(&test, &["pr", "ready", "1", "--undo"]).ok();
    assert!(test.github.only_pull_request().draft);
}

#[test]
fn faults_are_told_as_recorded() {
    let cases = [
        ("not_logged_in", 4, "gh auth login"),
        ("401", 1, "HTTP 401: Bad credentials"),
        ("403", 1, "HTTP 403: API rate limit exceeded"),
        ("429", 1, "HTTP 429"),
        ("500", 1, "HTTP 500"),
        ("refused", 1, "error connecting"),
        ("foreign", 1, "none of the git remotes"),
    ];
    for (mode, code, text) in cases {
        let test = project();
        test.github.fault("pr list", mode, 1);
        gh(&test, &["pr", "list"]).code(code).complains(text);
        gh(&test, &["pr", "list"]).ok();
    }
}

#[test]
fn a_fault_lasts_as_long_as_it_is_told_to() {
    let test = project();
    test.github.fault("pr create", "500", 2);
    gh(&test, &["pr", "list"]).ok();
    gh(&test, &CREATE).code(1);
    gh(&test, &CREATE).code(1);
    gh(&test, &CREATE).ok();
    test.github.fault("*", "401", 0);
    gh(&test, &["pr", "list"]).code(1);
    gh(&test, &["pr", "view", "1", "--json", "number"]).code(1);
    test.github.mend();
    gh(&test, &["pr", "list"]).ok();
}

#[test]
fn a_lost_reply_leaves_the_pull_request() {
    let test = project();
    test.github.fault("pr create", "lost_reply", 1);
    gh(&test, &CREATE).code(1).complains("EOF");
    assert_eq!(test.github.only_pull_request().number, 1);
    gh(&test, &CREATE).code(1).complains("already exists");
}

#[test]
fn drafts_can_be_refused() {
    let test = project();
    test.github.fault("pr create", "no_draft", 0);
    gh(&test, &[&CREATE[..], &["--draft"]].concat()).code(1).complains("Draft pull requests are not supported");
    gh(&test, &CREATE).ok();
}

#[test]
fn a_hanging_call_ends_when_told() {
    let test = project();
    test.github.fault("*", "hang", 0);
    let mut child = test.program_command("gh").args(["pr", "list", "--repo=acme/widgets"]).spawn().unwrap();
    test.wait_until("the call to hang", || test.leftovers().iter().any(|left| left.command == "sleep 600"));
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert!(!child.wait().unwrap().success());
    test.wait_quiet();
}

#[test]
fn what_it_does_not_know_fails_the_test() {
    for args in [
        &["pr", "frobnicate"][..],
        &["pr", "list", "--label", "x"],
        &["pr", "list", "--json", "nothing"],
        &["repo", "view"],
    ] {
        let test = project();
        gh(&test, &CREATE).ok();
        gh(&test, args).code(1);
        assert!(!test.take_complaints().is_empty(), "{args:?}");
    }
}

#[test]
fn whoever_names_no_repository_fails_the_test() {
    let test = project();
    let mut command = test.program_command("gh");
    command.args(["pr", "list"]);
    test.finish(command).code(1);
    assert!(test.take_complaints().contains("of which repository?"));
}

#[test]
fn somebody_elses_pull_request_is_listed() {
    let test = project();
    assert_eq!(test.github.open("feature/y", "main", "Theirs"), 1);
    let list = gh(&test, &["pr", "list", "--json", "number,author,headRefName"]).ok().json();
    assert_eq!((&list[0]["author"]["login"], &list[0]["headRefName"]), (&"somebody".into(), &"feature/y".into()));
    assert_eq!(test.github.calls()[0].cwd, test.dir());
}
