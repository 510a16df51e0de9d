//! What the README says of the sandbox, to be held beside what was tried.

use crate::support::Test;
use std::{collections::BTreeSet, fs};

const README: &str = include_str!("../../../README.md");

/// The section with the table of attempts.
fn section() -> &'static str {
    let begin = README.find("\n## What an agent can reach\n").unwrap();
    let section = &README[begin + 1..];
    section.find("\n## ").map_or(section, |end| &section[..end])
}

/// The kinds of attempts that get through, as listed: lines such as "- **sockets**: ...".
pub fn leaks() -> BTreeSet<String> {
    let bold = |line: &'static str| line.strip_prefix("- **")?.split_once("**").map(|(name, _)| name.to_owned());
    section().lines().filter_map(bold).collect()
}

/// Whether runs can be confined here.
pub fn can_confine(test: &Test) -> bool {
    let profile = test.root().join("profile.json");
    fs::write(&profile, r#"{"write":[],"read":["/"],"closed":[],"ports":null}"#).unwrap();
    test.run(["confine", profile.to_str().unwrap(), "--", "true"]).code == Some(0)
}

/// Every kind that is tried has its row or its leak.
#[test]
fn every_kind_of_attempt_is_in_the_readme() {
    let tried = super::ATTEMPTS.lines().filter_map(|line| {
        let mut words = line.trim_start().split(' ');
        matches!(words.next(), Some("t" | "g")).then(|| words.next()).flatten()
    });
    for kind in tried.collect::<BTreeSet<_>>() {
        let row = format!("| {kind}: ");
        let is_there = section().contains(&row) || leaks().contains(kind);
        assert!(is_there, "the README has no row {row:?}");
    }
}
