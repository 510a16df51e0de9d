//! The next steps, with the real paths of this project and this machine.

use crate::cli::Context;
use crate::domain::config::{Config, Severity};
use crate::domain::shell::word;
use crate::domain::text::wrapped;
use crate::domain::time::Time;
use crate::domain::timer::Timer;
use crate::engine::configuration;
use crate::engine::init::claude_md::{self, ClaudeMd};
use crate::engine::init::{self, Plan, PythonSystem};
use crate::exec::git::Git;
use crate::exec::programs;
use crate::exec::remote::Remotes;
use crate::store::paths::Paths;
use anyhow::Result;
use std::path::Path;

/// The columns of a line of text.
const LINE: usize = 76;

/// Prints them, numbered.
///
/// # Errors
/// The program's own path is unknown; nobody reads.
pub(super) fn print(root: &Path, plan: &Plan, python: &PythonSystem, context: &Context) -> Result<()> {
    let program = context.program()?;
    let search_path = context.env("PATH").unwrap_or_default();
    let mut steps = Vec::new();
    steps.extend(programs_step(search_path));
    steps.extend(build_folder_step(&program));
    steps.extend(claude_md_step(&claude_md::look(root)));
    let git = git(root, context);
    steps.extend(python.leftovers(&git));
    steps.extend(commit_step(root, &git, plan));
    let call = call(&program, search_path);
    steps.push(task_step(&call));
    steps.push(tick_step(root, &call, context.now));
    steps.push(cron_step(root, &program, search_path));
    context.line("\nNext steps")?;
    for (number, step) in steps.iter().enumerate() {
        context.line(format_args!("\n{}. {}", number + 1, step.replace('\n', "\n   ").replace("\n   \n", "\n\n")))?;
    }
    Ok(())
}

/// How this very program is called from a shell: by its name where PATH leads to it.
fn call(program: &Path, search_path: &str) -> String {
    let named = programs::folder_of("scheduler", search_path).map(|dir| dir.join("scheduler"));
    let same = |path: &Path| path.canonicalize().ok() == program.canonicalize().ok();
    match named {
        Some(path) if same(&path) => "scheduler".to_owned(),
        _ => word(&program.display().to_string()),
    }
}

fn programs_step(search_path: &str) -> Option<String> {
    let missing = programs::missing(search_path);
    let lines: Vec<_> = missing.iter().flat_map(|(name, remedy)| wrapped(&format!("{name}: {remedy}"), LINE)).collect();
    (!lines.is_empty()).then(|| format!("Not found on your PATH:\n\n{}", lines.join("\n")))
}

fn build_folder_step(program: &Path) -> Option<String> {
    let target = program.ancestors().find(|dir| dir.join("CACHEDIR.TAG").is_file())?;
    let source = word(&target.parent()?.display().to_string());
    Some(format!(
        "This program is in a build folder, which `cargo clean` empties. Install it:\n\n  cargo install --locked --path {source}\n\n\
         and run `scheduler init` again: the paths below then name the installed one."
    ))
}

fn claude_md_step(file: &ClaudeMd) -> Option<String> {
    if file.missing.is_empty() && file.exists {
        return None;
    }
    let mut step = match &file.unread {
        Some(name) => format!(
            "Claude Code doesn't read {name} on this system, where case distinguishes\nnames. Rename it (`git mv {name} CLAUDE.md`), \
             or add a CLAUDE.md with the\nline `@{name}`. Then add to {}:\n",
            file.path.display()
        ),
        None => {
            format!("{} {}:\n", if file.exists { "Add to" } else { "Create, with these lines," }, file.path.display())
        }
    };
    for line in &file.missing {
        step.push_str(&format!("\n  {line}"));
    }
    Some(step)
}

/// How git is called for the project.
fn git(root: &Path, context: &Context) -> String {
    let at_top = context.dir.canonicalize().is_ok_and(|dir| dir == root);
    if at_top { "git".to_owned() } else { format!("git -C {}", word(&root.display().to_string())) }
}

fn commit_step(root: &Path, git: &str, plan: &Plan) -> Option<String> {
    let mut paths = plan.uncommitted();
    let claude_md = claude_md::look(root);
    let name = claude_md.path.strip_prefix(root).unwrap_or(&claude_md.path).display().to_string();
    if !claude_md.missing.is_empty() || plan.is_uncommitted(&name) {
        paths.push(name);
    }
    if paths.is_empty() {
        return None;
    }
    let remote = Remotes::read(&Git::at(root), None).ok().filter(Remotes::is_there);
    let (pushed, push) = match &remote {
        Some(remote) => (" and\npushed", format!("\n  {git} push {} HEAD", word(remote.name()))),
        None => ("", String::new()),
    };
    Some(format!(
        "Look through .orchestrator/agents.yaml, then commit: agents begin from what is\ncommitted{pushed}, not from what lies in \
         your checkout.\n\n  {git} add {}\n  {git} commit -m 'Set up the scheduler'{push}",
        paths.join(" ")
    ))
}

fn task_step(call: &str) -> String {
    format!(
        "Create a first task, small enough to read what comes of it:\n\n  {call} task add --role implement \\\n    \
         --title 'Say in the README how to run the tests' \\\n    --criterion 'The command stands there and works'"
    )
}

fn tick_step(root: &Path, call: &str, now: Time) -> String {
    let starts = match configuration(root) {
        Ok(config) => first_tick(&config, now),
        Err(problem) => format!("Nothing starts before this is fixed:\n{problem}"),
    };
    format!("See what a tick would do, then run one:\n\n  {call} --dry-run\n  {call}\n\n{starts}")
}

/// What agents.yaml says, or its first problem in one line.
fn configuration(root: &Path) -> Result<Config, String> {
    let paths = Paths::new(root);
    let found = configuration::read(&paths).map_err(|error| format!("{error:#}"))?;
    found.understand().map(|(config, _)| config).map_err(|problems| {
        let first = problems.iter().find(|problem| problem.severity == Severity::Error);
        format!("{}: {}", paths.config().display(), first.map(ToString::to_string).unwrap_or_default())
    })
}

/// What a tick starts in a project without tasks, and what it may cost.
fn first_tick(config: &Config, now: Time) -> String {
    let starting = init::first_starts(config, now).into_iter().map(|agent| {
        let usd = agent.settings.max_cost_usd.map(|usd| format!(" and ${usd}")).unwrap_or_default();
        let most = format!("at most {} turns{usd}", agent.settings.max_turns);
        let most = if agent.role.uses_claude() { most } else { "without claude".to_owned() };
        format!("{} ({}, {most})", agent.name, agent.role_name())
    });
    let starting: Vec<_> = starting.collect();
    let who = match starting.as_slice() {
        [] => "Without tasks the first tick starts nobody. ".to_owned(),
        names => format!("The first tick starts {}. ", names.join(" and ")),
    };
    let limit = match config.max_cost_usd_per_day {
        Some(usd) => format!("no run starts once the runs of a day have cost ${} (max_cost_usd_per_day).", usd.get()),
        None => "there is no limit per day: set max_cost_usd_per_day.".to_owned(),
    };
    let sentence =
        format!("{who}Others start when there is a task for their role. Every run costs money or quota; {limit}");
    wrapped(&sentence, LINE).join("\n")
}

fn cron_step(root: &Path, program: &Path, search_path: &str) -> String {
    let log = Paths::new(root).logs().join("cron.log");
    let path = programs::search_path_for_timer(search_path, program);
    let line = match Timer::new(program, root, &path, &log) {
        Ok(timer) => format!("  {}", timer.cron_line()),
        Err(problem) => format!("  {problem}"),
    };
    let kind = if cfg!(target_os = "macos") { "launchd" } else { "cron" };
    format!(
        "Run a tick every minute: `scheduler install {kind}`, or by hand with\n`crontab -e`, as ONE line\n\n{line}\n\n\
         If your agents call programs in other folders, add these to PATH there."
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn now() -> Time {
        crate::domain::time::parse("2024-01-15T10:30:00Z").unwrap()
    }

    #[test]
    fn says_what_starts_and_what_it_costs() {
        for (text, words) in [
            (
                "max_cost_usd_per_day: 20\nagents:\n  - {name: pm, role: product_manager, max_turns: 7}\n  - {name: i, role: implementer}\n",
                &["starts pm (product_manager, at most 7 turns).", "have cost $20"][..],
            ),
            ("agents:\n  - {name: i, role: implementer}\n", &["starts nobody", "no limit per day"]),
            ("agents:\n  - {name: pm, role: product_manager, max_cost_usd: 2.5}\n", &["turns and $2.5)"]),
            ("agents:\n  - {name: pm, role: boss}\n", &["fixed", "line 2"]),
        ] {
            let dir = tempfile::tempdir().unwrap();
            fs::create_dir(dir.path().join(".orchestrator")).unwrap();
            fs::write(dir.path().join(".orchestrator/agents.yaml"), text).unwrap();
            let step = tick_step(dir.path(), "scheduler", now()).replace('\n', " ");
            for word in words {
                assert!(step.contains(word), "{word} is not in {step}");
            }
        }
    }

    #[test]
    fn names_the_file_that_claude_reads() {
        let mut file = ClaudeMd {
            path: "/p/CLAUDE.md".into(),
            exists: false,
            unread: Some("claude.md".to_owned()),
            missing: vec!["A line"],
        };
        let step = claude_md_step(&file).unwrap();
        assert!(step.contains("git mv claude.md CLAUDE.md") && step.contains("\n\n  A line"), "{step}");
        file.missing.clear();
        file.exists = true;
        assert_eq!(claude_md_step(&file), None);
    }
}
