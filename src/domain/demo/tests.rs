use super::*;
use crate::domain::config;

fn seen(title: &str, state: TaskState) -> Seen {
    Seen { id: "TASK-1".parse().unwrap(), title: title.to_owned(), state, work_branch: Some("agent/x".to_owned()) }
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
        assert_eq!(super::play(play.name).unwrap().goal, play.goal);
        let yaml = play.config.replace("{command}", r#"["/a b/scheduler", "demo-agent"]"#);
        let (config, warnings) = config::read(&yaml).unwrap();
        assert!(warnings.is_empty(), "{warnings:?}");
        let created: Vec<_> = play.scenes.iter().flat_map(|scene| values(scene, "--title")).collect();
        assert_eq!(created, play.goal);
        for title in play.goal {
            let plays = |scene: &Scene| matches!(scene.cue, Cue::Task(own) if own == *title);
            let scene = play.scenes.iter().find(|scene| plays(scene)).unwrap();
            assert!(config.agents.iter().any(|agent| agent.role == scene.role), "nobody plays {title}");
        }
        for scene in play.scenes {
            for step in scene.steps {
                let words: &[&str] = match step {
                    Step::Run(words) => words,
                    _ => &[],
                };
                if let ["scheduler", first, second, ..] = words {
                    assert!(scene.role.may_call(&format!("{first} {second}")), "{words:?}");
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
    let play = PLAYS[0];
    let [implement, test, _] = play.goal else { panic!() };
    let last = |tasks: &[Seen]| play.scene(Role::ProductManager, None, tasks).unwrap().0.last;
    let first = last(&[]);
    let waits = last(&[seen(implement, TaskState::Claimed)]);
    let second = last(&[seen(implement, TaskState::Done)]);
    let over = last(&[seen(implement, TaskState::Done), seen(test, TaskState::Incoming)]);
    assert!(first.contains("One task") && second.contains("Two tasks"));
    assert_eq!(waits, over);
    assert!(play.scene(Role::Implementer, Some("Another"), &[]).is_none());
}

#[test]
fn texts() {
    let task = seen("A", TaskState::Done);
    assert_eq!(fill("{id} on {branch}, {other}", Some(&task)), "TASK-1 on agent/x, {other}");
    assert_eq!(fill("{id}", None), "");
    assert_eq!(title_in("# You\n\n## Your task: Do it \nmore"), Some("Do it"));
    assert_eq!(title_in("# You\n"), None);
}
