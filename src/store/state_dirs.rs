//! Files that are in exactly one of a few directories, which is their state: tasks and proposals.
//!
//! Reading takes no lock, and users move and edit files as they like.

use super::listing::{self, Listing};
use super::paths::Paths;
use crate::domain::name::Name;
use crate::sys::lock::Lock;
use crate::sys::{atomic, read};
use anyhow::{Result, bail};
use clap::ValueEnum;
use serde::{Serialize, Serializer};
use std::fmt;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

/// One of the states.
pub trait State: Copy + ValueEnum + 'static {
    /// What a file says.
    type Item;
    /// How the names begin that the program gives.
    const PREFIX: &'static str;

    fn path(self, paths: &Paths, id: &Name) -> PathBuf;

    fn dir(self, paths: &Paths) -> PathBuf;

    /// As much of a file as [`State::parse`] needs; `None` if there is none.
    fn read(self, path: &Path) -> Result<Option<String>> {
        read::read_text(path)
    }

    /// # Errors
    /// What is wrong in the file, one sentence each.
    fn parse(id: &Name, text: &str) -> Result<Self::Item, Vec<String>>;
}

/// The files of one project that are in one of these states.
#[derive(Clone, Copy, Debug)]
pub struct StateDirs<'a, S> {
    pub(super) paths: &'a Paths,
    states: PhantomData<S>,
}

/// A file that was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<S> {
    /// The id as the file is named.
    pub id: Name,
    pub state: S,
    /// The whole file.
    pub text: String,
}

/// What was found in a state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct InState<S, T> {
    pub state: S,
    #[serde(flatten)]
    pub what: T,
}

/// A file that can't be understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BadFile {
    pub id: Name,
    #[serde(serialize_with = "lossy")]
    pub path: PathBuf,
    /// What is wrong in it, one sentence each.
    pub problems: Vec<String>,
}

impl fmt::Display for BadFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.problems.join("; "))
    }
}

/// What all files say, and those that can't be understood.
pub type Everywhere<S, T> = (Vec<InState<S, T>>, Vec<InState<S, BadFile>>);

fn lossy<S: Serializer>(path: &Path, out: S) -> Result<S::Ok, S::Error> {
    out.collect_str(&path.display())
}

impl<'a, S: State> StateDirs<'a, S> {
    pub fn new(paths: &'a Paths) -> Self {
        Self { paths, states: PhantomData }
    }

    pub fn path(&self, state: S, id: &Name) -> PathBuf {
        state.path(self.paths, id)
    }

    /// The files in a state, by name alone: no file is opened.
    ///
    /// # Errors
    /// The directory can't be read.
    pub fn list(&self, state: S) -> Result<Listing> {
        listing::named(&state.dir(self.paths))
    }

    /// At most `count` files of a state, those that changed last, newest first.
    ///
    /// # Errors
    /// The directory can't be read.
    pub fn newest(&self, state: S, count: usize) -> Result<Vec<Name>> {
        let changed = |id: &Name| {
            let stat = rustix::fs::lstat(self.path(state, id)).ok()?;
            Some((stat.st_mtime, stat.st_mtime_nsec))
        };
        let mut ids: Vec<_> = self.list(state)?.ids.into_iter().map(|id| (changed(&id), id)).collect();
        ids.sort_by(|a, b| b.cmp(a));
        Ok(ids.into_iter().take(count).map(|(_, id)| id).collect())
    }

    /// What the files in a state say, in the order of their names.
    ///
    /// # Errors
    /// The directory can't be read. A file that can't be read or understood is an item of its own.
    pub fn all(&self, state: S) -> Result<Vec<Result<S::Item, BadFile>>> {
        Ok(self.these(state, self.list(state)?.ids))
    }

    /// What all files say, state by state, and those that can't be understood.
    ///
    /// # Errors
    /// A directory can't be read.
    pub fn everywhere(&self) -> Result<Everywhere<S, S::Item>> {
        let (mut good, mut bad) = (Vec::new(), Vec::new());
        for &state in S::value_variants() {
            for one in self.all(state)? {
                match one {
                    Ok(what) => good.push(InState { state, what }),
                    Err(what) => bad.push(InState { state, what }),
                }
            }
        }
        Ok((good, bad))
    }

    /// As [`StateDirs::all`], of these files, without those that are no longer in the state.
    pub fn these(&self, state: S, ids: Vec<Name>) -> Vec<Result<S::Item, BadFile>> {
        ids.into_iter().filter_map(|id| self.one(state, id).transpose()).collect()
    }

    /// What those files in a state say that can be understood.
    ///
    /// # Errors
    /// The directory can't be read.
    pub fn good(&self, state: S) -> Result<Vec<S::Item>> {
        Ok(self.all(state)?.into_iter().flatten().collect())
    }

    /// `None` if it has been moved since it was listed.
    fn one(&self, state: S, id: Name) -> Result<Option<S::Item>, BadFile> {
        let path = self.path(state, &id);
        match state.read(&path) {
            Ok(text) => text.map(|text| self.parsed(state, &id, &text)).transpose(),
            Err(error) => Err(BadFile { id, path, problems: vec![format!("{error:#}")] }),
        }
    }

    /// What a file in a state says if this is its text.
    ///
    /// # Errors
    /// What is wrong in it.
    pub fn parsed(&self, state: S, id: &Name, text: &str) -> Result<S::Item, BadFile> {
        S::parse(id, text).map_err(|problems| BadFile { id: id.clone(), path: self.path(state, id), problems })
    }

    /// The whole file; `None` if it isn't in that state.
    ///
    /// # Errors
    /// As for [`read::read_text`].
    pub fn read(&self, state: S, id: &Name) -> Result<Option<String>> {
        read::read_text(&self.path(state, id))
    }

    /// Looks for a file in every state, first by its very name, then without regard to case.
    ///
    /// # Errors
    /// As for [`read::read_text`] and [`StateDirs::list`].
    pub fn find(&self, id: &Name) -> Result<Option<Found<S>>> {
        let read = |state, id: &Name| Ok(self.read(state, id)?.map(|text| Found { id: id.clone(), state, text }));
        // A file that is moved just then, against the order of the states, is seen the second time.
        for &state in S::value_variants().iter().chain(S::value_variants()) {
            if let Some(found) = read(state, id)? {
                return Ok(Some(found));
            }
        }
        let spelled = self.spelling(id)?;
        spelled.map_or(Ok(None), |(state, id)| read(state, &id))
    }

    /// What the user calls so: the file of that name, else the only one whose name, with or without its prefix, begins so.
    ///
    /// # Errors
    /// As for [`StateDirs::find`]; several begin so.
    pub fn called(&self, word: &Name) -> Result<Option<Found<S>>> {
        if let Some(found) = self.find(word)? {
            return Ok(Some(found));
        }
        let word = word.as_str().to_ascii_lowercase();
        let begins = |id: &Name| {
            let id = id.as_str().to_ascii_lowercase();
            let bare = id.get(S::PREFIX.len() + 1..).filter(|_| id.starts_with(&S::PREFIX.to_ascii_lowercase()));
            id.starts_with(&word) || bare.is_some_and(|bare| bare.starts_with(&word))
        };
        let mut begun: Vec<Name> = Vec::new();
        for &state in S::value_variants() {
            begun.extend(self.list(state)?.ids.into_iter().filter(begins));
        }
        begun.dedup();
        match begun.as_slice() {
            [] => Ok(None),
            [id] => self.find(id),
            [one, other, ..] => {
                bail!("{word:?} begins more than one name, such as {one} and {other}: write more of it")
            }
        }
    }

    /// Where a file of that name is without regard to case, readable or not, and how it is spelled.
    ///
    /// # Errors
    /// A directory can't be read.
    pub fn spelling(&self, id: &Name) -> Result<Option<(S, Name)>> {
        if let Some(state) = self.whereabouts(id) {
            return Ok(Some((state, id.clone())));
        }
        for &state in S::value_variants() {
            if let Some(other) = self.list(state)?.ids.into_iter().find(|other| other == id) {
                return Ok(Some((state, other)));
            }
        }
        Ok(None)
    }

    /// Whether a file of that name is in a state, readable or not.
    pub fn exists(&self, state: S, id: &Name) -> bool {
        rustix::fs::lstat(self.path(state, id)).is_ok()
    }

    /// Where a file of that name is, readable or not.
    pub fn whereabouts(&self, id: &Name) -> Option<S> {
        S::value_variants().iter().copied().find(|&state| self.exists(state, id))
    }

    /// Two states in which there is a file of that name, if there are two: a mistake, for no step leaves two.
    pub fn in_two_places(&self, id: &Name) -> Option<[S; 2]> {
        let mut places = S::value_variants().iter().copied().filter(|&state| self.exists(state, id));
        let one = places.next()?;
        let other = places.find(|&other| atomic::is_taken(&self.path(one, id), &self.path(other, id)))?;
        Some([one, other])
    }

    /// A name that no file has in any state: the prefix and eight hexadecimal digits. The caller holds the lock.
    pub(super) fn free_id(&self) -> Result<Name> {
        loop {
            let digits = uuid::Uuid::new_v4().simple().to_string();
            let id = format!("{}-{}", S::PREFIX, &digits[..8]).parse()?;
            if self.whereabouts(&id).is_none() {
                return Ok(id);
            }
        }
    }

    pub(super) fn lock(&self) -> Result<Lock> {
        super::lock(self.paths)
    }
}
