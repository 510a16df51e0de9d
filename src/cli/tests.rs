use super::completions::Source;
use super::definitions;
use crate::engine::init::SKILLS;
use clap::Command;
use std::collections::BTreeSet;

const README: &str = include_str!("../../README.md");

/// Every command that does something, by its words; that of the program alone is empty.
fn commands() -> Vec<(String, Command)> {
    let mut root = definitions().disable_help_subcommand(true);
    root.build();
    let mut found = vec![(String::new(), root.clone())];
    let mut open: Vec<_> = root.get_subcommands().cloned().map(|command| (String::new(), command)).collect();
    while let Some((above, command)) = open.pop() {
        let words = format!("{above} {}", command.get_name()).trim_start().to_owned();
        if command.has_subcommands() {
            open.extend(command.get_subcommands().cloned().map(|below| (words.clone(), below)));
        } else {
            found.push((words, command));
        }
    }
    found
}

/// The rows of the README's table of commands: the code in the first column, and the whole row.
fn rows() -> Vec<(Vec<String>, &'static str)> {
    let (_, section) = README.split_once("\n## Commands\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        // A bar inside code is written `\|`.
        let row_text = row.replace("\\|", "\u{1}");
        let cell = row_text.split('|').nth(1).unwrap().to_owned();
        let spans = cell.split('`').skip(1).step_by(2).map(|span| span.replace('\u{1}', "|"));
        (spans.filter(|span| !span.starts_with('-')).collect(), row)
    })
    .collect()
}

/// The commands that a piece of code names: `scheduler task add|list --x` are two.
fn named(span: &str) -> Vec<String> {
    let mut found = vec![(String::new(), definitions())];
    for word in span.strip_prefix("scheduler").unwrap_or(span).split_whitespace() {
        let below: Vec<_> = found
            .iter()
            .flat_map(|(words, command)| {
                let chosen = word.split('|').filter_map(|word| command.find_subcommand(word));
                chosen.map(move |below| (format!("{words} {}", below.get_name()), below.clone()))
            })
            .collect();
        if below.is_empty() {
            break;
        }
        found = below;
    }
    found.into_iter().map(|(words, _)| words.trim_start().to_owned()).collect()
}

#[test]
fn the_readme_has_a_row_for_every_command() {
    let commands: BTreeSet<String> = commands().into_iter().map(|(words, _)| words).collect();
    let mut seen = BTreeSet::new();
    for (spans, row) in rows() {
        for span in spans {
            for words in named(&span) {
                let alone = span == "scheduler";
                assert!(alone || !words.is_empty(), "the README names `{span}`, which is no command: {row}");
                assert!(commands.contains(&words), "`{words}` does nothing by itself, name what is below it: {row}");
                assert!(seen.insert(words), "the README has two rows for `{span}`");
            }
        }
    }
    let missing: Vec<_> = commands.difference(&seen).collect();
    assert!(missing.is_empty(), "these have no row in the README's table of commands: {missing:?}");
}

#[test]
fn the_options_that_the_readme_names_exist() {
    let commands = commands();
    for (spans, row) in rows() {
        let named: Vec<_> = spans.iter().flat_map(|span| named(span)).collect();
        let these: Vec<_> = commands.iter().filter(|(words, _)| named.contains(words)).collect();
        let is_option = |word: &&str| word.starts_with("--") && word.len() > 2;
        let separators = |c: char| !c.is_ascii_alphanumeric() && c != '-';
        for option in row.split(separators).filter(is_option) {
            let known = |command: &Command| {
                command.get_arguments().any(|argument| argument.get_long() == option.strip_prefix("--"))
            };
            assert!(these.iter().any(|(_, command)| known(command)), "{option} is no option of this row: {row}");
        }
    }
}

#[test]
fn every_command_has_help_with_an_example() {
    let mut silent = Vec::new();
    for (words, command) in commands() {
        assert!(command.get_about().is_some(), "`{words}` doesn't say what it does");
        let help = command.get_after_help().or(command.get_after_long_help()).map(ToString::to_string);
        // What is wrapped can't be pasted.
        let wide = help.iter().flat_map(|help| help.lines()).filter(|line| line.starts_with("  ") && line.len() > 80);
        assert_eq!(wide.collect::<Vec<_>>(), [""; 0], "`{words}`: wider than 80 columns");
        let example = format!("\n  scheduler {words}");
        let shown = help.is_some_and(|help| help.contains("Example") && help.contains(example.trim_end()));
        if !shown {
            silent.push(words.clone());
        }
        for argument in command.get_arguments() {
            assert!(argument.get_help().is_some(), "`{words}`: {} has no help", argument.get_id());
        }
    }
    assert!(
        silent.is_empty(),
        "`--help` of these has no example (after_help = \"Example:\\n  scheduler …\"): {silent:?}"
    );
}

/// The value of a line of the front matter.
fn front<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let (front, _) = text.strip_prefix("---\n")?.split_once("\n---\n")?;
    front.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": "))
}

#[test]
fn skills_allow_the_commands_that_they_call_and_no_other() {
    for (name, text) in SKILLS {
        let command = format!("`/{}`", name.strip_suffix(".md").unwrap());
        assert!(README.contains(&command), "{command} is not in the README");
        let (_, body) = text.split_once("\n---\n").unwrap();
        assert!(front(text, "description").is_some_and(|words| words.len() < 100), "{name}");
        for tool in front(text, "allowed-tools").unwrap().split(", ") {
            let Some(command) = tool.strip_prefix("Bash(scheduler ").and_then(|rest| rest.strip_suffix(":*)")) else {
                // Looking is all that is lent beside the program's own commands.
                assert!(["Read", "Glob", "Grep"].contains(&tool), "{name}: {tool}");
                continue;
            };
            assert_eq!(named(command), [command], "{name} allows what is no command");
            assert!(
                body.contains(&format!("`scheduler {command}")) || body.contains(&format!("\nscheduler {command}")),
                "{name} never calls {command}"
            );
        }
        let code = body.split('`').skip(1).step_by(2).filter(|code| code.starts_with("scheduler "));
        for words in code.flat_map(|code| named(code.lines().next().unwrap())) {
            assert!(!words.is_empty(), "{name} names a command that isn't there: {words}");
        }
    }
}

#[test]
fn arguments_that_name_what_there_is_are_completed() {
    let free = [
        "again",
        "body",
        "branch",
        "command",
        "complexity_reduction",
        "context",
        "criteria",
        "enables",
        "files",
        "interval",
        "issues",
        "new",
        "older_than",
        "rationale",
        "reason",
        "settings",
        "since",
        "summary",
        "time",
        "title",
        "title_option",
    ];
    for (words, command) in commands() {
        for argument in command.get_arguments().filter(|argument| argument.get_action().takes_values()) {
            let is_known = argument.get::<Source>().is_some() || !argument.get_possible_values().is_empty();
            let id = argument.get_id().as_str();
            let may_be_anything = free.contains(&id) || words == "agent add" && id == "name";
            assert!(is_known || may_be_anything, "`{words}`: what may {id} be? `add = Source::…` says it");
        }
    }
}
