use super::*;
use crate::domain::config;

fn seen(title: &str, state: &str) -> Seen {
    let work_branch = Some("agent/x".to_owned());
    Seen { id: "TASK-1".parse().unwrap(), title: title.to_owned(), state: state.to_owned(), work_branch }
}

/// The values of an option in what a scene runs.
fn values(scene: &Scene, option: &str) -> Vec<&'static str> {
    let runs = scene.steps.iter().filter_map(|step| match step {
        Step::Run(words) => words.iter().position(|word| *word == option).and_then(|at| words.get(at + 1)),
        _ => None,
    });
    runs.copied().collect()
}

#[test]
fn every_play_can_be_played() {
    for play in PLAYS {
        assert_eq!(super::play(play.name).unwrap().name, play.name);
        let yaml = play.config.replace("{command}", r#"["/a b/scheduler", "demo-agent"]"#);
        let (config, warnings) = config::read(&yaml).unwrap();
        assert!(warnings.is_empty(), "{warnings:?}");
        let created: Vec<_> = play.scenes.iter().flat_map(|scene| values(scene, "--title")).collect();
        for goal in play.goal {
            let (Goal::Task(title) | Goal::Proposal(title, _)) = goal else {
                assert!(play.pull_request.is_some() && config.gatekeeper.enabled);
                continue;
            };
            assert!(created.contains(title), "nobody creates {title}");
            let plays = |scene: &&Scene| matches!(scene.cue, Cue::Task(own) if own == *title);
            assert!(matches!(goal, Goal::Proposal(..)) || play.scenes.iter().any(|scene| plays(&scene)), "{title}");
        }
        assert!(config.agents.iter().any(|agent| agent.name.as_str() == play.star), "{}", play.star);
        for scene in play.scenes {
            let agent = config.agents.iter().find(|agent| agent.name.as_str() == scene.agent).unwrap();
            for step in scene.steps {
                let words: &[&str] = match step {
                    Step::Run(words) => words,
                    _ => &[],
                };
                if let ["scheduler", first, second, ..] = words {
                    assert!(agent.role.may_call(&format!("{first} {second}")), "{words:?}");
                }
            }
        }
    }
}

#[test]
fn edits_find_what_they_replace() {
    for play in PLAYS {
        for scene in play.scenes {
            let mut files: Vec<(&str, String)> =
                play.files.iter().map(|(path, text)| (*path, (*text).to_owned())).collect();
            if let Some(Offered { file: (path, text), .. }) = play.pull_request {
                files.iter_mut().filter(|(name, _)| name == path).for_each(|(_, old)| *old = (*text).to_owned());
            }
            for step in scene.steps {
                if let Step::Edit(path, old, new) = step {
                    let (_, text) = files.iter_mut().find(|(name, _)| name == path).unwrap();
                    assert_eq!(text.matches(old).count(), 1, "{path}: {old}");
                    *text = text.replace(old, new);
                }
            }
        }
    }
}

#[test]
fn the_product_manager_follows_the_state_of_the_queue() {
    let [Goal::Task(implement), Goal::Task(test), _] = TASKS.goal else { panic!() };
    let last = |tasks: &[Seen]| TASKS.scene("pm-agent", None, tasks, |_, _| false).unwrap().0.last;
    let first = last(&[]);
    let waits = last(&[seen(implement, "claimed")]);
    let second = last(&[seen(implement, "done")]);
    let over = last(&[seen(implement, "done"), seen(test, "incoming")]);
    assert!(first.contains("One task") && second.contains("Two tasks"));
    assert_eq!(waits, over);
    assert!(TASKS.scene("impl-agent", Some("Another"), &[], |_, _| false).is_none());
    let check = |mended: bool| GATEKEEPERS.scene("lint-agent", None, &[], |_, _| !mended).unwrap().0.last;
    assert!(check(false).starts_with("Failed") && check(true).starts_with("Passed"));
}

#[test]
fn texts() {
    let task = seen("A", "done");
    assert_eq!(fill("{id} on {branch}, {other}", Some(&task), &[]), "TASK-1 on agent/x, {other}");
    assert_eq!(fill("{id}{A b}{A}", None, &[seen("A b", "active")]), "TASK-1{A}");
    assert_eq!(title_in("# You\n\n## Your task: Do it \nmore"), Some("Do it"));
    assert_eq!(title_in("# You\n"), None);
}
