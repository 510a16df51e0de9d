//! The rules that need the code's paths: layers, purity, printing.

use crate::source::{Path, Source};

/// The layers, and what each may import beside itself.
const LAYERS: [(&str, &[&str]); 6] = [
    ("domain", &[]),
    ("sys", &["domain"]),
    ("store", &["domain", "sys"]),
    ("exec", &["domain", "sys"]),
    ("engine", &["domain", "sys", "store", "exec"]),
    ("cli", &["domain", "sys", "store", "exec", "engine"]),
];

/// What a pure layer can't name: files, environment, processes, network, threads.
const IMPURE: [&str; 7] = ["fs", "env", "process", "net", "thread", "os", "io"];

/// The libraries that reach out of the process.
const IMPURE_LIBRARIES: [&str; 6] = ["tempfile", "rustix", "nix", "git2", "signal_hook", "fs2"];

/// What a source file does against the rules, one sentence each.
pub fn violations(source: &Source) -> Vec<String> {
    let layer = source.module.first().map_or("", String::as_str);
    let mut found = Vec::new();
    for path in source.paths() {
        let mut broken = Vec::new();
        broken.extend(import_rule(layer, &path));
        if layer == "domain" {
            broken.extend(purity_rule(&path));
        }
        if layer != "cli" {
            broken.extend(print_rule(&path));
        }
        found.extend(broken.into_iter().map(|rule| format!("{}:{}: {}: {rule}", source.file, path.line, path.text())));
    }
    found
}

fn import_rule(layer: &str, path: &Path) -> Option<String> {
    let imported = path.of_crate()?;
    let (_, allowed) = LAYERS.iter().find(|(name, _)| *name == layer)?;
    let is_layer = LAYERS.iter().any(|(name, _)| *name == imported);
    if imported == "*" {
        return Some("import what is meant, not the whole crate".to_owned());
    }
    let breaks = is_layer && imported != layer && !allowed.contains(&imported);
    breaks.then(|| format!("{layer} may not import {imported}"))
}

fn purity_rule(path: &Path) -> Option<String> {
    let names: Vec<_> = path.segments.iter().map(String::as_str).collect();
    let impure = match names.as_slice() {
        ["std", name, ..] if IMPURE.contains(name) => true,
        [.., "SystemTime" | "Instant"] | [.., "SystemTime" | "Instant", _] => true,
        [.., "Utc" | "Local", "now"] => true,
        [library, ..] => IMPURE_LIBRARIES.contains(library),
        [] => false,
    };
    impure.then(|| "domain reads no file, environment, process or clock".to_owned())
}

fn print_rule(path: &Path) -> Option<String> {
    let names: Vec<_> = path.segments.iter().map(String::as_str).collect();
    let prints = match names.as_slice() {
        ["print" | "println" | "eprint" | "eprintln" | "dbg"] => path.is_macro,
        ["std", "print" | "println" | "eprint" | "eprintln" | "dbg"] => true,
        [.., "io", "stdout" | "stderr"] => true,
        _ => false,
    };
    prints.then(|| "only cli prints".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(file: &str, text: &str) -> bool {
        !violations(&Source::new(file, text)).is_empty()
    }

    #[test]
    fn imports() {
        let allowed = [
            ("src/domain/a.rs", "use crate::domain::name::Name; use super::text;"),
            ("src/store/a.rs", "use crate::domain::{self, task}; use super::paths;"),
            ("src/engine/tick.rs", "use crate::{domain::schedule, store::queue, exec};"),
            ("src/cli/a.rs", "use crate::{domain, engine, exec, store};"),
            ("src/lib.rs", "pub mod cli; use crate::cli;"),
            (
                "src/domain/a.rs",
                "// use crate::store;\n/* crate::exec /* nested */ crate::cli */\nconst A: &str = \"crate::store\";",
            ),
            (
                "src/domain/a.rs",
                "const A: &str = r#\"use crate::store; \"quoted\" \"#; const C: char = '\"'; fn f<'a>(x: &'a str) {}",
            ),
            ("src/domain/a/b.rs", "use super::super::store_like;"),
            ("src/domain/store.rs", "use super::store::x; mod tests { use super::super::store; }"),
        ];
        for (file, text) in allowed {
            assert!(!broken(file, text), "{file}: {text}: {:?}", violations(&Source::new(file, text)));
        }
        let refused = [
            ("src/domain/a.rs", "use crate::store::queue;"),
            ("src/domain/a/b.rs", "fn f() { crate::exec::git::run() }"),
            ("src/domain/a.rs", "use super::super::store;"),
            ("src/domain/mod.rs", "use super::store;"),
            ("src/store/a.rs", "use crate::{domain::task, exec::git};"),
            ("src/exec/a.rs", "use crate::{domain::{a, b}, store};"),
            ("src/engine/a.rs", "use crate::cli::Context;"),
            ("src/exec/mod.rs", "pub use super::engine::tick;"),
            ("src/store/a.rs", "mod tests { use super::super::super::exec; }"),
            ("src/domain/a.rs", "const A: &str = \"x\\\"\"; use crate::store;"),
            ("src/domain/a.rs", "use crate::*;"),
        ];
        for (file, text) in refused {
            assert!(broken(file, text), "{file}: {text}");
        }
    }

    #[test]
    fn purity() {
        for text in [
            "use chrono::{DateTime, Utc, Local};",
            "use std::{fmt, collections::BTreeMap, time::Duration};",
            "let fs = 1;",
        ] {
            assert!(!broken("src/domain/a.rs", text), "{text}");
        }
        for text in [
            "use std::fs;",
            "use std::{fmt, fs::File};",
            "fn f() { std::env::var(\"X\") }",
            "use std::process::Command;",
            "fn f() { Utc::now() }",
            "fn f() { chrono::Local::now() }",
            "use std::time::{Duration, SystemTime};",
            "fn f() { Instant::now() }",
            "use tempfile::TempDir;",
        ] {
            assert!(broken("src/domain/a.rs", text), "{text}");
        }
        assert!(!broken("src/store/a.rs", "use std::fs;"));
    }

    #[test]
    fn printing() {
        for text in ["command.stdout(Stdio::null())", "let print = 1;", "// println!(\"x\")", "writeln!(file, \"x\")"] {
            assert!(!broken("src/engine/a.rs", text), "{text}");
        }
        for text in [
            "println!(\"x\")",
            "eprintln!()",
            "std::print!(\"x\")",
            "io::stdout().lock()",
            "use std::io::{self, stderr};",
            "dbg!(1)",
        ] {
            assert!(broken("src/engine/a.rs", text), "{text}");
            assert!(!broken("src/cli/a.rs", text), "{text}");
        }
    }
}
