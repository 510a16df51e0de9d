//! The runs of GitHub's CI: beginning one again, and the log of a job.

use super::{GhError, GitHub};
use serde::Deserialize;

/// The longest log that is fetched, in bytes; its end is what is looked at.
const MAX_LOG: usize = 64 << 20;

#[derive(Deserialize)]
struct Run {
    #[serde(default)]
    run_attempt: u64,
}

impl GitHub {
    /// Begins the failed jobs of a run again, unless that was done before, by whoever it was. Whether they go on now; where
    /// GitHub won't, they don't.
    ///
    /// # Errors
    /// gh's; after a lost reply too, for the next call finds out.
    pub fn rerun_failed(&self, run: u64) -> Result<bool, GhError> {
        let path = format!("repos/{}/actions/runs/{run}", self.place()?.repository.path());
        match self.json::<Run>(&["api", &path]) {
            Ok(found) if found.run_attempt > 1 => return Ok(false),
            Ok(_) => {}
            Err(error) if error.is_answer() => return Ok(false),
            Err(error) => return Err(error),
        }
        match self.call(&["api", "--method=POST", &format!("{path}/rerun-failed-jobs")], None) {
            Ok(_) => Ok(true),
            Err(error) if error.is_answer() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The log of a job; `None` where there is none to be had: it is gone, or too long, or kept from this account.
    ///
    /// # Errors
    /// gh's.
    pub fn job_log(&self, job: u64) -> Result<Option<String>, GhError> {
        let path = format!("repos/{}/actions/jobs/{job}/logs", self.place()?.repository.path());
        match self.call_for(&["api", &path], None, MAX_LOG) {
            Ok(log) => Ok(Some(log)),
            Err(error) if error.is_of_one() => Ok(None),
            Err(error) => Err(error),
        }
    }
}
