//! The folder of a run's requests: how an agent puts one there, how its supervisor takes it up and answers beside it.
//!
//! The folder is the agent's: it can fill it with anything, and harms nobody but itself. It never says what is done.

use super::paths::RunPaths;
use crate::domain::name::Name;
use crate::domain::request::{self, OPEN, Part, Request};
use crate::sys::arrivals::Arrivals;
use crate::sys::folder::Folder;
use crate::sys::lock::Lock;
use crate::sys::{atomic, read};
use anyhow::{Context, Result, ensure};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The most names in the folder that are looked at.
const MAX_NAMES: usize = 10_000;
/// More than any exit code has.
const MAX_CODE: usize = 16;

/// The folder as the supervisor has it. As long as it has it, the lock in it is held.
#[derive(Debug)]
pub struct Requests {
    folder: Folder,
    _lock: Lock,
}

impl Requests {
    /// Makes the folder of a run, before anything of the agent is started.
    ///
    /// # Errors
    /// The system's, with path and remedy; another process answers.
    pub fn open(run: &RunPaths) -> Result<Self> {
        let dir = run.requests();
        atomic::ensure_private_dir(&dir)?;
        let lock = Lock::try_take(&dir.join(OPEN))?;
        let lock = lock.with_context(|| format!("another process answers the requests in {}", dir.display()))?;
        Ok(Self { folder: Folder::open(&dir)?, _lock: lock })
    }

    /// Those that wait, in no order.
    ///
    /// # Errors
    /// The system's.
    pub fn waiting(&self) -> Result<Vec<Name>> {
        Ok(self.folder.names(MAX_NAMES)?.iter().filter_map(|name| request::asked(name)).collect())
    }

    /// Takes one up, so that it is never answered twice; whether it was still there.
    ///
    /// # Errors
    /// The system's.
    pub fn take(&self, id: &Name) -> Result<bool> {
        self.folder.rename(&Part::Asked.of(id), &Part::Taken.of(id))
    }

    /// The new files for what the answer prints, and for what it complains of.
    ///
    /// # Errors
    /// The system's.
    pub fn outputs(&self, id: &Name) -> Result<(File, File)> {
        Ok((self.folder.create(&Part::Stdout.of(id))?, self.folder.create(&Part::Stderr.of(id))?))
    }

    /// Gives the answer away: it is whole.
    ///
    /// # Errors
    /// The system's.
    pub fn answer(&self, id: &Name, code: u8) -> Result<()> {
        self.folder.write(&Part::Code.of(id), format!("{code}\n").as_bytes())?;
        self.folder.remove(&Part::Taken.of(id))
    }
}

/// Whether any waits in the folder of a run, as far as can be seen.
pub fn any_waits(run: &RunPaths) -> bool {
    let names = Folder::open(&run.requests()).and_then(|folder| folder.names(MAX_NAMES));
    names.is_ok_and(|names| names.iter().any(|name| request::asked(name).is_some()))
}

/// Puts one into the folder in the agent's name, from its supervisor.
///
/// # Errors
/// The system's.
pub fn put(run: &RunPaths, id: &Name, request: &Request) -> Result<()> {
    Folder::open(&run.requests())?.write(&Part::Asked.of(id), &serde_json::to_vec(request)?)
}

/// The request that was taken up.
///
/// # Errors
/// It isn't there, or none: a link, a pipe, too large, garbage.
pub fn taken(run: &RunPaths, id: &Name) -> Result<Request> {
    let name = Part::Taken.of(id);
    let bytes = Folder::open(&run.requests())?.read(&name, read::MAX_BYTES)?;
    serde_json::from_slice(&bytes.context("the request is gone")?).context("this is no request")
}

/// A request as the agent's side has it.
#[derive(Debug)]
pub struct Asked {
    dir: PathBuf,
    id: Name,
    arrivals: Arrivals,
    sees_locks: bool,
}

/// Where a request is.
#[derive(Debug)]
pub enum Stage {
    Waiting,
    Taken,
    /// With the exit code.
    Answered(u8),
    /// The supervisor is gone.
    Alone,
}

impl Asked {
    /// Puts a request into the folder; `None` if nobody would answer it, as far as one `sees_locks` that the supervisor holds.
    ///
    /// # Errors
    /// It is too large, or the system's.
    pub fn put(
        dir: &Path,
        id: Name,
        request: &Request,
        look_every: Duration,
        sees_locks: bool,
    ) -> Result<Option<Self>> {
        let bytes = serde_json::to_vec(request)?;
        ensure!(bytes.len() <= read::MAX_BYTES, "the call with all that it reads is larger than 1 MiB: shorten it");
        let asked = Self { dir: dir.to_owned(), id, arrivals: Arrivals::of(dir, look_every), sees_locks };
        if asked.is_alone()? {
            return Ok(None);
        }
        atomic::write_cache(&asked.part(Part::Asked), &bytes)?;
        Ok(Some(asked))
    }

    /// Where it is now.
    ///
    /// # Errors
    /// The system's.
    pub fn stage(&self) -> Result<Stage> {
        // Asked first: what was answered before the supervisor went is answered.
        let is_alone = self.is_alone()?;
        let code = Folder::open(&self.dir)?.read(&Part::Code.of(&self.id), MAX_CODE)?;
        Ok(match code {
            Some(code) => Stage::Answered(request::exit_code(&read::lossy(code))),
            None if is_alone => Stage::Alone,
            None if self.part(Part::Asked).exists() => Stage::Waiting,
            None => Stage::Taken,
        })
    }

    /// Whether it can be seen that no supervisor answers here any more.
    fn is_alone(&self) -> Result<bool> {
        Ok(self.sees_locks && Lock::is_free(&self.dir.join(OPEN))?)
    }

    /// Waits until there may be more to see, at most so long.
    pub fn wait(&mut self, most: Duration) {
        self.arrivals.wait(Some(most), None);
        self.arrivals.forget();
    }

    /// Takes it back; whether nobody had taken it up.
    ///
    /// # Errors
    /// The system's.
    pub fn withdraw(&self) -> Result<bool> {
        atomic::discard(&self.part(Part::Asked))
    }

    /// What the answer printed, or what it complained of.
    ///
    /// # Errors
    /// The system's.
    pub fn output(&self, part: Part) -> Result<Option<File>> {
        read::open_file(&self.part(part))
    }

    /// Clears the answer away. What can't be is left.
    pub fn clear(&self) {
        for part in Part::ANSWER {
            let _ = atomic::discard(&self.part(part));
        }
    }

    fn part(&self, part: Part) -> PathBuf {
        self.dir.join(part.of(&self.id))
    }
}
