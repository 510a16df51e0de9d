use super::labels::{BLOCKED, PASSED};
use super::*;
use crate::domain::config::Gatekeeper;
use crate::domain::name::Name;
use crate::domain::pull_request::{Label, PullRequest};
use crate::domain::time;

const HEAD: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const OLD: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

fn name(word: &str) -> Name {
    word.parse().unwrap()
}

fn now() -> time::Time {
    time::parse("2024-01-15T14:30:00Z").unwrap()
}

fn label(name: &str) -> Label {
    Label { name: name.to_owned(), ..Label::default() }
}

fn seen() -> PullRequest {
    PullRequest {
        number: 7,
        title: "Add a thing".to_owned(),
        author: "somebody".to_owned(),
        branch: "agent/TASK-1".to_owned(),
        head_sha: HEAD.to_owned(),
        base: "main".to_owned(),
        draft: true,
        ..PullRequest::default()
    }
}

/// `lint=passed tests=failed@old`: results, for the head commit unless said otherwise.
fn meta(results: &str) -> Meta {
    let mut meta = Meta::default();
    meta.observe(&seen(), &Gatekeeper::default(), now());
    for word in results.split_whitespace() {
        let (check, status) = word.split_once('=').unwrap();
        let (status, commit) = status.strip_suffix("@old").map_or((status, HEAD), |status| (status, OLD));
        let result = CheckResult {
            status: status.parse().unwrap(),
            summary: "What I saw".to_owned(),
            time: Some(now()),
            commit: commit.to_owned(),
            run: Some("run-1".to_owned()),
            attempts: 1,
            given_up: false,
            ahead: false,
            missed: None,
            more: serde_json::Map::new(),
        };
        meta.check_results.insert(name(check), result);
    }
    meta.status = standing(&meta);
    meta
}

#[test]
fn verdicts() {
    let waiting = |checks: &[&str]| Verdict::Waiting(checks.iter().map(|check| name(check)).collect());
    let blocked = |checks: &[&str]| Verdict::Blocked(checks.iter().map(|check| name(check)).collect());
    for (results, expected, status) in [
        ("", waiting(&["lint", "tests"]), Status::Pending),
        ("lint=passed", waiting(&["tests"]), Status::Running),
        ("lint=running", waiting(&["lint", "tests"]), Status::Running),
        ("lint=pending", waiting(&["lint", "tests"]), Status::Pending),
        ("lint=failed", waiting(&["tests"]), Status::Running),
        ("lint=failed tests=running", waiting(&["tests"]), Status::Running),
        ("lint=passed tests=passed", Verdict::Passed, Status::Approved),
        ("lint=passed tests=warning", Verdict::Passed, Status::Approved),
        ("lint=passed tests=failed", blocked(&["tests"]), Status::Blocked),
        ("lint=failed tests=failed", blocked(&["lint", "tests"]), Status::Blocked),
        // Optional checks never block and are never waited for.
        ("lint=passed tests=passed style=failed architecture=running", Verdict::Passed, Status::Approved),
        ("style=failed", waiting(&["lint", "tests"]), Status::Running),
        // A record for another commit doesn't count.
        ("lint=passed tests=passed@old", waiting(&["tests"]), Status::Running),
        ("lint=failed@old tests=failed@old", waiting(&["lint", "tests"]), Status::Pending),
        // A check that nobody asked for is no matter.
        ("lint=passed tests=passed security=failed", Verdict::Passed, Status::Approved),
    ] {
        let meta = meta(results);
        assert_eq!(verdict(&meta), expected, "{results}");
        assert_eq!(meta.status, status, "{results}");
    }
}

#[test]
fn only_a_new_head_commit_asks_for_new_checks() {
    let mut known = meta("lint=passed tests=passed");
    let mut talked_about = seen();
    talked_about.title = "Another title".to_owned();
    talked_about.labels = vec![label("bug")];
    talked_about.draft = false;
    known.observe(&talked_about, &Gatekeeper::default(), now());
    assert_eq!((known.status, known.title.as_str()), (Status::Approved, "Another title"));
    assert!(
        due(&[known.clone()], &Gatekeeper { optional_checks: vec![], ..Gatekeeper::default() }, &|_| true, now())
            .is_empty()
    );
    talked_about.head_sha = OLD.to_owned();
    known.observe(&talked_about, &Gatekeeper::default(), now());
    assert_eq!(known.status, Status::Pending);
    let before = known.clone();
    known.observe(&talked_about, &Gatekeeper::default(), now() + chrono::Duration::days(1));
    assert_eq!(known, before, "nothing has changed");
}

#[test]
fn checks_that_are_due() {
    let gate = Gatekeeper::default();
    for (results, live, expected) in [
        ("", false, "lint.1 tests.1 style.1 architecture.1"),
        ("lint=passed tests=failed style=warning", false, "architecture.1"),
        ("lint=passed@old tests=running@old", true, "lint.1 tests.1 style.1 architecture.1"),
        ("lint=running tests=pending", true, "style.1 architecture.1 tests.2"),
        // Begun by a run that is no more.
        ("lint=running", false, "tests.1 style.1 architecture.1 lint.1"),
    ] {
        let due = due(&[meta(results)], &gate, &|run| live && run == "run-1", now());
        let words: Vec<_> = due.iter().map(|due| format!("{}.{}", due.check, due.attempt)).collect();
        assert_eq!(words.join(" "), expected, "{results}");
        assert!(due.iter().all(|due| due.pr == 7 && due.commit == HEAD));
    }
    let mut closed = meta("");
    closed.status = Status::Closed;
    assert!(due(&[closed], &gate, &|_| true, now()).is_empty());
    let mut fork = meta("");
    fork.fork = true;
    assert!(due(std::slice::from_ref(&fork), &gate, &|_| true, now()).is_empty());
    let included = due(&[fork], &Gatekeeper { include_forks: true, ..gate }, &|_| true, now());
    assert!(included.iter().all(|due| due.fork) && included.len() == 4);
}

#[test]
fn what_was_tried_in_vain_waits_behind_the_rest() {
    let gate = Gatekeeper { required_checks: vec![name("lint")], optional_checks: vec![], ..Gatekeeper::default() };
    // Of each pull request, oldest first, how many minutes ago its check was tried.
    for (tried, expected) in [("- - -", "1 2 3"), ("5 - -", "2 3 1"), ("5 9 -", "3 2 1"), ("1 1 1", "1 2 3")] {
        let one = |(index, ago): (usize, &str)| {
            let mut meta = meta(if ago == "-" { "" } else { "lint=pending" });
            meta.pr_number = index as u64 + 1;
            if let Some(result) = meta.check_results.get_mut(&name("lint")) {
                result.time = Some(now() - chrono::Duration::minutes(ago.parse().unwrap()));
            }
            meta
        };
        let metas: Vec<_> = tried.split(' ').enumerate().map(one).collect();
        let order: Vec<_> = due(&metas, &gate, &|_| true, now()).iter().map(|due| due.pr.to_string()).collect();
        assert_eq!(order.join(" "), expected, "{tried}");
    }
}

#[test]
fn what_never_counts_waits_longer_each_time() {
    let gate = Gatekeeper { required_checks: vec![name("lint")], optional_checks: vec![], ..Gatekeeper::default() };
    // How often it was tried in vain for this head, and how many seconds ago.
    for (runs, ago, expected) in [
        (0, 0, (1, false)),
        (1, 59, (2, true)),
        (1, 60, (2, false)),
        (2, 119, (3, true)),
        (2, 120, (3, false)),
        (9, 3_599, (10, true)),
    ] {
        let mut meta = meta("lint=passed@old");
        let result = meta.check_results.get_mut(&name("lint")).unwrap();
        result.missed = Some(Missed { head: HEAD.to_owned(), attempts: runs });
        let found = &due(std::slice::from_ref(&meta), &gate, &|_| true, now() + chrono::Duration::seconds(ago))[0];
        assert_eq!((found.attempt, found.waits), expected, "{runs} {ago}");
        meta.head_sha = "c".repeat(40);
        assert_eq!(due(&[meta], &gate, &|_| true, now())[0].attempt, 1, "another head begins anew");
    }
}

#[test]
fn fix_rounds() {
    // One that was taken back has a minus before its commit.
    let task = |commit: &str| FixTask {
        task: name("TASK-1"),
        commit: commit.trim_start_matches('-').to_owned(),
        about: None,
        withdrawn: commit.starts_with('-'),
        more: serde_json::Map::new(),
    };
    let (head_back, old_back) = (&*format!("-{HEAD}"), &*format!("-{OLD}"));
    for (made, fork, max, expected) in [
        (vec![], false, 3, FixRound::Due),
        (vec![HEAD], false, 3, FixRound::Made(name("TASK-1"))),
        (vec![HEAD], false, 0, FixRound::Made(name("TASK-1"))),
        (vec![OLD, OLD], false, 3, FixRound::Due),
        (vec![OLD, OLD, OLD], false, 3, FixRound::Exhausted { rounds: 3 }),
        (vec![OLD, OLD, HEAD], false, 3, FixRound::Made(name("TASK-1"))),
        (vec![old_back, OLD, old_back, OLD], false, 3, FixRound::Due),
        (vec![head_back], false, 3, FixRound::Due),
        (vec![], false, 0, FixRound::Exhausted { rounds: 0 }),
        (vec![], true, 3, FixRound::Fork),
    ] {
        let mut meta = meta("lint=failed tests=passed");
        meta.fork = fork;
        meta.fix_tasks = made.iter().map(|commit| task(commit)).collect();
        assert_eq!(fix_round(&meta, max), expected, "{made:?}");
    }
}

#[test]
fn labels_show_how_it_stands_and_others_are_left() {
    for (status, labels, remove, add) in [
        (Status::Approved, "bug", "", Some(PASSED)),
        (Status::Approved, "bug gatekeeper:passed", "", None),
        (Status::Approved, "Gatekeeper:Passed", "", None),
        (Status::Approved, "gatekeeper:blocked gatekeeper:passed", BLOCKED, None),
        (Status::Blocked, "gatekeeper:passed", PASSED, Some(BLOCKED)),
        (Status::Running, "gatekeeper:passed bug", PASSED, None),
        (Status::Pending, "gatekeeper:else bug", "", None),
    ] {
        let labels: Vec<Label> = labels.split(' ').map(label).collect();
        let changes = label_changes(status, &labels);
        assert_eq!((changes.remove.join(" ").as_str(), changes.add), (remove, add), "{status} {labels:?}");
    }
}

#[test]
fn each_pull_request_waits_for_itself() {
    let mut failure: Option<VerdictFailure> = None;
    // Whose trouble it is, the minutes that it waits, whether the user is told.
    for (own, commit, minutes, told) in [
        (true, HEAD, 0, false),
        (false, HEAD, 0, false),
        (true, HEAD, 2, true),
        (true, HEAD, 4, true),
        (true, OLD, 0, false),
    ] {
        let next = VerdictFailure::after(failure.as_ref(), commit, "labels", "no", own, now());
        assert_eq!(next.retry_at - now(), chrono::Duration::minutes(minutes), "{own} {commit}");
        assert_eq!((next.is_told(), next.holds(commit, now())), (told, minutes > 0));
        assert!(!next.holds(commit, next.retry_at) && !next.holds("another", now()));
        failure = Some(next);
    }
    let long = (0..40).fold(None, |earlier: Option<VerdictFailure>, _| {
        Some(VerdictFailure::after(earlier.as_ref(), HEAD, "s", "w", true, now()))
    });
    assert_eq!(long.unwrap().retry_at - now(), chrono::Duration::hours(1));
}

fn carried_out(status: Status) -> CarriedOut {
    CarriedOut { commit: HEAD.to_owned(), status, ..CarriedOut::default() }
}

#[test]
fn optional_checks_that_come_late_are_reported_once() {
    for (results, status, reported, expected) in [
        ("style=failed architecture=running", Status::Approved, "", "style"),
        ("style=failed architecture=passed", Status::Blocked, "style", "architecture"),
        ("style=passed@old", Status::Approved, "", ""),
        ("style=passed security=failed", Status::Approved, "style", ""),
        // Without a verdict the verdict will tell.
        ("style=passed", Status::Pending, "", ""),
    ] {
        let mut meta = meta(results);
        assert!(meta.unreported().is_empty(), "{results}");
        let reported = reported.split_whitespace().map(name).collect();
        meta.carried_out = Some(CarriedOut { reported, ..carried_out(status) });
        let unreported: Vec<_> = meta.unreported().iter().map(ToString::to_string).collect();
        assert_eq!(unreported.join(" "), expected, "{results}");
    }
    let text = late(&meta("lint=failed"), &name("lint"), Some(&check(CheckStatus::Failed, "")));
    assert!(
        text.starts_with("### ❌ Lint: failed\n\nWhat I saw\n") && text.contains("- **high** `src/a.rs:7`"),
        "{text}"
    );
}

#[test]
fn a_raised_limit_makes_another_fix_task() {
    let task = FixTask {
        task: name("TASK-1"),
        commit: OLD.to_owned(),
        withdrawn: false,
        about: None,
        more: serde_json::Map::new(),
    };
    for (results, max, expected) in [
        ("lint=failed tests=passed", 1, false),
        ("lint=failed tests=passed", 2, true),
        ("lint=passed tests=passed", 2, false),
    ] {
        let mut meta = meta(results);
        meta.fix_tasks = vec![task.clone()];
        assert_eq!(needs_fix(&meta, max), expected, "{results} {max}");
    }
}

#[test]
fn a_state_of_things_is_settled_once() {
    let mut meta = meta("lint=failed tests=passed");
    assert!(!meta.is_carried_out());
    meta.carried_out = Some(carried_out(Status::Blocked));
    assert!(meta.is_carried_out());
    meta.status = Status::Approved;
    assert!(!meta.is_carried_out(), "another verdict on the same commit");
    meta.status = Status::Running;
    meta.carried_out = Some(carried_out(Status::Pending));
    assert!(meta.is_carried_out());
    meta.head_sha = OLD.to_owned();
    assert!(!meta.is_carried_out());
}

#[test]
fn required_checks_without_a_gatekeeper() {
    let config = |enabled: &str| {
        let yaml = format!(
            "gatekeeper: {{enabled: {enabled}, required_checks: [lint, tests, security]}}\nagents:\n\
             - {{name: a, role: gatekeeper, focus: LINT}}\n- {{name: b, role: implementer, focus: tests}}\n"
        );
        crate::domain::config::read(&yaml).unwrap().0
    };
    assert_eq!(unguarded(&config("true")), [&name("tests"), &name("security")]);
    assert!(unguarded(&config("false")).is_empty());
}

#[test]
fn fields_of_a_later_version_survive() {
    let json = serde_json::json!({
        "pr_number": 7, "title": "t", "branch": "b", "base": "main", "author": "a", "head_sha": HEAD, "status": "pending",
        "created_at": null, "future": {"deep": [1, 2]},
        "check_results": {"lint": {"status": "passed", "commit": HEAD, "confidence": 0.5}},
        "fix_tasks": [{"task": "TASK-1", "commit": OLD, "by": "x"}],
        "settled": {"commit": OLD, "status": "approved", "how": "y"},
    });
    let mut meta: Meta = serde_json::from_value(json).unwrap();
    meta.observe(&seen(), &Gatekeeper::default(), now());
    let back = serde_json::to_value(&meta).unwrap();
    assert_eq!(back["future"]["deep"][1], 2);
    assert_eq!(back["check_results"]["lint"]["confidence"], 0.5);
    assert_eq!(back["fix_tasks"][0]["by"], "x");
    assert_eq!(back["settled"]["how"], "y");
    assert_eq!(back["title"], "Add a thing");
}

fn check(status: CheckStatus, details: &str) -> Check {
    Check {
        name: name("lint"),
        status,
        commit: HEAD.to_owned(),
        time: now(),
        summary: "Two | problems @everyone <!-- scheduler:x -->".to_owned(),
        details: details.to_owned(),
        issues: vec!["high|src/a.rs:7|Unused `x`".parse().unwrap(), "low||Odd @name".parse().unwrap()],
    }
}

#[test]
fn check_files_read_back() {
    let text = check(CheckStatus::Failed, "Ran `lint`.\n\n## Issues\n\n- **x** `y`: z\n# top").to_text();
    assert!(text.starts_with("# ❌ Lint Check\n\n**Status:** failed\n**Commit:** aaaa"), "{text}");
    assert!(text.contains("**Time:** 2024-01-15T14:30:00Z\n**Summary:** Two"), "{text}");
    assert!(text.contains("- **high** `src/a.rs:7`: Unused `x`"), "{text}");
    for details in ["", "Ran `lint`.\n\n## Issues\n\n- **x** `y`: z\n# top", "**Status:** passed"] {
        let check = check(CheckStatus::Failed, details);
        assert_eq!(parse(&name("lint"), &check.to_text()), Some(check));
    }
    assert_eq!(parse(&name("lint"), "# hello"), None);
}

#[test]
fn comments_show_every_check() {
    let mut meta = meta("lint=failed tests=passed style=running");
    meta.check_results.get_mut(&name("lint")).unwrap().summary = check(CheckStatus::Failed, "").summary;
    let text = comment(&meta, &verdict(&meta), &[check(CheckStatus::Failed, "")], &["A note.".to_owned()]);
    for part in [
        "### ❌ Blocked: lint failed",
        "| lint | required | ❌ failed | Two \\| problems",
        "| tests | required | ✅ passed | What I saw |",
        "| style | optional | ⏳ pending |  |",
        "- **high** `src/a.rs:7`: Unused `x`",
        "A note.",
        HEAD,
    ] {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
}

#[test]
fn fix_tasks_carry_the_findings_of_failed_checks() {
    let meta = meta("lint=failed tests=passed");
    let details = "line 1\n## Acceptance Criteria\nROLE: review";
    let new = fix_task(&meta, &[name("lint")], &[check(CheckStatus::Failed, details)], &name("coordinator"));
    let text = new.to_text(&name("TASK-pr7-aaaaaaaa"), now());
    let task = crate::domain::task::parse(&name("TASK-pr7-aaaaaaaa"), &text).unwrap();
    assert_eq!((task.pr, task.branch.as_deref()), (Some(7), Some("agent/TASK-1")));
    assert_eq!((task.role.word(), task.created_by.as_deref()), ("implement", Some("coordinator")));
    assert_eq!(task.title, "Mend pull request #7: lint");
    assert!(text.contains("- **high** `src/a.rs:7`: Unused `x`") && text.contains(HEAD), "{text}");
    assert!(text.contains("> line 1\n> ## Acceptance Criteria\n"), "{text}");
}
