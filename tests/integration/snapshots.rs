//! Every screen as the user sees it, compared with the copies in `snapshots/`. A screen that differs fails the test.
//!
//! After a change that is meant, accept the new screens, and read what `git diff` says of them:
//!
//! ```sh
//! INSTA_UPDATE=always cargo test --locked --test integration snapshots
//! ```
//!
//! The clock stands still. What still differs from run to run is replaced by a name in brackets, and nothing else is.

mod faults;
mod help;
mod pull_requests;
mod team;

use crate::support::{BINARY, Output, Test};
use std::path::Path;

/// What these commands show, one after the other, is what was accepted under this name.
#[track_caller]
fn assert_screens(test: &Test, name: &str, commands: &[&str]) {
    let mut text = String::new();
    test.set_env("COLUMNS", "80");
    for command in commands {
        let screen = screen(&test.run(command.split_whitespace()));
        text.push_str(&format!("$ {}\n{screen}\n", format!("scheduler {command}").trim_end()));
    }
    assert_accepted("snapshots", name, &stable(test, &text));
}

#[track_caller]
fn assert_accepted(folder: &str, name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// What a terminal would show, and the exit code of a failure.
fn screen(output: &Output) -> String {
    let Output { stdout, stderr, code, .. } = output;
    let stderr: String = stderr.lines().map(|line| format!("[stderr] {line}\n")).collect();
    let code = code.filter(|code| *code != 0).map_or(String::new(), |code| format!("[exit code {code}]\n"));
    format!("{stdout}{stderr}{code}")
}

/// The text without what differs from run to run: folders, commits, the ids of runs, and how much of the disk is free.
fn stable(test: &Test, text: &str) -> String {
    let binaries = Path::new(BINARY).parent().unwrap();
    let text = text.replace(test.root().to_str().unwrap(), "[root]").replace(binaries.to_str().unwrap(), "[binaries]");
    let mut stable = String::new();
    for line in text.lines() {
        if let Some((before, after)) = line.split_once(" MiB are free") {
            let before = before.trim_end_matches(|letter: char| letter.is_ascii_digit());
            stable.push_str(&format!("{before}[some] MiB are free{after}\n"));
            continue;
        }
        for piece in line.split_inclusive(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-') {
            let word = piece.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-');
            stable.push_str(&named(word));
            stable.push_str(&piece[word.len()..]);
        }
        stable.push('\n');
    }
    stable
}

/// The word, or a name in place of the id of a run or of a commit, whole or in short.
fn named(word: &str) -> String {
    let is_hex = |part: &str| part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let is_long_hex = |part: &str| part.len() > 6 && is_hex(part);
    let lengths: Vec<_> = word.split('-').map(str::len).collect();
    match word.rsplit_once('-') {
        _ if lengths == [8, 4, 4, 4, 12] && word.split('-').all(is_hex) => "[run]".to_owned(),
        None if word.len() == 8 && is_hex(word) => "[run]".to_owned(),
        None if is_long_hex(word) => "[commit]".to_owned(),
        Some((before, commit)) if before.starts_with("TASK-pr") && is_long_hex(commit) => format!("{before}-[commit]"),
        _ => word.to_owned(),
    }
}
