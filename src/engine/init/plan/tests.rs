use super::*;
use crate::domain::config;
use crate::domain::role::Model;
use std::collections::BTreeMap;
use std::os::unix::fs::symlink;

const ALL: Choices = Choices { skills: true, gitignore: true, billing: Billing::Any };

/// Every path below a folder with its contents; nothing for directories.
fn tree(root: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut open = vec![root.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path.clone());
                found.insert(path, None);
            } else {
                let contents = fs::read(&path).unwrap_or_default();
                found.insert(path, Some(contents));
            }
        }
    }
    found
}

#[test]
fn makes_everything_once() {
    let dir = tempfile::tempdir().unwrap();
    let plan = Plan::new(dir.path(), &ALL).unwrap();
    plan.check().unwrap();
    plan.apply().unwrap();
    for path in [
        ".orchestrator/agents.yaml",
        ".orchestrator/commands",
        ".orchestrator/prompts",
        ".orchestrator/agents",
        ".orchestrator/messages",
        ".orchestrator/shared/queue/claimed",
        ".orchestrator/shared/proposals/deferred",
        ".orchestrator/shared/prs",
        ".claude/commands/pr-status.md",
        ".claude/commands/retry-failed.md",
        ".gitignore",
    ] {
        assert!(dir.path().join(path).exists(), "{path}");
    }
    let made = tree(dir.path());
    let again = Plan::new(dir.path(), &ALL).unwrap();
    assert!(again.is_empty());
    assert_eq!(again.files().count(), plan.files().count());
    assert!(again.describe().iter().all(|line| line.starts_with("exists")), "{:?}", again.describe());
    again.apply().unwrap();
    assert_eq!(tree(dir.path()), made);
}

#[test]
fn leaves_what_the_user_has_written() {
    let dir = tempfile::tempdir().unwrap();
    let own =
        [(".orchestrator/agents.yaml", "agents: []"), (".claude/commands/enqueue.md", "mine"), (".gitignore", "x")];
    for (path, text) in own {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    Plan::new(dir.path(), &ALL).unwrap().apply().unwrap();
    for (path, text) in own {
        assert!(fs::read_to_string(dir.path().join(path)).unwrap().starts_with(text), "{path}");
    }
    assert_eq!(fs::read_to_string(dir.path().join(own[0].0)).unwrap(), own[0].1);
}

#[test]
fn brings_up_to_date_what_nobody_has_changed() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(".claude/commands").join(name);
    Plan::new(dir.path(), &ALL).unwrap().apply().unwrap();
    let current = fs::read_to_string(at("enqueue.md")).unwrap();
    fs::write(at("enqueue.md"), installed::with_hash("An older text.")).unwrap();
    let mine = fs::read_to_string(at("queue-status.md")).unwrap().replace("Show", "Sing");
    fs::write(at("queue-status.md"), &mine).unwrap();
    let schema = dir.path().join(".orchestrator/agents.schema.json");
    fs::write(&schema, "{}").unwrap();
    let linked = dir.path().join("elsewhere.md");
    fs::write(&linked, installed::with_hash("An older text.")).unwrap();
    fs::remove_file(at("agent-status.md")).unwrap();
    symlink(&linked, at("agent-status.md")).unwrap();

    let plan = Plan::new(dir.path(), &ALL).unwrap();
    let told = plan.describe().join("\n");
    for line in [
        "updated  .claude/commands/enqueue.md",
        "updated  .orchestrator/agents.schema.json",
        "exists   .claude/commands/queue-status.md: changed by you, left as it is",
        "exists   .claude/commands/agent-status.md: changed by you, left as it is",
        "exists   .claude/commands/retry-failed.md: left as it is",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    plan.apply().unwrap();
    assert_eq!(fs::read_to_string(at("enqueue.md")).unwrap(), current);
    assert_eq!(fs::read_to_string(at("queue-status.md")).unwrap(), mine);
    assert_eq!(fs::read_to_string(schema).unwrap(), SCHEMA);
    assert!(at("agent-status.md").is_symlink() && fs::read_to_string(linked).unwrap().contains("older"));
    assert!(Plan::new(dir.path(), &ALL).unwrap().is_empty());
}

#[test]
fn makes_only_what_was_chosen() {
    let dir = tempfile::tempdir().unwrap();
    Plan::new(dir.path(), &Choices { skills: false, gitignore: false, ..ALL }).unwrap().apply().unwrap();
    let names: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, [".orchestrator"]);
}

#[test]
fn refuses_what_is_in_the_way_and_makes_nothing() {
    type Obstacle = fn(&Path);
    let obstacles: [(Obstacle, &str); 5] = [
        (|root| fs::write(root.join(".orchestrator"), "").unwrap(), ".orchestrator"),
        (|root| fs::create_dir(root.join(".gitignore")).unwrap(), "--no-gitignore"),
        (|root| symlink("elsewhere", root.join(".gitignore")).unwrap(), "symbolic link"),
        (|root| fs::create_dir_all(root.join(".orchestrator/agents.yaml")).unwrap(), "agents.yaml is not a file"),
        (|root| fs::write(root.join(".claude"), "").unwrap(), ".claude"),
    ];
    for (put, word) in obstacles {
        let dir = tempfile::tempdir().unwrap();
        put(dir.path());
        let before = tree(dir.path());
        let error = Plan::new(dir.path(), &ALL).and_then(|plan| plan.check()).unwrap_err();
        assert!(format!("{error:#}").contains(word), "{word}: {error:#}");
        assert_eq!(tree(dir.path()), before);
    }
}

#[test]
fn the_configuration_is_valid_for_both_models() {
    let (config, warnings) = config::read(CONFIGURATION).unwrap();
    assert_eq!(warnings, []);
    assert_eq!((config.model, config.max_cost_usd_per_day), (Model::Task, Some(20.0.into())));
    let agents: Vec<_> = config.agents.iter().map(|agent| (agent.name.as_str(), agent.interval_seconds)).collect();
    let team =
        [("pm-agent", 600), ("impl-agent-1", 180), ("test-agent", 120), ("review-agent", 300), ("coordinator", 300)];
    assert_eq!(agents, team);
    // With every key switched on, not one is misspelt.
    let (head, tail) = CONFIGURATION.split_once("\n# The proposal model").unwrap();
    let top = tail.split_once("# And at the top level:\n").unwrap().1;
    // The agents that stand below are no keys of the top level.
    let top = top.split_once("#   - name: lint-checker").unwrap().0;
    let switch_on = |text: &str| -> String {
        let is_key = |line: &&str| {
            line.starts_with("# ")
                && !line.contains("$schema")
                && line[2..].trim_start().split_once(':').is_some_and(|(key, _)| {
                    !key.is_empty() && key.chars().all(|c| c.is_ascii_lowercase() || "_-".contains(c))
                })
        };
        text.lines().filter(is_key).map(|line| format!("{}\n", &line[2..])).collect()
    };
    let plain: String = head.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect();
    let every = format!("{}{}{plain}", switch_on(head), switch_on(top));
    let (config, warnings) = config::read(&every).unwrap_or_else(|problems| panic!("{problems:?}\n{every}"));
    assert_eq!(warnings, [], "{every}");
    assert_eq!(config.max_running, Some(4.into()), "{every}");
    assert_eq!(config.agents[0].settings.claude_model.as_deref(), Some("sonnet"));
    assert_eq!(config.proposal_limits.len(), 1);
}

#[test]
fn an_unchanged_skill_of_the_python_system_is_replaced() {
    use super::skills::tests::TEXT;
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(".claude/commands").join(name);
    fs::create_dir_all(at("")).unwrap();
    fs::write(at("enqueue.md"), TEXT.replace('\n', "\r\n")).unwrap();
    fs::write(at("why.md"), format!("{TEXT}And this.\n")).unwrap();
    let plan = Plan::new(dir.path(), &ALL).unwrap();
    assert!(plan.describe().contains(&"updated  .claude/commands/enqueue.md".to_owned()), "{:?}", plan.describe());
    plan.apply().unwrap();
    assert!(fs::read_to_string(at("enqueue.md")).unwrap().contains("scheduler task add"));
    assert!(fs::read_to_string(at("why.md")).unwrap().ends_with("And this.\n"));
}
