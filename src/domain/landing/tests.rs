use super::*;
use crate::domain::gate::{CheckResult, CheckStatus};
use crate::domain::pull_request::{Rule, runs};
use crate::domain::time::parse;
use serde_json::json;

const HEAD: &str = "aaaa";

fn at(minute: u32) -> Time {
    parse(&format!("2026-01-01T0{}:{:02}:00Z", minute / 60, minute % 60)).unwrap()
}

fn meta(number: u64, gates: &str) -> Meta {
    let mut meta = Meta { pr_number: number, head_sha: HEAD.to_owned(), ..Meta::default() };
    for gate in gates.split_whitespace() {
        let (name, status) = gate.split_once('=').unwrap();
        let status: CheckStatus = status.parse().unwrap();
        let result: CheckResult = serde_json::from_value(json!({"status": status, "commit": HEAD})).unwrap();
        meta.required_checks.push(name.parse().unwrap());
        meta.check_results.insert(name.parse().unwrap(), result);
    }
    meta
}

fn head(checks: &str) -> Head {
    Head {
        commit: HEAD.to_owned(),
        base: "main".to_owned(),
        mergeable: Mergeable::Yes,
        runs: runs(checks),
        ..Head::default()
    }
}

fn base(checks: &str, approvals: u32) -> Base {
    let rule = (approvals > 0).then(|| Rule { approvals, ..Rule::default() });
    Base { commit: "base".to_owned(), runs: runs(checks), rule }
}

#[test]
fn each_stage_waits_for_something() {
    let green = || head("test=passed");
    for (gates, head, approvals, merge, expected) in [
        ("", green(), 0, Merge::WhenGreen, "landing its turn"),
        ("", green(), 0, Merge::Off, "landing you to merge it"),
        ("", head(""), 0, Merge::WhenGreen, "checks checks, of which there are none yet"),
        ("", head("test=pending a=passed"), 0, Merge::WhenGreen, "checks test"),
        (
            "",
            head("a=failed b=failed c=failed d=failed"),
            0,
            Merge::WhenGreen,
            "checks failed checks to be mended: a, b, c and 1 more",
        ),
        (
            "",
            Head { mergeable: Mergeable::Conflicting, ..green() },
            0,
            Merge::WhenGreen,
            "checks its conflict with main to be resolved",
        ),
        ("lint=pending", green(), 0, Merge::WhenGreen, "checks gatekeepers: lint"),
        ("lint=failed", green(), 0, Merge::WhenGreen, "checks gatekeepers, who block it: lint"),
        ("lint=passed", green(), 0, Merge::WhenGreen, "landing its turn"),
        // Without any CI gatekeepers are what says that it is green.
        ("lint=passed", head(""), 0, Merge::WhenGreen, "landing its turn"),
        ("", green(), 2, Merge::WhenGreen, "review approvals: 0 of 2"),
        ("", Head { approvals: 2, ..green() }, 2, Merge::WhenGreen, "landing its turn"),
        ("", Head { approvals: 2, change_requests: 1, ..green() }, 2, Merge::WhenGreen, "review requested changes"),
        (
            "",
            Head { review_decision: "REVIEW_REQUIRED".to_owned(), ..green() },
            0,
            Merge::WhenGreen,
            "review an approval",
        ),
    ] {
        let found = way(&meta(7, gates), !gates.is_empty(), Some((&head, &base("", approvals))), merge);
        assert_eq!(format!("{} {}", found.stage, found.waits_for), expected, "{gates} {head:?}");
        let is_for_user = ["review ", "landing you "].iter().any(|start| expected.starts_with(start));
        assert_eq!(found.is_for_user(), is_for_user, "{expected}");
    }
    let draft = |gates: &str| way(&Meta { draft: true, ..meta(7, gates) }, !gates.is_empty(), None, Merge::Off);
    assert_eq!(draft("lint=pending"), Way::to(Stage::Draft, "gatekeepers: lint"));
    assert_eq!(draft(""), Way::to(Stage::Draft, "you to mark it ready"));
    let base = base("main=passed", 0);
    let gated = way(&meta(7, "lint=passed"), true, Some((&head(""), &base)), Merge::WhenGreen);
    assert_eq!(gated.stage, Stage::Checks, "where the base has CI, it is waited for");
}

#[test]
fn one_lands_at_a_time_and_none_while_the_base_is_red() {
    // NUMBER CHECKS, with `u` behind it if it was brought up to date, `U` if that is long ago, `m` if it mends the base.
    let play = |given: &str, main: &str, last: Option<u32>| {
        let base = base(main, 0);
        let each: Vec<(Meta, Head, bool)> = given
            .split(", ")
            .filter(|one| !one.is_empty())
            .map(|one| {
                let mut words = one.split(' ');
                let (number, checks) = (words.next().unwrap(), words.next().unwrap());
                let head = head(checks);
                let mut meta = meta(number.trim_end_matches(char::is_alphabetic).parse().unwrap(), "");
                meta.landing.way = Some(way(&meta, false, Some((&head, &base)), Merge::WhenGreen));
                let ago = number.contains('u').then_some(at(190)).or(number.contains('U').then_some(at(10)));
                meta.landing.updated = ago.map(|at| Updated { base: "base".to_owned(), at });
                (meta, head, number.contains('m'))
            })
            .collect();
        let candidates: Vec<_> =
            each.iter().map(|(meta, head, mends_base)| Candidate { meta, head, mends_base: *mends_base }).collect();
        let (turn, ready) = turn(&candidates, &base, last.map(at), at(200));
        let ready: Vec<_> = ready.iter().map(|one| one.meta.pr_number).collect();
        format!("{turn:?} {ready:?}")
    };
    for (given, main, last, expected) in [
        ("3 t=passed, 2 t=passed, 4 t=failed", "t=passed", None, "Next [2, 3]"),
        ("2u t=pending, 3 t=passed", "t=passed", None, "Of(2) [3]"),
        ("2u t=failed, 3 t=passed", "t=passed", None, "Next [3]"),
        ("2U t=pending, 3 t=passed", "t=passed", None, "Next [3]"),
        ("2u t=pending, 3u t=passed", "t=passed", None, "Next [3]"),
        ("2 t=passed", "t=failed", None, "Wait(Red) []"),
        ("2 t=passed, 9m t=passed", "t=failed", None, "Next [9]"),
        ("2 t=passed, 9m t=failed", "t=failed", None, "Wait(Red) []"),
        ("2 t=passed", "t=pending", Some(190), "Wait(Pending) []"),
        ("2 t=passed", "t=pending", Some(10), "Next [2]"),
        ("2 t=passed", "t=pending", None, "Next [2]"),
        ("2 t=passed, 9m t=passed", "t=passed", None, "Next [9, 2]"),
        ("", "", None, "Next []"),
    ] {
        assert_eq!(play(given, main, last), expected, "{given}; {main}");
    }
}
