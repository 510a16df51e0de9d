//! agents.yaml as it stands: its text, and what it means or what is wrong in it. It never changes it.

use crate::domain::config::{self, Config, Problem, Severity, Usd};
use crate::store::paths::Paths;
use crate::sys::read::{self, Refused};
use anyhow::Result;

/// What was found at the place of agents.yaml: a text, or why there is none.
#[derive(Debug)]
pub struct Configuration(Result<String, &'static str>);

impl Configuration {
    /// Its text; `None` if there is none, or something that is no file.
    pub fn text(&self) -> Option<&str> {
        self.0.as_deref().ok()
    }

    /// What it means. Beside it come the warnings.
    ///
    /// # Errors
    /// Everything that is wrong in it; that it is missing, too.
    pub fn understand(&self) -> Result<(Config, Vec<Problem>), Vec<Problem>> {
        let wrong = |why: &&str| {
            vec![Problem { severity: Severity::Error, line: 1, key: String::new(), message: (*why).to_owned() }]
        };
        config::read(self.0.as_ref().map_err(wrong)?)
    }
}

/// What the runs of a task may cost; `None` also if agents.yaml is wrong.
pub fn task_budget(paths: &Paths) -> Option<f64> {
    read(paths).ok()?.understand().ok()?.0.max_cost_usd_per_task.map(Usd::get)
}

/// Reads agents.yaml.
///
/// # Errors
/// The system doesn't let it be read. A missing file, and what is no file, are found as wrong.
pub fn read(paths: &Paths) -> Result<Configuration> {
    Ok(Configuration(match read::read_linked_text(&paths.config()) {
        Ok(Some(text)) => Ok(text),
        Ok(None) => Err("there is no agents.yaml: run `scheduler init`"),
        Err(error) => Err(error.downcast::<Refused>()?.why()),
    }))
}
