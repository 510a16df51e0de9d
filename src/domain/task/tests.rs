use super::edit::SECTION_MAX;
use super::*;
use crate::domain::time;
use proptest::prelude::*;

const EXAMPLE: &str = "# [TASK-a1b2c3d4] Add input validation\n\nROLE: test\nPRIORITY: P1\nBRANCH: main\n\
    CREATED: 2024-01-15T10:30:00Z\nCREATED_BY: pm-agent\nBLOCKED_BY: TASK-1, TASK-2\nPR: #42\n\n\
    ## Context\nROLE: review is text here\n\n## Acceptance Criteria\n- [ ] One\n";

fn id(text: &str) -> Name {
    text.parse().unwrap()
}

#[test]
fn reads_a_whole_header() {
    let task = parse(&id("TASK-a1b2c3d4"), EXAMPLE).unwrap();
    assert_eq!(task.title, "Add input validation");
    assert_eq!((task.role, task.priority), (TaskRole::Test, Priority::P1));
    assert_eq!(task.branch.as_deref(), Some("main"));
    assert_eq!(task.created_by.as_deref(), Some("pm-agent"));
    assert_eq!(task.blocked_by, [id("TASK-1"), id("TASK-2")]);
    assert_eq!(task.pr, Some(42));
    assert!(body(EXAMPLE).starts_with("## Context"));
}

#[test]
fn a_title_is_enough() {
    for text in ["# Fix it", "\u{feff}# Fix it\r\n", "# [x] Fix it\n\n## Context\n"] {
        let task = parse(&id("fix-it"), text).unwrap();
        assert_eq!(task.title, "Fix it", "{text:?}");
        assert_eq!((task.role, task.priority, task.attempts), (TaskRole::Implement, Priority::P2, 0));
    }
}

#[test]
fn says_what_is_wrong() {
    for (text, word) in [
        ("", "no title"),
        ("## Context\n", "no title"),
        ("# x\nROLE: implemnt\n", "did you mean implement"),
        ("# x\nROLE: a b\n", "use one of implement"),
        ("# x\nPRIORITY: P9\n", "P9"),
        ("# x\nPRIORITTY: P1\n", "did you mean PRIORITY"),
        ("# x\nROLE: test\nROLE: test\n", "duplicate key"),
        ("# x\nBLOCKED_BY: ../../x\n", "not a name"),
        ("# x\nPR: seven\n", "not a number"),
        ("# x\nCREATED: soon\n", "not a time"),
    ] {
        let problems = parse(&id("t"), text).unwrap_err().join("; ");
        assert!(problems.contains(word), "{text:?} gave {problems}");
    }
}

#[test]
fn edits_only_what_they_name() {
    let claimed = Edit::new().set(key::CLAIMED_BY, "impl-1").set(key::PRIORITY, Priority::P0).apply(EXAMPLE);
    assert_eq!(claimed, EXAMPLE.replace("P1", "P0").replace("#42\n", "#42\nCLAIMED_BY: impl-1\n"));
    let back = Edit::new().set(key::PRIORITY, Priority::P1).unclaim().apply(&claimed);
    assert_eq!(back, EXAMPLE);
    let crlf = EXAMPLE.replace('\n', "\r\n");
    assert_eq!(Edit::new().set(key::PR, "#42").apply(&crlf), crlf);
    let bare = Edit::new().set(key::ATTEMPTS, 1).apply("# Fix it");
    assert_eq!(bare, "# Fix it\n\nATTEMPTS: 1\n\n");
    assert_eq!(parse(&id("t"), &bare).unwrap().attempts, 1);
}

#[test]
fn sections_are_replaced_and_bounded() {
    let once = Edit::new().section("Result", "first\n## not a heading").apply(EXAMPLE);
    assert!(once.ends_with("\n\n## Result\n\nfirst\n\\## not a heading\n"), "{once}");
    let twice = Edit::new().section("Error", "oops").section("Result", &"x".repeat(5_000)).apply(&once);
    assert_eq!(twice.matches("## Result").count(), 1);
    assert!(!twice.contains("first"));
    assert!(twice.len() < EXAMPLE.len() + SECTION_MAX + 60);
    let gone = Edit::new().without_section("Result").without_section("Error").apply(&twice);
    assert_eq!(gone.trim_end(), EXAMPLE.trim_end());
}

#[test]
fn a_new_task_reads_back() {
    let new = NewTask {
        title: "--help $(touch x)\n../../x \"🎉\"".to_owned(),
        context: "ROLE: review\n## Result\nnot ours".to_owned(),
        criteria: vec!["one\ntwo".to_owned()],
        created_by: "human".to_owned(),
        proposal: Some(id("PROP-1")),
        ..NewTask::default()
    };
    let now = time::parse("2024-01-15T10:30:00Z").unwrap();
    let text = new.to_text(&id("TASK-1"), now);
    let task = parse(&id("TASK-1"), &text).unwrap();
    assert_eq!(task.title, "--help $(touch x) ../../x \"🎉\"");
    assert_eq!((task.role, task.created), (TaskRole::Implement, Some(now)));
    assert!(text.contains("- [ ] one two\n"), "{text}");
}

proptest! {
    #[test]
    fn any_text_is_survived(text in "(?s).{0,400}", value in ".{0,40}") {
        let _ = parse(&id("t"), &text);
        let _ = body(&text);
        let _ = Edit::new().set(key::RUN, value).section("Error", &text).apply(&text);
    }

    #[test]
    fn a_set_line_reads_back(title in "[a-zA-Z ]{1,30}x", branch in "[a-z/]{1,20}") {
        let text = format!("# {title}\n\n## Context\n\n{branch}\n");
        let edited = Edit::new().set(key::BRANCH, &branch).apply(&text);
        let task = parse(&id("t"), &edited).unwrap();
        prop_assert_eq!(task.branch.as_deref(), Some(branch.as_str()));
        prop_assert_eq!(body(&edited), body(&text));
        let cleared = Edit::new().clear(&[key::BRANCH]).apply(&edited);
        prop_assert_eq!(parse(&id("t"), &cleared).unwrap().branch, None);
    }
}
