//! agents.yaml as it stands: its text, and what it means or what is wrong in it. It never changes it.

use crate::{
    domain::config::{self, Config, Problem, Severity},
    store::{
        paths::Paths,
        read::{self, Refused},
    },
};
use anyhow::Result;

/// What was found at the place of agents.yaml.
#[derive(Debug)]
pub struct Configuration {
    /// Its text; `None` if there is none, or something that is no file.
    pub text: Option<String>,
    /// What it means, with warnings; else everything that is wrong.
    pub read: Result<(Config, Vec<Problem>), Vec<Problem>>,
}

/// Reads agents.yaml.
///
/// # Errors
/// The system doesn't let it be read. A missing file, and what is no file, are found as wrong.
pub fn read(paths: &Paths) -> Result<Configuration> {
    let wrong =
        |message: String| Err(vec![Problem { severity: Severity::Error, line: 1, key: String::new(), message }]);
    Ok(match read::read_linked_text(&paths.config()) {
        Ok(Some(text)) => Configuration { read: config::read(&text), text: Some(text) },
        Ok(None) => {
            Configuration { text: None, read: wrong("there is no agents.yaml: run `scheduler init`".to_owned()) }
        }
        Err(error) => match error.downcast::<Refused>() {
            Ok(refused) => Configuration { text: None, read: wrong(refused.why().to_owned()) },
            Err(error) => return Err(error),
        },
    })
}
