use super::*;
use crate::domain::{config, proposal};

fn config(more: &str) -> Config {
    config::read(&format!("{more}\nagents: [{{name: a, role: curator}}]")).unwrap().0
}

fn proposal(lines: &str) -> Proposal {
    proposal::parse(&"PROP-1".parse().unwrap(), &format!("# Proposal: Cache the login page\n{lines}")).unwrap()
}

fn factor(score: &Score, name: &str) -> (f64, String) {
    let factor = score.factors.iter().find(|factor| factor.name == name).unwrap();
    ((factor.value * 100.0).round() / 100.0, factor.why.clone())
}

fn files(names: &[&str]) -> String {
    names.iter().fold("\n## Relevant Files\n".to_owned(), |text, name| text + &format!("- {name}\n"))
}

#[test]
fn weights() {
    for (yaml, weights, note) in [
        ("", [0.30, 0.25, 0.15, 0.15, 0.15], None),
        ("curator_scoring: {risk: 1.15}", [0.15, 0.125, 0.575, 0.075, 0.075], Some("add up to 2.00, not 1")),
        (
            "curator_scoring: {priority_alignment: 0, complexity_reduction: 0, risk: 0, dependencies_met: 0, voice_weight: 0}",
            [0.2; 5],
            Some("all 0"),
        ),
        (
            "curator_scoring: {priority_alignment: 0, complexity_reduction: 0, risk: 3, dependencies_met: 0, voice_weight: 1}",
            [0.0, 0.0, 0.75, 0.0, 0.25],
            Some("add up to 4.00"),
        ),
    ] {
        let score = score(&proposal(""), &config(yaml), &Surroundings::default());
        for (factor, weight) in score.factors.iter().zip(weights) {
            assert!((factor.weight - weight).abs() < 1e-9, "{yaml}: {factor:?}");
        }
        assert_eq!(score.note.is_some(), note.is_some(), "{yaml}");
        assert!(note.is_none_or(|note| score.note.as_ref().unwrap().contains(note)), "{:?}", score.note);
        let sum: f64 = score.factors.iter().map(|factor| factor.value * factor.weight).sum();
        assert!((score.total - sum).abs() < 1e-9);
    }
}

#[test]
fn voices() {
    let of = |proposer: &str, yaml: &str| {
        let proposal = proposal(&format!("**Proposer:** {proposer}\n"));
        factor(&score(&proposal, &config(yaml), &Surroundings::default()), "voice_weight")
    };
    assert_eq!(of("plan-reader", ""), (1.5, "voice_weights of plan-reader".to_owned()));
    assert_eq!(of("PLAN-reader", "").0, 1.5);
    assert_eq!(of("app-designer", "").0, 0.8);
    assert_eq!(of("somebody", ""), (1.0, "somebody is not in voice_weights".to_owned()));
    assert_eq!(of("somebody", "voice_weights: {somebody: 0.3}").0, 0.3);
}

#[test]
fn dependencies() {
    let surroundings = Surroundings { done: vec!["TASK-1".parse().unwrap()], ..Surroundings::default() };
    for (list, value, why) in [
        ("", 1.0, "depends on nothing"),
        ("- none\n", 1.0, "depends on nothing"),
        ("- TASK-1\n", 1.0, "1 of 1 done"),
        ("- TASK-1\n- PROP-9\n", 0.5, "1 of 2 done; not yet: PROP-9"),
        ("- TASK-2\n", 0.0, "0 of 1 done; not yet: TASK-2"),
    ] {
        let proposal = proposal(&format!("## Dependencies\n{list}"));
        let found = factor(&score(&proposal, &config(""), &surroundings), "dependencies_met");
        assert_eq!(found, (value, why.to_owned()), "{list}");
    }
}

#[test]
fn risks() {
    let busy = |label: &str, files: &[&str], text: &str| Busy {
        label: label.to_owned(),
        files: files.iter().map(|file| (*file).to_owned()).collect(),
        text: text.to_owned(),
    };
    let surroundings = Surroundings {
        busy: vec![busy("TASK-1 (claimed)", &[], "Mend src/a.rs."), busy("pull request 7", &["src/b.rs"], "")],
        ..Surroundings::default()
    };
    for (complexity, names, value, word) in [
        ("S", &["x.rs"][..], 1.0, "nothing under way"),
        ("XL", &["x.rs"], 0.75, "complexity XL: 0.25"),
        ("S", &[], 0.83, "names no file"),
        ("S", &["1", "2", "3"], 0.93, "3 files: 0.8"),
        ("S", &["src/a.rs"], 0.83, "TASK-1 (claimed) touches them"),
        ("S", &["./src/b.rs"], 0.83, "pull request 7 touches them"),
        ("S", &["src/a.rs", "src/b.rs"], 0.67, "TASK-1 (claimed), pull request 7 touch them"),
        ("M", &["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"], 0.65, "11 files: 0.2"),
    ] {
        let proposal = proposal(&format!("**Complexity:** {complexity}\n{}", files(names)));
        let (found, why) = factor(&score(&proposal, &config(""), &surroundings), "risk");
        assert!((found - value).abs() < 0.011 && why.contains(word), "{complexity} {names:?}: {found} {why}");
    }
}

#[test]
fn complexity_reductions() {
    for (category, said, value) in [
        ("refactor", false, 0.7),
        ("refactor", true, 1.0),
        ("debt", false, 0.6),
        ("debt", true, 0.9),
        ("test", false, 0.3),
        ("plan-task", false, 0.3),
        ("feature", false, 0.2),
        ("feature", true, 0.5),
    ] {
        let section = format!("\n## Complexity Reduction\n{}\n", if said { "One module less." } else { "None." });
        let proposal = proposal(&format!("**Category:** {category}\n{section}"));
        let found = factor(&score(&proposal, &config(""), &Surroundings::default()), "complexity_reduction").0;
        assert_eq!(found, value, "{category} {said}");
    }
}

#[test]
fn what_a_task_says_of_files() {
    let files = ["src/a.rs".to_owned(), "src/b.rs".to_owned()];
    for (text, touched) in [
        ("# x\n\n## Context\nMend src/a.rs.\n", &files[..1]),
        ("# x\n\n## Context\nUnlike src/a.rs.\n\n## Relevant Files\n\n- `src/b.rs`\n", &files[1..]),
        ("# x\n\n## Relevant Files\n\n- src/\n", &files[..]),
        ("# x\n", &[]),
    ] {
        assert_eq!(Busy::of_task("t".to_owned(), text).touches(&files), touched, "{text}");
    }
}

#[test]
fn priorities() {
    for (yaml, value) in [
        ("", 0.5),
        ("priorities: []", 0.5),
        ("priorities: [login]", 0.8),
        ("priorities: [LOGIN PAGE]", 0.8),
        ("priorities: [page login]", 0.2),
        ("priorities: [log]", 0.2),
        ("priorities: ['src/auth/**']", 0.8),
        ("priorities: [src/auth]", 0.8),
        ("priorities: [./src/auth/]", 0.8),
        ("priorities: [src/auth/login.rs]", 0.8),
        ("priorities: [src/au]", 0.2),
        ("priorities: ['[login] page']", 0.8),
        ("priorities: [speed, login, 'src/**']", 1.0),
    ] {
        let text = files(&["src/auth/login.rs"]);
        let found = factor(&score(&proposal(&text), &config(yaml), &Surroundings::default()), "priority_alignment").0;
        assert_eq!(found, value, "{yaml}");
    }
}

/// What a proposal claims about itself in its text is worth nothing.
#[test]
fn no_text_names_a_number() {
    let plain = "\n## Summary\nIt is slow.\n";
    let boastful = format!(
        "{plain}\n## Rationale\n**Score:** 1.0\nvoice_weight: 100\n**Proposer:** plan-reader\n**Category:** refactor\n\
         priority_alignment 1.0 curator_scoring: {{risk: 9}}\n"
    );
    let of = |text: &str| score(&proposal(text), &config(""), &Surroundings::default());
    assert_eq!(of(plain), of(&boastful));
}
