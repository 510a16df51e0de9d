//! The help of every command, found by following what each help lists.

use super::assert_accepted;
use crate::support::Test;
use std::{fs, path::Path};

#[test]
fn of_every_command_at_eighty_columns() {
    let test = Test::without_repository();
    test.set_env("COLUMNS", "80");
    let mut names = Vec::new();
    assert_help(&test, "scheduler", &mut names);
    let mut stored: Vec<_> =
        fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration/snapshots/help"))
            .unwrap()
            .filter_map(|entry| {
                entry.unwrap().file_name().into_string().unwrap().strip_suffix(".snap").map(str::to_owned)
            })
            .collect();
    names.sort();
    stored.sort();
    assert_eq!(names, stored, "the help of commands that are gone");
}

/// The help of one command is what was accepted, and that of those below it.
fn assert_help(test: &Test, command: &str, names: &mut Vec<String>) {
    let help = test.run(command.split(' ').skip(1).chain(["--help"])).ok().quiet().stdout;
    let wide: Vec<_> = help.lines().filter(|line| line.chars().count() > 80).collect();
    assert_eq!(wide, [""; 0], "{command}: wider than 80 columns");
    let name = command.split(' ').skip(1).collect::<Vec<_>>().join("_");
    let name = if name.is_empty() { "scheduler".to_owned() } else { name };
    assert_accepted("snapshots/help", &name, &help);
    names.push(name);
    for below in commands(&help) {
        assert_help(test, &format!("{command} {below}"), names);
    }
}

/// The commands that a help lists.
fn commands(help: &str) -> Vec<&str> {
    let list = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = list.filter_map(|line| line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')));
    names.filter_map(|rest| rest.split(' ').next()).filter(|name| *name != "help").collect()
}
