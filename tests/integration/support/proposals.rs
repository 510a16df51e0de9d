//! Proposals as a test adds and finds them.

use super::{Output, Test};
use std::{fs, path::PathBuf};

const STATES: [&str; 4] = ["active", "promoted", "deferred", "rejected"];

/// A proposal to be added from the command line.
#[derive(Clone)]
pub struct Idea {
    args: Vec<String>,
    rationale: String,
}

/// One by the proposer `architect`, of complexity S.
pub fn architect(title: &str, category: &str, files: &[&str]) -> Idea {
    let args = [
        "proposal",
        "add",
        &format!("--title={title}"),
        "--category",
        category,
        "--complexity",
        "S",
        "--summary",
        "In short",
        "--rationale",
        "-",
        "--criterion",
        "It works",
        "--proposer",
        "architect",
    ];
    let mut args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
    args.extend(files.iter().map(|file| format!("--file={file}")));
    Idea { args, rationale: "Because of this".to_owned() }
}

impl Idea {
    /// With further arguments.
    pub fn with(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(|arg| (*arg).to_owned()));
        self
    }

    /// With another rationale.
    pub fn rationale(mut self, text: &str) -> Self {
        self.rationale = text.to_owned();
        self
    }

    /// Adds it, whatever comes of it.
    pub fn try_add(&self, test: &Test) -> Output {
        test.run_with_input(&self.args, &self.rationale)
    }

    /// Adds it; its id.
    #[track_caller]
    pub fn add(&self, test: &Test) -> String {
        let output = self.try_add(test).ok();
        output.stdout.split(':').next().unwrap().to_owned()
    }
}

impl Test {
    /// The ids of the proposals in one state, sorted.
    pub fn proposals(&self, state: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.orchestrator(format!("shared/proposals/{state}"))) else {
            return Vec::new();
        };
        let mut ids: Vec<_> = entries
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".md").map(str::to_owned))
            .filter(|id| !id.starts_with('.'))
            .collect();
        ids.sort();
        ids
    }

    /// The path that a proposal has in one state.
    pub fn proposal_path(&self, state: &str, id: &str) -> PathBuf {
        self.orchestrator(format!("shared/proposals/{state}/{id}.md"))
    }

    /// Where a proposal is.
    #[track_caller]
    pub fn proposal_state(&self, id: &str) -> &'static str {
        let found: Vec<_> = STATES.into_iter().filter(|state| self.proposal_path(state, id).is_file()).collect();
        assert_eq!(found.len(), 1, "{id} is in {found:?}");
        found[0]
    }

    /// The file of a proposal, wherever it is.
    #[track_caller]
    pub fn proposal_text(&self, id: &str) -> String {
        fs::read_to_string(self.proposal_path(self.proposal_state(id), id)).unwrap()
    }
}
