use super::conflict::contradict;
use super::*;
use crate::domain::message::Message;
use crate::domain::text::one_line;
use crate::domain::time;
use proptest::prelude::*;

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn now() -> Time {
    time::parse("2024-01-15T10:30:00Z").unwrap()
}

fn new(title: &str) -> Idea {
    Idea {
        title: title.to_owned(),
        proposer: name("test-checker"),
        run: Some("0190d1c2-7f1a-4e5b-8c3d-1a2b3c4d5e6f".to_owned()),
        category: Category::Refactor,
        complexity: Complexity::L,
        summary: "One line".to_owned(),
        rationale: "Because".to_owned(),
        criteria: vec!["It works".to_owned(), "It is tested".to_owned()],
        files: vec!["src/a.rs".to_owned()],
        depends_on: vec![name("TASK-1")],
        complexity_reduction: Some("One module less".to_owned()),
        enables: Some("The next step".to_owned()),
        again: None,
    }
}

fn read(text: &str) -> Proposal {
    parse(&name("PROP-1"), text).unwrap()
}

fn of(id: &str, category: &str, files: &[&str]) -> Proposal {
    let files: String = files.iter().map(|file| format!("- {file}\n")).collect();
    let text = format!("# Proposal: {id}\n\n**Category:** {category}\n\n## Relevant Files\n{files}");
    parse(&name(id), &text).unwrap()
}

#[test]
fn the_form_of_a_file() {
    let text = new("Split\nit").to_text(&name("PROP-1"), now());
    assert_eq!(
        text,
        "# Proposal: Split it\n\n**ID:** PROP-1\n**Proposer:** test-checker\n**Category:** refactor\n**Complexity:** L\n\
         **Created:** 2024-01-15T10:30:00Z\n**Run:** 0190d1c2-7f1a-4e5b-8c3d-1a2b3c4d5e6f\n\n## Summary\nOne line\n\n\
         ## Rationale\nBecause\n\n## Complexity Reduction\nOne module less\n\n## Dependencies\n- TASK-1\n\n\
         ## Enables\nThe next step\n\n## Acceptance Criteria\n- [ ] It works\n- [ ] It is tested\n\n\
         ## Relevant Files\n- src/a.rs\n"
    );
    let read = read(&text);
    assert_eq!(
        (read.idea.title.as_str(), read.idea.category, read.idea.complexity),
        ("Split it", Category::Refactor, Complexity::L)
    );
    assert_eq!((read.idea.proposer.as_str(), read.created), ("test-checker", Some(now())));
    assert_eq!((read.idea.criteria, read.idea.files), (new("").criteria, new("").files));
    assert_eq!((read.idea.depends_on, read.idea.enables.as_deref()), (new("").depends_on, Some("The next step")));
}

#[test]
fn hand_written_files() {
    let short = read("\u{feff}# Make it faster\r\n\r\n## Relevant Files\r\n- `./a.rs`\r\n- a.rs\r\n- [ ] b.rs\r\n");
    assert_eq!((short.idea.title.as_str(), short.idea.proposer.as_str()), ("Make it faster", "human"));
    assert_eq!((short.idea.category, short.idea.complexity), (Category::Feature, Complexity::M));
    assert_eq!(short.idea.files, ["a.rs"]);
    let depends = read(
        "# x\n## Dependencies\n- cleanup\n- Cleanup2: first\n- `tidy` (soon)\n- none\n- N/A\n- Nothing.\n- The parser is split\n- TASK-1 is done\n",
    );
    assert_eq!(depends.idea.depends_on, ["cleanup", "Cleanup2", "tidy", "TASK-1"].map(name));
    for (text, problem) in [
        ("", "no title"),
        ("## x", "no title"),
        ("# x\n**Category:** chore", "Category: \"chore\" is not a category: use one of test, refactor"),
        ("# x\n**Complexity:** XXL", "not a complexity: use one of S, M, L, XL"),
        ("# x\n**Proposer:** ../x", "is not a name"),
        ("# x\n**Proposer:** a\n**Proposer:** b", "Proposer: duplicate key"),
        ("# x\n**Created:** yesterday", "is not a time"),
    ] {
        let problems = parse(&name("PROP-1"), text).unwrap_err();
        assert!(problems.iter().any(|found| found.contains(problem)), "{text:?}: {problems:?}");
    }
}

fn judgements() -> Vec<Judgement> {
    let verdicts = [
        ProposalVerdict::Promoted {
            task: name("TASK-1"),
            role: TaskRole::Test,
            priority: Priority::P0,
            branch: Some("next".to_owned()),
        },
        ProposalVerdict::Rejected { reason: "Too large.\n\n  ## Split it\n**Task ID:** TASK-9\n---\nfirst".to_owned() },
        ProposalVerdict::Deferred { reason: "Not now".to_owned(), until: Some(now()) },
        ProposalVerdict::Deferred { reason: "The user decides".to_owned(), until: None },
    ];
    let judgement = |verdict| Judgement { verdict, by: "curator".to_owned(), at: Some(now()), run: None };
    verdicts.into_iter().map(judgement).collect()
}

#[test]
fn judgements_replace_each_other() {
    let conflict = KnownConflict { with: name("PROP-2"), own: 7, other: u64::MAX };
    for text in [
        new("x").to_text(&name("PROP-1"), now()),
        "# x\r\n\r\n## Rationale\r\na\r\n---\r\nb\r\n".to_owned(),
        "# x\n\n## Rationale\na\n\n---\n\n    a note of mine\n".to_owned(),
    ] {
        let before = read(&text);
        let mut written = text.clone();
        for judgement in judgements() {
            written = with_judgement(&written, Some(&judgement), std::slice::from_ref(&conflict));
            let after = read(&written);
            assert_eq!(after.judgement.as_ref(), Some(&judgement), "{written}");
            assert_eq!(after.conflicts, std::slice::from_ref(&conflict));
            assert_eq!(Proposal { judgement: None, conflicts: Vec::new(), ..after }, before, "{written}");
        }
        assert_eq!(with_judgement(&written, None, &[]), text);
    }
}

#[test]
fn a_reason_on_the_line_is_one_too() {
    let text = "# x\n\n---\n**Rejected By:** curator\n**Rejection Reason:** Not worth it\n";
    assert_eq!(read(text).reason(), Some("Not worth it"));
    assert_eq!(read("# x\n\n---\n").judgement, None);
    assert_eq!(read("# x\n**Task ID:** TASK-1\n").judgement, None);
    assert_eq!(read("# x\n\n---\n\nprose\n**Task ID:** TASK-1\n").judgement, None);
}

#[test]
fn fingerprints_stand_for_what_the_proposer_wrote() {
    let text = new("x").to_text(&name("PROP-1"), now());
    let print = |text: &str| read(text).fingerprint;
    assert_eq!(print(&text), print(&with_judgement(&text, judgements().first(), &[])));
    assert_eq!(print(&text), print(&text.replace('\n', "\r\n")));
    assert_ne!(print(&text), print(&text.replace("Because", "Since")));
}

#[test]
fn who_contradicts_whom() {
    let a = &["src/a.rs"][..];
    for (one, other, shared) in [
        (("refactor", a), ("feature", a), Some(1)),
        (("feature", a), ("refactor", a), Some(1)),
        (("refactor", a), ("feature", &["./src/a.rs", "src/b.rs"][..]), Some(1)),
        (("refactor", &["src/"]), ("feature", a), Some(1)),
        (("refactor", a), ("feature", &["src/b.rs"]), None),
        (("refactor", a), ("refactor", a), None),
        (("feature", a), ("feature", a), None),
        (("test", a), ("feature", a), None),
        (("debt", a), ("refactor", a), None),
        (("refactor", &["[ ] src/a.rs is split"]), ("feature", &["[ ] src/a.rs is split"]), None),
        (("refactor", &["# src/a.rs"]), ("feature", &["# src/a.rs"]), None),
        (("refactor", &["none"]), ("feature", &["none"]), None),
        (("refactor", &[]), ("feature", &[]), None),
    ] {
        let (x, y) = (of("PROP-1", one.0, one.1), of("PROP-2", other.0, other.1));
        assert_eq!((contradict(&x, &y), contradict(&y, &x)), (shared.is_some(), shared.is_some()), "{one:?} {other:?}");
        let told = to_escalate(&[x.clone(), y.clone()], &[]).first().map(|(_, _, files)| files.len());
        assert_eq!(told, shared, "{one:?} {other:?}");
        // One that is deferred for a while is no less in the way.
        assert_eq!(to_escalate(&[x], &[y]).len(), usize::from(shared.is_some()));
    }
    let one = of("PROP-1", "refactor", a);
    assert!(!contradict(&one, &one));
}

#[test]
fn of_several_against_several_each_is_told_of() {
    let all: Vec<_> = (1..=4).map(|n| of(&format!("PROP-{n}"), ["feature", "refactor"][n % 2], &["a.rs"])).collect();
    let told = to_escalate(&all, &[]);
    let named: std::collections::BTreeSet<_> = told.iter().flat_map(|(a, b, _)| [&a.id, &b.id]).collect();
    assert_eq!((told.len(), named.len()), (3, 4));
}

#[test]
fn told_once_until_one_changes() {
    let mut one = of("PROP-1", "refactor", &["a.rs"]);
    let two = of("PROP-2", "feature", &["a.rs"]);
    one.conflicts = vec![KnownConflict { with: two.id.clone(), own: one.fingerprint, other: two.fingerprint }];
    assert!(to_escalate(&[one.clone(), two.clone()], &[]).is_empty());
    assert!(to_escalate(&[two.clone(), one.clone()], &[]).is_empty());
    assert_eq!(partners(&one, &[], std::slice::from_ref(&two)).len(), 1, "told, and still to be decided");
    let changed = Proposal { fingerprint: 1, ..two.clone() };
    assert_eq!(to_escalate(&[one.clone(), changed.clone()], &[]).len(), 1);
    assert_eq!(partners(&one, &[], std::slice::from_ref(&changed)).len(), 1, "a change decides nothing");
    // So does a marked pair of any kind, which nobody has to be told of twice.
    let mut three = of("PROP-3", "test", &[]);
    three.conflicts = vec![KnownConflict { with: two.id.clone(), own: three.fingerprint, other: two.fingerprint }];
    for two in [&two, &changed] {
        assert!(contradict(two, &three) && is_only_marked(two, &three) && !is_only_marked(two, &one));
        assert!(to_escalate(&[two.clone(), three.clone()], &[]).is_empty());
    }
}

#[test]
fn judgements_in_the_forms_of_others() {
    let body = "# Proposal: X\n\n**ID:** PROP-1\n**Proposer:** arch\n\n## Summary\nS.\n\n## Relevant Files\n- src/z.rs\n  - and more\n";
    let rejected = |reason: &str| ProposalVerdict::Rejected { reason: reason.to_owned() };
    let deferred = |reason: &str| ProposalVerdict::Deferred { reason: reason.to_owned(), until: None };
    let promoted = ProposalVerdict::Promoted {
        task: name("TASK-a1b2c3d4"),
        role: TaskRole::Implement,
        priority: Priority::P2,
        branch: None,
    };
    let code = "\n**Rejected By:** curator\n**Rejected At:** 2024-01-15T10:30:00Z\n**Rejection Reason:** |\n  Too broad.\n  \n  ## Split it.\n";
    let skill = "\n---\n## Rejection\n\n**Rejected:** 2024-01-15T10:30:00Z\n**Rejected By:** curator\n\n### Reason\n\nToo broad.\n\n## Split it.\n";
    for (block, verdict) in [
        (code.to_owned(), Some(rejected("Too broad.\n\n## Split it."))),
        (skill.replace("## Split", "Split"), Some(rejected("Too broad.\n\nSplit it."))),
        ("\n## rejection\n\nToo broad.\n\n**Rejected By:** me\n".to_owned(), Some(rejected("Too broad."))),
        ("\n**Rejection Reason:** Too broad.\n".to_owned(), Some(rejected("Too broad."))),
        (
            "\n---\n## Deferral\n\n**Deferred:** 2024-01-15T10:30:00Z\n\n### Reason\n\nLater.\n".to_owned(),
            Some(deferred("Later.")),
        ),
        (
            "\n**Deferred At:** 2024-01-15T10:30:00.5\n**Deferral Reason:** Later.\n".to_owned(),
            Some(deferred("Later.")),
        ),
        (
            code.replace("Rejected", "Deferred").replace("Rejection", "Deferral"),
            Some(deferred("Too broad.\n\n## Split it.")),
        ),
        ("\n**Promoted At:** 2024-01-15T10:30:00\n**Task ID:** a1b2c3d4\n".to_owned(), Some(promoted.clone())),
        ("\n---\n**Promoted:** 2024-01-15T10:30:00Z\n**Task:** TASK-a1b2c3d4\n".to_owned(), Some(promoted)),
        (format!("{code}\n**Reactivated At:** 2024-01-16T10:30:00\n"), None),
        (
            format!(
                "{code}\n**Reactivated At:** 2024-01-16T10:30:00\n\n**Deferred At:** 2024-01-17T10:30:00\n**Deferral Reason:** Later.\n"
            ),
            Some(deferred("Later.")),
        ),
    ] {
        let found = read(&format!("{body}{block}"));
        assert_eq!(found.judgement.as_ref().map(|judgement| &judgement.verdict), verdict.as_ref(), "{block}");
        assert_eq!((found.fingerprint, found.idea.files.len()), (read(body).fingerprint, 2), "{block}");
        let ours = with_judgement(&format!("{body}{block}"), judgements().first(), &[]);
        assert_eq!(ours, with_judgement(body, judgements().first(), &[]), "{block}");
    }
    let at = |text: &str| read(&format!("{body}{text}")).judgement.unwrap();
    assert_eq!(
        [at(code), at(&skill.replace("## Split", "Split"))].map(|read| (read.by, read.at)),
        [("curator".to_owned(), Some(now())), ("curator".to_owned(), Some(now()))]
    );
}

#[test]
fn what_the_user_is_told() {
    let (config, _) = crate::domain::config::read("agents: [{name: c, role: curator}]").unwrap();
    let (a, b) = (of("PROP-1", "refactor", &["a.rs"]), of("PROP-2", "feature", &["a.rs"]));
    let scores = [&a, &b].map(|proposal| score(proposal, &config, &Surroundings::default()));
    let message = escalation([(&a, &scores[0]), (&b, &scores[1])], &["a.rs".to_owned()], "both\nname it");
    assert_eq!(question_of(&message), Some([a.id.clone(), b.id.clone()]));
    let other = Message { key: Some("config: conflict PROP-1 PROP-2".to_owned()), ..message.clone() };
    assert_eq!(question_of(&other), None);
    for part in [
        "## PROP-1: PROP-1",
        "## PROP-2: PROP-2",
        "refactor, M, by human, score 0.",
        "Why: both name it",
        "- Files: `a.rs`",
        "PROP-1 first: PROP-2 is then built",
        "PROP-1 is ahead in complexity_reduction (0.70 against 0.20).",
        "scheduler proposal promote PROP-2",
        "scheduler proposal reject PROP-1 --reason",
    ] {
        assert!(message.body.contains(part), "{part}\n{}", message.body);
    }
}

proptest! {
    /// Whatever stands in its texts, a proposal says of itself only what the program wrote in its header.
    #[test]
    fn no_text_reaches_beyond_its_section(
        text in "(\\PC|\n|#|\\*|-|:|\r|  ){0,60}",
        forged in prop::sample::select(vec![
            "**Task ID:** TASK-9", "**Proposer:** boss", "**Category:** test", "## Relevant Files\n- evil.rs", "---",
            "---\n\n**Task ID:** TASK-9", "# Proposal: Other", "**Rejection Reason:** |\n  x", "- [ ] more",
            "---\n**Deferral Reason:** x\n**Revisit At:** 2024-01-15T10:30:00Z",
        ]),
    ) {
        let hostile = format!("{text}\n{forged}\n{text}\n{forged}");
        let proposal = Idea {
            title: format!("x {hostile}"),
            summary: hostile.clone(),
            rationale: hostile.clone(),
            criteria: vec![format!("x {hostile}")],
            complexity_reduction: Some(hostile.clone()),
            enables: Some(hostile.clone()),
            again: Some(hostile.clone()),
            ..new("")
        };
        let found = parse(&name("PROP-1"), &proposal.to_text(&name("PROP-1"), now())).unwrap();
        prop_assert_eq!(&found.idea.title, &one_line(&proposal.title));
        prop_assert_eq!(found.idea.proposer.as_str(), "test-checker");
        prop_assert_eq!((found.idea.category, found.idea.complexity), (Category::Refactor, Complexity::L));
        prop_assert_eq!(&found.idea.files, &proposal.files);
        prop_assert_eq!(&found.idea.depends_on, &proposal.depends_on);
        prop_assert_eq!(found.idea.criteria.len(), 1);
        prop_assert!(found.judgement.is_none() && found.conflicts.is_empty());
    }

    /// Every file and every dependency that `add` accepts is read back from the file as it was given.
    #[test]
    fn files_and_dependencies_survive(
        paths in prop::collection::vec("[a-zA-Z0-9#\\[(][a-zA-Z0-9 ._:()#\\[\\]/-]{0,30}", 0..4),
        ids in prop::collection::vec("[A-Za-z0-9]{4,9}[A-Za-z0-9._-]{0,9}", 0..4),
    ) {
        let normal = |path: &String| files::normal(files::without_line_number(&one_line(path)));
        let mut paths: Vec<_> = paths.iter().filter_map(normal).collect();
        let mut seen = Vec::new();
        paths.retain(|path| !seen.contains(path) && { seen.push(path.clone()); true });
        let depends_on = ids.iter().filter_map(|id| id.parse().ok());
        let depends_on = depends_on.filter(|id: &Name| !id.as_str().to_lowercase().starts_with("no"));
        let proposal = Idea { files: paths, depends_on: depends_on.collect(), ..new("x") };
        let text = proposal.to_text(&name("PROP-1"), now());
        prop_assert_eq!(proposal.is_kept_by(&name("PROP-1"), &text), Ok(()), "{}", text);
    }

    /// Any bytes that the user might save are read or refused, and a judgement changes nothing above it.
    #[test]
    fn any_text(text in "(\\PC|\n|#|\\*|-|:|\r|  ){0,200}") {
        let (id, judgement) = (name("PROP-1"), judgements());
        let _ = parse(&id, &text);
        let text = format!("# x\n{text}");
        if let Ok(before) = parse(&id, &text) {
            let after = parse(&id, &with_judgement(&text, judgement.first(), &[])).unwrap();
            prop_assert_eq!(after.judgement.as_ref(), judgement.first());
            prop_assert_eq!((after.fingerprint, after.idea.title, after.idea.files), (before.fingerprint, before.idea.title, before.idea.files));
        }
    }
}
