//! `scheduler init`.

use crate::support::Test;
use std::{fs, path::Path};

/// Every file of the project but git's own, with its content.
fn files(test: &Test) -> Vec<(String, Vec<u8>)> {
    let mut find = test.program_command("find");
    find.args([".", "-path", "./.git", "-prune", "-o", "-type", "f", "-print"]);
    let listed = test.finish(find).ok().stdout;
    let mut names: Vec<_> = listed.lines().map(str::to_owned).collect();
    names.sort();
    names.into_iter().map(|name| (name.clone(), fs::read(test.path(name)).unwrap())).collect()
}

#[test]
fn sets_a_project_up_that_can_do_a_tick_at_once() {
    let test = Test::new();
    test.run(["init", "-y"]).ok().says(test.dir().to_str().unwrap());
    let yaml = fs::read_to_string(test.orchestrator("agents.yaml")).unwrap();
    assert!(
        yaml.contains("max_cost_usd_per_day: 20") && yaml.contains("model: proposal") && yaml.contains("model: task"),
        "{yaml}"
    );
    for skill in ["enqueue", "queue-status", "agent-status", "retry-failed"] {
        assert!(test.path(format!(".claude/commands/{skill}.md")).is_file(), "{skill}");
    }
    for state in ["incoming", "claimed", "done", "failed"] {
        assert!(test.orchestrator(format!("shared/queue/{state}")).is_dir(), "{state}");
    }
    let dry = test.run(["--dry-run"]).ok().complains("agents.yaml is not here as agents find it");
    dry.says("pm-agent: would start").says("impl-agent-1: no implement task");
    test.run(["status"]).ok().quiet();
}

#[test]
fn git_ignores_the_runtime_state_and_nothing_that_is_to_be_committed() {
    let test = Test::new();
    fs::remove_file(test.path(".gitignore")).unwrap();
    test.run(["init", "-y"]).ok();
    test.claude.plays("product_manager", "run \"scheduler message send --type info --title T --body B\"; finish");
    test.file(".orchestrator/paused", "")
        .file(".orchestrator/global-instructions.md", "x")
        .file(".orchestrator/prompts/pm.md", "x");
    test.run(["task", "add", "--title", "T", "--role", "implement"]).ok();
    fs::remove_file(test.orchestrator("paused")).unwrap();
    test.claude.implements();
    test.tick_and_wait();
    test.file(".orchestrator/paused", "");
    let status = test.git(["status", "--porcelain", "--untracked-files=all"]);
    let mut names: Vec<_> =
        status.lines().map(|line| &line[3..]).filter(|name| !name.starts_with(".claude/")).collect();
    names.sort_unstable();
    let committed = [
        ".gitignore",
        ".orchestrator/agents.schema.json",
        ".orchestrator/agents.yaml",
        ".orchestrator/global-instructions.md",
        ".orchestrator/prompts/pm.md",
    ];
    assert_eq!(names, committed);
}

#[test]
fn a_second_time_changes_nothing_and_says_so() {
    let test = Test::new();
    test.run(["init", "-y"]).ok();
    test.file(".orchestrator/agents.yaml", "agents: [{name: mine, role: implementer}]\n")
        .file(".claude/commands/enqueue.md", "my own\n");
    let before = files(&test);
    test.run(["init", "-y"]).ok().says("nothing was changed");
    assert_eq!(files(&test), before);
}

#[test]
fn only_the_user_can_look_into_it() {
    use std::os::unix::fs::PermissionsExt;
    let test = Test::new();
    let mode = || fs::metadata(test.orchestrator("")).unwrap().permissions().mode() & 0o777;
    test.run(["init", "-y"]).ok();
    assert_eq!(mode(), 0o700);
    fs::set_permissions(test.orchestrator(""), fs::Permissions::from_mode(0o755)).unwrap();
    test.run(["init", "-y"]).ok().says("only you can look into it");
    assert_eq!(mode(), 0o700);
    test.run(["init", "-y"]).ok().says("nothing was changed");
}

#[test]
fn without_skills_and_gitignore_they_are_left_alone() {
    let test = Test::new();
    let ignored = fs::read(test.path(".gitignore")).unwrap();
    test.run(["init", "--no-skills", "--no-gitignore"]).ok().says("skipped");
    assert!(!test.path(".claude").exists());
    assert_eq!(fs::read(test.path(".gitignore")).unwrap(), ignored);
    test.run(["init", "--skills", "--gitignore"]).ok();
    assert!(test.path(".claude/commands/enqueue.md").is_file());
    assert!(fs::read(test.path(".gitignore")).unwrap().len() > ignored.len());
}

#[test]
fn the_next_steps_name_real_paths() {
    let test = Test::new();
    let said = test.run(["init", "-y"]).ok().stdout;
    let cron = said.lines().find(|line| line.trim_start().starts_with("* * * * *")).unwrap_or_else(|| panic!("{said}"));
    for words in [crate::support::BINARY, "PATH=", test.root().join("bin").to_str().unwrap(), "cron.log' 2>&1"] {
        assert!(cron.contains(words), "{words} is not in {cron}");
    }
    assert!(cron.contains("my\\ project") || cron.contains("'"), "the space is not quoted: {cron}");
    for words in ["CLAUDE.md", ".agent-instructions.md", "task add", "--dry-run", "pm-agent", "20 turns", "$20"] {
        assert!(said.contains(words), "{words} is not in {said}");
    }
    assert!(said.contains("gh") && said.contains("cli.github.com"), "gh is missing and not named: {said}");
    // The line works as cron would run it.
    let line = cron.trim_start().trim_start_matches("* * * * * ").replace("\\%", "%");
    test.file(".orchestrator/paused", "");
    let mut shell = test.program_command("sh");
    shell.env_clear().env("HOME", test.root().join("home")).current_dir("/").args(["-c", &line]);
    test.finish(shell).ok();
    assert!(test.last_tick()["time"].is_string());
}

#[test]
fn a_lower_case_claude_md_is_said_to_be_unread() {
    let test = Test::new();
    test.file("claude.md", "# Hi\n");
    let said = test.run(["init", "-y"]).ok().stdout;
    assert!(said.contains("doesn't read claude.md") && said.contains("git mv claude.md CLAUDE.md"), "{said}");
    test.file("CLAUDE.md", "Obey .agent-instructions.md, tell of .orchestrator/messages/\n");
    let said = test.run(["init", "-y"]).ok().stdout;
    assert!(!said.contains("doesn't read") && said.contains("git add") && said.contains(" CLAUDE.md\n"), "{said}");
    test.git(["add", "CLAUDE.md"]);
    test.git(["commit", "-q", "-m", "Say it"]);
    let said = test.run(["init", "-y"]).ok().stdout;
    assert!(!said.contains("CLAUDE.md"), "{said}");
}

#[test]
fn outside_a_repository_nothing_is_made() {
    let test = Test::without_repository();
    test.run(["init", "-y"]).refuses().complains("git init");
    assert_eq!(files(&test), []);
    test.git(["init", "-q", "--bare", "bare.git"]);
    test.run(["-C", "bare.git", "init", "-y"]).refuses().complains("bare repository");
}

#[test]
fn what_is_in_the_way_is_named_and_nothing_is_made() {
    let test = Test::new();
    test.file(".claude", "a file, not a folder");
    let before = files(&test);
    test.run(["init", "-y"]).refuses().complains(".claude");
    assert_eq!(files(&test), before);
    assert!(!test.orchestrator("").exists());
}

#[test]
fn in_a_submodule_the_project_around_it_is_set_up() {
    let test = Test::new();
    let tool = test.root().join("tool");
    test.git(["init", "-q", "-b", "main", tool.to_str().unwrap()]);
    test.git_in(
        &tool,
        ["-c", "user.name=T", "-c", "user.email=t@example.invalid", "commit", "-q", "--allow-empty", "-m", "Tool"],
    );
    test.git(["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", tool.to_str().unwrap(), "tool"]);
    test.git(["commit", "-q", "-m", "Add the tool"]);
    test.run(["-C", "tool", "init", "-y"]).ok();
    assert!(test.orchestrator("agents.yaml").is_file() && !test.path("tool/.orchestrator").exists());
    test.run(["-C", "tool", "--dry-run"]).ok().says("pm-agent");
}

#[test]
fn in_a_run_it_is_refused() {
    let test = Test::new();
    test.set_env("SCHEDULER_RUN", "00000000-0000-4000-8000-000000000000");
    test.run(["init", "-y"]).refuses().code(2).complains("SCHEDULER_RUN");
    assert!(!Path::new(&test.orchestrator("")).exists());
}
