//! Holds the house rules: which layer may import which, who may print, how modules begin, how long files are.
//!
//! It reads the source text alone; comments and strings are no code to it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests read files by hand and fail by panicking")]

mod rules;
mod source;

use rules::violations;
use source::Source;
use std::{
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file with one of these endings under a directory of the package.
fn files(dir: &str, endings: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    collect(&root().join(dir), endings, &mut found);
    found.sort_by(|a, b| a.file.cmp(&b.file));
    found
}

fn collect(dir: &Path, endings: &[&str], found: &mut Vec<Source>) {
    for path in fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            collect(&path, endings, found);
        } else if path.extension().is_some_and(|ending| endings.iter().any(|wanted| ending == *wanted)) {
            let relative = path.strip_prefix(root()).unwrap().to_str().unwrap();
            found.push(Source::new(relative, &fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn the_layers_hold() {
    let sources = files("src", &["rs"]);
    assert!(sources.len() > 5, "the sources were not found");
    let found: Vec<_> = sources.iter().flat_map(violations).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_module_says_what_it_is_for() {
    let mut sources = files("src", &["rs"]);
    sources.extend(files("tests", &["rs"]));
    sources.extend(files("benches", &["rs"]));
    // The tests of a module in a file beside it are the module's, as they would be inside it.
    let silent: Vec<_> = sources
        .iter()
        .filter(|source| !source.file.ends_with("/tests.rs") && !source.has_module_doc())
        .map(|source| &source.file)
        .collect();
    assert!(silent.is_empty(), "these do not begin with `//!`: {silent:#?}");
}

#[test]
fn no_file_is_long() {
    let mut sources = files("src", &["rs"]);
    sources.extend(files("tests", &["rs", "sh"]));
    sources.extend(files("benches", &["rs"]));
    let long: Vec<_> =
        sources.iter().filter(|source| source.lines > 400).map(|source| (&source.file, source.lines)).collect();
    assert!(long.is_empty(), "these have more than 400 lines: {long:#?}");
}

#[test]
fn no_module_is_a_heap() {
    let heap = |source: &&Source| {
        source
            .module
            .iter()
            .any(|name| ["util", "utils", "helper", "helpers", "common", "misc"].contains(&name.as_str()))
    };
    let mut sources = files("src", &["rs"]);
    sources.extend(files("tests", &["rs"]));
    let found: Vec<_> = sources.iter().filter(heap).map(|source| &source.file).collect();
    assert!(found.is_empty(), "name what these are for: {found:#?}");
}

/// The commands that the README tells its reader to type, of those that begin with these words.
fn commands_of_the_readme(words: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join("README.md")).unwrap_or_else(|error| panic!("README.md: {error}"));
    let mut inside = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        } else if inside && line.starts_with(words) {
            found.push(line.to_owned());
        }
    }
    found
}

#[test]
fn the_readme_names_one_test_command_and_ci_runs_it() {
    let mut commands = commands_of_the_readme("cargo test");
    commands.dedup();
    assert_eq!(commands.len(), 1, "the README must name one test command: {commands:?}");
    assert!(commands[0].contains("--locked"), "{}", commands[0]);
    let ci = fs::read_to_string(root().join(".ci/run")).unwrap();
    let typed: Vec<_> = ci.lines().filter(|line| line.trim_start().starts_with("cargo test")).collect();
    assert!(typed.is_empty(), ".ci/run has a test command of its own, not the README's: {typed:?}");
    assert!(ci.contains("README.md"), ".ci/run does not read the README's test command");
}
