//! Requests of the user that an agent be run at the next tick: one small file each, in a directory of their own, so that
//! a tick without requests looks once whether there are any.
//!
//! A request holds the time at which it was made: once the agent was started after it, it is served.

use super::paths::Paths;
use crate::domain::name::Name;
use crate::domain::time::{self, Time};
use crate::sys::{atomic, dir, read};
use anyhow::Result;
use std::fs;

/// Asks for a run. An earlier request is replaced.
///
/// # Errors
/// As for [`atomic::write()`].
pub fn request(paths: &Paths, agent: &Name, at: Time) -> Result<()> {
    atomic::write(&paths.run_request(agent), format!("{}\n", time::to_text(at)).as_bytes())
}

/// Takes a request back; whether there was one.
///
/// # Errors
/// The system's, with path and remedy.
pub fn withdraw(paths: &Paths, agent: &Name) -> Result<bool> {
    atomic::remove(&paths.run_request(agent))
}

/// The requests with the time at which each was made; a file that the user put there by hand was made when it was written.
///
/// # Errors
/// The directory or a file in it cannot be read.
pub fn list(paths: &Paths) -> Result<Vec<(Name, Time)>> {
    let names = dir::names(&paths.run_requests())?.filter_map(|name| name.parse::<Name>().ok());
    names.filter_map(|name| Some(made_at(paths, &name).transpose()?.map(|at| (name, at)))).collect()
}

/// `None` if it was withdrawn meanwhile.
fn made_at(paths: &Paths, agent: &Name) -> Result<Option<Time>> {
    let path = paths.run_request(agent);
    let Some(text) = read::read_text(&path)? else { return Ok(None) };
    let written = || fs::symlink_metadata(&path).and_then(|metadata| metadata.modified()).ok().map(Time::from);
    Ok(time::parse(&text).or_else(written))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn come_and_go() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::new(dir.path());
        let (a, b): (Name, Name) = ("a".parse().unwrap(), "b".parse().unwrap());
        let now = time::parse("2024-01-15T10:30:00Z").unwrap();
        assert!(list(&paths).unwrap().is_empty() && !withdraw(&paths, &a).unwrap());
        request(&paths, &a, now).unwrap();
        request(&paths, &a, now + chrono::Duration::seconds(9)).unwrap();
        fs::write(paths.run_request(&b), "").unwrap();
        fs::write(paths.run_requests().join(".tmp-x"), "").unwrap();
        let mut listed = list(&paths).unwrap();
        listed.sort();
        assert_eq!(listed[0], (a.clone(), now + chrono::Duration::seconds(9)));
        assert!(listed[1].0 == b && listed[1].1 > now, "{listed:?}");
        assert!(withdraw(&paths, &a).unwrap());
        assert_eq!(list(&paths).unwrap().len(), 1);
    }
}
