//! What an agent with a shell can reach beyond its worktree: the attempts are a table, played by the stand-in for claude, confined
//! and not. What gets through is held beside the README's list, which may only shrink.

mod planted;
pub mod readme;
mod surroundings;

use crate::support::Test;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    time::Duration,
};
use surroundings::Surroundings;

const ATTEMPTS: &str = include_str!("confinement/attempts.sh");
/// Of all attempts at most so many kinds may get through.
const MOST_LEAKS: usize = 4;

/// What became of the table's lines: word → the lines with it, without it.
struct Lines(BTreeMap<String, Vec<String>>);

impl Lines {
    fn with(&self, word: &str) -> &[String] {
        self.0.get(word).map_or(&[], Vec::as_slice)
    }

    /// The kinds, the first words, of the lines that got through.
    fn leaks(&self) -> BTreeSet<&str> {
        self.with("through").iter().filter_map(|line| line.split(' ').next()).collect()
    }
}

/// A run of the whole table; `sandbox` becomes the key's value.
fn play(sandbox: &str) -> (Test, Lines) {
    let test = Test::with_implementer();
    let surroundings = Surroundings::new(&test);
    let stage = test.root().join("claude");
    test.agents_and(
        &[("a1", "implementer"), ("a2", "implementer")],
        &format!("defaults:\n  sandbox: {{mode: {sandbox}, write: ['{}']}}", stage.display()),
    );
    let waiting = "echo \"OTHER_RUN=$RUN_ID OTHER_G='$(git rev-parse --absolute-git-dir)'\" >\"$stage/other-run.new\"; mv \"$stage/other-run.new\" \"$stage/other-run\"\n\
                   until [ -e \"$stage/over\" ]; do rest 0.1; done\nfinish";
    let trying =
        format!("until [ -e \"$stage/other-run\" ]; do rest 0.1; done\n{ATTEMPTS}\n: >\"$stage/over\"; finish");
    test.claude.plays("a1", &trying).plays("a2", waiting);
    test.task_for("TASK-2", "implement").task_for("TASK-3", "test");
    test.tick();
    test.wait_at_most(Duration::from_secs(240), "the end of the table", || stage.join("over").exists());
    if sandbox == "off" {
        // What it did to git's settings holds it back until the user has looked.
        test.end_all();
    } else {
        test.wait_until("the end of both runs", || test.all_idle());
    }
    surroundings.end();
    let text = fs::read_to_string(stage.join("lines")).unwrap();
    let mut lines = BTreeMap::<_, Vec<_>>::new();
    for (word, line) in text.lines().filter_map(|line| line.split_once(' ')) {
        lines.entry(word.to_owned()).or_default().push(line.to_owned());
    }
    let all = ATTEMPTS.lines().filter(|line| ["t ", "g ", "m "].iter().any(|kind| line.starts_with(kind))).count();
    assert!(lines.values().map(Vec::len).sum::<usize>() >= all, "the table was not played to its end:\n{text}");
    let lines = Lines(lines);
    eprintln!(
        "attempts, {sandbox}: {} stopped, {} through, {} for want of a program not made; {} things work",
        lines.with("stopped").len(),
        lines.with("through").len(),
        lines.with("absent").len(),
        lines.with("works").len(),
    );
    eprintln!(
        "attempts, {sandbox}, stopped: {:?}\nattempts, {sandbox}, through: {:?}",
        lines.with("stopped"),
        lines.with("through")
    );
    assert_eq!(lines.with("broken"), [] as [&str; 0], "{sandbox}: what must work");
    assert_eq!(lines.with("unguarded"), [] as [&str; 0], "{sandbox}: what the supervisor itself stops");
    (test, lines)
}

#[test]
fn confined_it_reaches_what_the_readme_names() {
    if !readme::can_confine(&Test::new()) {
        eprintln!("SKIPPED: this system can't confine a run: nothing was proved");
        return;
    }
    let (_test, lines) = play("required");
    let (found, named) = (lines.leaks(), readme::leaks());
    assert_eq!(found, named.iter().map(String::as_str).collect(), "through: {:#?}", lines.with("through"));
    assert!(named.len() <= MOST_LEAKS, "the list may only shrink: {named:?}");
}

/// An attempt that fails anyway proves nothing.
#[test]
fn without_a_sandbox_the_same_attempts_succeed() {
    let (_test, lines) = play("off");
    let (through, stopped) = (lines.with("through").len(), lines.with("stopped"));
    assert!(stopped.len() * 10 <= through, "attempts that prove nothing: {stopped:#?}");
}
