//! One key of agents.yaml, whatever is wrong in the rest of it: what tells the user of that must go on.

use super::{Notify, Report};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Only `notify`.
pub fn notify(text: &str) -> Option<Notify> {
    #[derive(Deserialize)]
    struct Part {
        notify: Option<Notify>,
    }
    read::<Part>(text)?.notify.filter(|notify| !notify.command.is_empty())
}

/// Only `report`.
pub fn report(text: &str) -> Option<Report> {
    #[derive(Deserialize)]
    struct Part {
        report: Option<Report>,
    }
    read::<Part>(text)?.report
}

fn read<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_yaml::from_str(text.trim_start_matches('\u{feff}')).ok()
}
