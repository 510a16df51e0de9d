//! What the README and `init` print is run as it stands, from an empty folder to a result that has landed; and every example of
//! every help can be pasted.

use crate::readme::{README, spans};
use crate::support::{BINARY, Test};
use std::collections::BTreeMap;

/// The commands in a text, continued lines joined; each stands on a line that begins so and is indented.
fn commands(text: &str, starts: &[&str]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in text.lines() {
        let words = line.trim();
        match found.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push_str(words);
            }
            _ if starts.iter().any(|start| words == start.trim_end() || words.starts_with(start)) => {
                found.push(words.to_owned())
            }
            _ => {}
        }
    }
    found
}

/// Runs a line as the user pastes it.
fn paste(test: &Test, line: &str) -> crate::support::Output {
    let mut shell = test.program_command("sh");
    shell.args(["-c", line]).current_dir(test.dir());
    test.finish(shell)
}

#[test]
fn from_init_to_a_result_with_only_what_is_printed() {
    let test = Test::new();
    test.with_origin();
    test.claude.implements();
    test.claude.plays("product_manager", "finish");
    let said = test.run(["init", "-y"]).ok().stdout;
    // What is to stand in CLAUDE.md is printed, too.
    let lines: Vec<_> =
        said.lines().map(str::trim).filter(|line| line.contains(".agent-instructions.md exists")).collect();
    assert_eq!(lines.len(), 1, "{said}");
    test.file("CLAUDE.md", &format!("{}\nTell the user of .orchestrator/messages/.\n", lines[0]));
    let printed = commands(&said, &["git ", "scheduler ", BINARY]);
    assert!(printed.len() >= 6 && printed.iter().any(|line| line.starts_with("git push origin HEAD")), "{printed:?}");
    for line in printed.iter().filter(|line| !line.contains("install")) {
        paste(&test, line).ok();
    }
    test.wait_quiet();
    assert_eq!(test.queue("done").len(), 1, "{said}");
    test.git(["fetch", "-q"]);
    test.git(["cat-file", "-e", "origin/main:CLAUDE.md"]);
    // The quick start of the README goes on from there.
    let (_, start) = README.split_once("\n## Quick start").unwrap();
    let (start, _) = start.split_once("\n### ").unwrap();
    for line in commands(start, &["scheduler "]) {
        let line = line.split(" #").next().unwrap().trim();
        // It needs a terminal, and is set up already.
        if !["scheduler top", "scheduler init"].contains(&line) {
            paste(&test, line).ok();
        }
    }
    test.wait_quiet();
    assert!(test.run(["status"]).ok().stdout.contains("TO LOOK AT"));
    test.run(["status", "--seen"]).ok();
    test.run(["status"]).ok().says_not("TO LOOK AT");
}

#[test]
fn every_example_of_every_help_can_be_pasted() {
    let test = Test::new();
    test.agents(&[("impl-agent-1", "implementer"), ("impl-agent-2", "implementer"), ("pm-agent", "product_manager")]);
    test.claude.plays("default", "finish");
    test.task("TASK-a1b2c3d4", "# The one that examples name\n");
    test.set_env("COLUMNS", "80");
    let mut open = vec![String::new()];
    let (mut count, mut helps) = (0, BTreeMap::new());
    while let Some(words) = open.pop() {
        let help = test.run(words.split_whitespace().chain(["--help"])).ok().stdout;
        let below = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
        let below = below.filter_map(|line| line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')));
        let below = below.filter_map(|rest| rest.split(' ').next()).filter(|name| *name != "help");
        open.extend(below.map(|name| format!("{words} {name}")));
        for line in &commands(&help, &["scheduler "]) {
            // They need a terminal or a run, take long, or change what is the machine's.
            if ["top", "demo", "install", "uninstall", "completions", "check", "review"]
                .iter()
                .any(|word| line.starts_with(&format!("scheduler {word}")))
            {
                continue;
            }
            count += 1;
            let output = paste(&test, line);
            assert!(!output.stderr.contains("Usage: "), "{line}: {output}");
        }
        helps.insert(words.trim().to_owned(), help);
    }
    assert!(count > 40, "{count}");
    test.wait_quiet();
    let wrong = differences(&helps);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The long options that a text names.
fn options(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| c.is_ascii_lowercase() || c == '-';
    text.split(move |c| !is_part(c)).filter(|word| word.starts_with("--") && word.len() > 2)
}

/// Where the README's table of commands and what the program's helps say differ: commands, and their options.
fn differences(helps: &BTreeMap<String, String>) -> Vec<String> {
    let (_, table) = README.split_once("\n## Commands\n").unwrap();
    let rows = table.trim_start().split("\n\n").next().unwrap().lines().skip(2);
    let (mut wrong, mut told) = (Vec::new(), BTreeMap::new());
    for row in rows {
        let mut of_row = Vec::new();
        for span in spans(row.split(" | ").next().unwrap()).filter(|span| !span.starts_with("--")) {
            let words: Vec<_> = span.split(' ').filter(|word| *word != "scheduler").collect();
            let name = (0..=words.len())
                .rev()
                .map(|end| words[..end].join(" "))
                .find(|name| helps.contains_key(name))
                .unwrap();
            if name.is_empty() && !words.is_empty() {
                wrong.push(format!("there is no command {span:?}"));
            }
            of_row.push(name);
        }
        let has = |option: &str| of_row.iter().any(|name| options(&helps[name]).any(|known| known == option));
        wrong.extend(options(row).filter(|option| !has(option)).map(|option| format!("there is no {option}: {row}")));
        told.extend(of_row.into_iter().map(|name| (name, row)));
    }
    for (name, help) in helps.iter().filter(|(_, help)| !help.contains("\nCommands:\n")) {
        let Some(row) = told.get(name) else {
            wrong.push(format!("{name} has no row"));
            continue;
        };
        let (_, list) = help.split_once("\nOptions:\n").unwrap();
        let list = list.split("\n\n").next().unwrap().lines().filter(|line| line.trim_start().starts_with('-'));
        let of_all = ["--help", "--debug"];
        let of_command = list.filter_map(|line| options(line).next()).filter(|option| !of_all.contains(option));
        let missing = of_command.filter(|option| !options(row).any(|known| known == *option));
        wrong.extend(missing.map(|option| format!("{option} is not in the row of {name}")));
    }
    wrong
}
