//! The directories of an agent's runs and the JSON files in them.
//!
//! What an assignment or a record says is for others to know.

use super::paths::{AgentPaths, RunPaths};
use crate::sys::{atomic, dir, read};
use anyhow::Result;
use serde::Serialize;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

/// Creates the directory of a new run.
///
/// # Errors
/// `run_id` is no UUID or has a directory already, or the system's.
pub fn create(agent: &AgentPaths, run_id: &str) -> Result<RunPaths> {
    let run = agent.run(run_id)?;
    atomic::ensure_dir(&agent.runs())?;
    atomic::create_dir(run.dir())?;
    Ok(run)
}

/// Removes the directory of a run, if it is there.
///
/// # Errors
/// The system's, with path and remedy.
pub fn remove(run: &RunPaths) -> Result<()> {
    atomic::discard_dir(run.dir()).map(drop)
}

/// Writes a JSON file, such as a record.
///
/// # Errors
/// As for [`atomic::write()`], and a value that JSON cannot express.
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    atomic::write(path, &atomic::json(value)?)
}

/// Has a run begin a conversation, since claude has none of that name to go on with.
///
/// # Errors
/// The system's, with path and remedy.
pub fn begin_anew(run: &RunPaths) -> Result<()> {
    tracing::warn!("claude has no such conversation: the run begins a new one");
    if let Some(prompt) = read::read_text(&run.prompt_anew())? {
        atomic::write(&run.prompt(), prompt.as_bytes())?;
    }
    atomic::remove(&run.session()).map(drop)
}

/// The runs of an agent, newest first: in the order in which their assignments were written.
///
/// # Errors
/// The directory of runs cannot be read.
pub fn list(agent: &AgentPaths) -> Result<Vec<RunPaths>> {
    let mut runs = Vec::new();
    for entry in dir::entries(&agent.runs())? {
        let entry = entry?;
        let run = entry.file_name().to_str().and_then(|id| agent.run(id).ok());
        if let Some(run) = run.filter(|_| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
            runs.push((began(&run), run));
        }
    }
    runs.sort_by(|(a, run_a), (b, run_b)| b.cmp(a).then_with(|| run_a.dir().cmp(run_b.dir())));
    Ok(runs.into_iter().map(|(_, run)| run).collect())
}

/// An assignment is written once, when its run begins; a directory changes until the end.
fn began(run: &RunPaths) -> Option<SystemTime> {
    let modified = |path: &Path| fs::symlink_metadata(path).and_then(|metadata| metadata.modified()).ok();
    modified(&run.assignment()).or_else(|| modified(run.dir()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::paths::Paths;
    use crate::sys::read;
    use std::collections::BTreeMap;
    use std::os::unix::fs::MetadataExt;
    use std::time::Duration;

    const IDS: [&str; 2] = ["0190d1c2-7f1a-4e5b-8c3d-1a2b3c4d5e6f", "f190d1c2-7f1a-4e5b-8c3d-1a2b3c4d5e6f"];

    #[test]
    fn are_created_once_and_listed_newest_first() {
        let dir = tempfile::tempdir().unwrap();
        let agent = Paths::new(dir.path()).agent(&"a".parse().unwrap());
        assert!(list(&agent).unwrap().is_empty());
        for (id, age) in IDS.into_iter().zip([100, 200]) {
            let run = create(&agent, id).unwrap();
            assert!(create(&agent, id).is_err());
            write_json(&run.assignment(), &BTreeMap::from([("run", id)])).unwrap();
            let file = fs::File::options().write(true).open(run.assignment()).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 - age)).unwrap();
        }
        fs::create_dir(agent.runs().join("not-a-run")).unwrap();
        let runs = list(&agent).unwrap();
        assert!(runs.iter().map(RunPaths::dir).eq(IDS.map(|id| agent.runs().join(id)).iter()));
        assert_eq!(fs::metadata(runs[0].assignment()).unwrap().mode() & 0o777, 0o600);
        let read: BTreeMap<String, String> = read::read_json(&runs[0].assignment()).unwrap().unwrap();
        assert_eq!(read["run"], IDS[0]);
        assert!(create(&agent, "../../x").is_err());
        write_json(&runs[0].record(), &1).unwrap();
        assert_eq!(read::read_json::<u8>(&runs[0].record()).unwrap(), Some(1));
    }
}
