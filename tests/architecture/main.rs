//! Holds the house rules: which layer may import which, who may print, how modules begin, how long files are.
//!
//! It reads the source line by line, as rustfmt lays it out; a line that begins with `//` is no code to it.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests read files by hand and fail by panicking")]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The layers, and what each may import beside itself.
const LAYERS: [(&str, &[&str]); 6] = [
    ("domain", &[]),
    ("sys", &["domain"]),
    ("store", &["domain", "sys"]),
    ("exec", &["domain", "sys"]),
    ("engine", &["domain", "sys", "store", "exec"]),
    ("cli", &["domain", "sys", "store", "exec", "engine"]),
];

/// What `domain` may not name: files, environment, processes, clocks, and the libraries that reach out of the process.
const IMPURE_STD: [&str; 7] = ["fs", "env", "process", "net", "thread", "os", "io"];
const IMPURE: [&str; 8] =
    ["SystemTime", "Instant", "Utc::now", "Local::now", "tempfile::", "rustix::", "git2::", "signal_hook::"];

/// What only `cli` may name.
const PRINTS: [&str; 7] = ["print!(", "println!(", "eprint!(", "eprintln!(", "dbg!(", "io::stdout", "io::stderr"];

/// One source file: its path in the package, and its text.
struct Source {
    file: String,
    text: String,
}

impl Source {
    fn layer(&self) -> &str {
        self.file.trim_start_matches("src/").split(['/', '.']).next().unwrap_or_default()
    }

    fn lines(&self) -> usize {
        self.text.lines().count()
    }
}

/// What a source file does against the layers, one sentence each.
fn violations(source: &Source) -> Vec<String> {
    let layer = source.layer();
    let code: Vec<&str> = source.text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.join("\n");
    let mut broken = Vec::new();
    if let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == layer) {
        let imported = ["crate", "super"].into_iter().flat_map(|root| names_behind(&code, root));
        let is_layer = |name: &&str| LAYERS.iter().any(|(layer, _)| layer == name);
        let refused = imported.filter(is_layer).filter(|name| *name != layer && !allowed.contains(name));
        broken.extend(refused.map(|name| format!("{layer} may not import {name}")));
    }
    // The schema's test renews the committed file.
    if layer == "domain" && !source.file.ends_with("/tests.rs") {
        let named = names_behind(&code, "std").into_iter().filter(|name| IMPURE_STD.contains(name));
        let named = named.chain(IMPURE.into_iter().filter(|word| names(&code, word)));
        broken.extend(named.map(|name| format!("domain is pure and can't use {name}")));
    }
    if layer != "cli" {
        broken.extend(PRINTS.iter().filter(|word| names(&code, word)).map(|word| format!("only cli prints: {word}")));
    }
    broken.into_iter().map(|rule| format!("{}: {rule}", source.file)).collect()
}

/// Whether the code has this word, not as the end of a longer one.
fn names(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(at, _)| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}

/// The names that follow `root::` in the code, each member of a group by itself.
fn names_behind<'a>(code: &'a str, root: &str) -> Vec<&'a str> {
    let name = |text: &'a str| text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
    let mut found = Vec::new();
    for (at, path) in code.match_indices(&format!("{root}::")) {
        let rest = &code[at + path.len()..];
        let Some(group) = rest.strip_prefix('{') else {
            found.push(name(rest));
            continue;
        };
        let mut depth = 1;
        let mut begins = true;
        for (at, c) in group.char_indices().take_while(|(_, c)| *c != ';') {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' => begins = depth == 1,
                c if begins && !c.is_whitespace() => {
                    found.push(name(&group[at..]));
                    begins = false;
                }
                _ => {}
            }
        }
    }
    found
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file with one of these endings under directories of the package.
fn files(dirs: &[&str], endings: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    dirs.iter().for_each(|dir| collect(&root().join(dir), endings, &mut found));
    found.sort_by(|a, b| a.file.cmp(&b.file));
    found
}

fn collect(dir: &Path, endings: &[&str], found: &mut Vec<Source>) {
    for path in fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            collect(&path, endings, found);
        } else if path.extension().is_some_and(|ending| endings.iter().any(|wanted| ending == *wanted)) {
            let file = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
            found.push(Source { file, text: fs::read_to_string(&path).unwrap() });
        }
    }
}

#[test]
fn the_layers_hold() {
    let sources = files(&["src"], &["rs"]);
    assert!(sources.len() > 5, "the sources were not found");
    let found: Vec<_> = sources.iter().flat_map(violations).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn what_breaks_a_layer_is_seen() {
    let broken =
        |file: &str, text: &str| !violations(&Source { file: file.to_owned(), text: text.to_owned() }).is_empty();
    for (file, text) in [
        ("src/domain/a.rs", "use crate::domain::name::Name; use super::text;"),
        ("src/store/a.rs", "use crate::{\n    domain::{exec, task},\n    sys::read,\n};"),
        ("src/cli/a.rs", "use crate::{domain, engine, exec, store};\nprintln!(\"x\")"),
        ("src/lib.rs", "pub mod cli;\nuse crate::cli;"),
        (
            "src/domain/a.rs",
            "// use crate::store;\nuse std::{collections::BTreeMap, fmt, time::Duration};\nlet fs = 1;",
        ),
        ("src/domain/a/tests.rs", "use std::fs;"),
        ("src/engine/a.rs", "command.stdout(Stdio::null()); writeln!(file, \"x\")"),
    ] {
        assert!(!broken(file, text), "{file}: {text}");
    }
    for (file, text) in [
        ("src/domain/a.rs", "use crate::store::queue;"),
        ("src/domain/a/b.rs", "fn f() { crate::exec::git::run() }"),
        ("src/domain/mod.rs", "use super::store;"),
        ("src/sys/a.rs", "use crate::store::queue;"),
        ("src/store/a.rs", "use crate::{\n    domain::task,\n    exec::git,\n};"),
        ("src/exec/a.rs", "use crate::{domain::{a, b}, store};"),
        ("src/engine/a.rs", "use crate::cli::Context;"),
        ("src/domain/a.rs", "use std::{\n    fmt,\n    fs::File,\n};"),
        ("src/domain/a.rs", "fn f() { std::env::var(\"X\") }"),
        ("src/domain/a.rs", "fn f() { Utc::now() }"),
        ("src/domain/a.rs", "use std::time::{Duration, SystemTime};"),
        ("src/domain/a.rs", "use tempfile::TempDir;"),
        ("src/engine/a.rs", "println!(\"x\")"),
        ("src/engine/a.rs", "io::stdout().lock()"),
    ] {
        assert!(broken(file, text), "{file}: {text}");
    }
}

#[test]
fn every_module_says_what_it_is_for() {
    // The tests of a module in a file beside it are the module's, as they would be inside it.
    let sources = files(&["src", "tests", "benches"], &["rs"]);
    let silent =
        sources.iter().filter(|source| !source.file.ends_with("/tests.rs") && !source.text.starts_with("//! "));
    let silent: Vec<_> = silent.map(|source| &source.file).collect();
    assert!(silent.is_empty(), "these do not begin with `//!`: {silent:#?}");
}

#[test]
fn no_file_is_long() {
    let sources = files(&["src", "tests", "benches"], &["rs", "sh"]);
    let long: Vec<_> =
        sources.iter().filter(|source| source.lines() > 400).map(|source| (&source.file, source.lines())).collect();
    assert!(long.is_empty(), "these have more than 400 lines: {long:#?}");
}

#[test]
fn no_module_is_a_heap() {
    const HEAPS: [&str; 6] = ["util", "utils", "helper", "helpers", "common", "misc"];
    let sources = files(&["src", "tests"], &["rs"]);
    let found = sources.iter().filter(|source| source.file.split(['/', '.']).any(|name| HEAPS.contains(&name)));
    let found: Vec<_> = found.map(|source| &source.file).collect();
    assert!(found.is_empty(), "name what these are for: {found:#?}");
}

/// The commands that the README tells its reader to type, of those that begin with these words.
fn commands_of_the_readme(words: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join("README.md")).unwrap();
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
