//! Reading what the scheduler keeps: the queue, the states, the messages, the records.

use super::Test;
use serde_json::Value;
use std::{collections::BTreeMap, fs, path::PathBuf};

/// The state directories.
pub const STATES: [&str; 4] = ["incoming", "claimed", "done", "failed"];

impl Test {
    /// The ids in one state directory, sorted.
    pub fn queue(&self, state: &str) -> Vec<String> {
        stems(self.orchestrator(format!("shared/queue/{state}")), ".md")
    }

    /// Where a task is: `incoming`, `claimed`, `done` or `failed`.
    #[track_caller]
    pub fn task_state(&self, id: &str) -> &'static str {
        let found: Vec<_> = STATES.into_iter().filter(|state| self.task_path(state, id).is_file()).collect();
        assert_eq!(found.len(), 1, "{id} is in {found:?}");
        found[0]
    }

    /// The file of a task, wherever it is.
    #[track_caller]
    pub fn task_text(&self, id: &str) -> String {
        fs::read_to_string(self.task_path(self.task_state(id), id)).unwrap()
    }

    /// One header line of a task.
    #[track_caller]
    pub fn task_line(&self, id: &str, key: &str) -> Option<String> {
        let text = self.task_text(id);
        let head = text.split("\n##").next().unwrap();
        head.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": ")).map(str::to_owned)
    }

    /// The path that a task has in one state.
    pub fn task_path(&self, state: &str, id: &str) -> PathBuf {
        self.orchestrator(format!("shared/queue/{state}/{id}.md"))
    }

    /// How many runs the assignment of a task has started, by its header.
    #[track_caller]
    pub fn attempts(&self, id: &str) -> u32 {
        self.task_line(id, "ATTEMPTS").map_or(0, |text| text.parse().unwrap())
    }

    /// Ids that stand in more than one state directory, which must never be.
    pub fn doubled_tasks(&self) -> Vec<String> {
        let mut seen = BTreeMap::<String, u32>::new();
        for id in STATES.iter().flat_map(|state| self.queue(state)) {
            *seen.entry(id.to_lowercase()).or_default() += 1;
        }
        seen.into_iter().filter(|(_, count)| *count > 1).map(|(id, _)| id).collect()
    }

    /// The agents that have a state.json.
    pub fn agents_with_state(&self) -> Vec<String> {
        let dir = self.orchestrator("agents");
        let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
        let mut names: Vec<_> = entries
            .flatten()
            .filter(|entry| entry.path().join("state.json").is_file())
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// An agent's state.json; null if there is none (it is replaced by renames, so it is whole if it is there).
    #[track_caller]
    pub fn state(&self, agent: &str) -> Value {
        json(self.orchestrator(format!("agents/{agent}/state.json")))
    }

    /// The folders of an agent's runs, by the time of their assignment.
    pub fn runs(&self, agent: &str) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.orchestrator(format!("agents/{agent}/runs"))) else { return Vec::new() };
        let mut runs: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        runs.sort_by_key(|run| fs::metadata(run.join("assignment.json")).and_then(|meta| meta.modified()).ok());
        runs
    }

    /// The record.json of an agent's last run.
    #[track_caller]
    pub fn record(&self, agent: &str) -> Value {
        let runs = self.runs(agent);
        let last = runs.last().unwrap_or_else(|| panic!("{agent} had no run"));
        json(last.join("record.json"))
    }

    /// The whole lines of all ledgers.
    pub fn ledger(&self) -> Vec<Value> {
        let Ok(entries) = fs::read_dir(self.orchestrator("")) else { return Vec::new() };
        let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        files.retain(|path| path.extension().is_some_and(|ending| ending == "jsonl"));
        files.sort();
        let text: String = files.into_iter().map(|path| fs::read_to_string(path).unwrap()).collect();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// What the last tick decided.
    #[track_caller]
    pub fn last_tick(&self) -> Value {
        json(self.orchestrator("cache/last-tick.json"))
    }

    /// The messages: file name without ending, and text.
    pub fn messages(&self) -> Vec<(String, String)> {
        let dir = self.orchestrator("messages");
        let read = |stem: String| {
            let text = fs::read_to_string(dir.join(format!("{stem}.md"))).unwrap_or_default();
            (stem, text)
        };
        stems(dir.clone(), ".md").into_iter().map(read).collect()
    }

    /// The messages whose type (`warning`) is this one.
    pub fn messages_of(&self, kind: &str) -> Vec<String> {
        let prefix = format!("{kind}-");
        self.messages().into_iter().filter(|(stem, _)| stem.starts_with(&prefix)).map(|(_, text)| text).collect()
    }
}

fn stems(dir: PathBuf, ending: &str) -> Vec<String> {
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    let mut stems: Vec<_> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.strip_suffix(ending).map(str::to_owned))
        .filter(|stem| !stem.starts_with('.'))
        .collect();
    stems.sort();
    stems
}

#[track_caller]
fn json(path: PathBuf) -> Value {
    match fs::read_to_string(&path) {
        Ok(text) => serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())),
        Err(_) => Value::Null,
    }
}
