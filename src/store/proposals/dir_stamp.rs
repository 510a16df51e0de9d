//! Whether any proposal was changed since a look at them, without opening a file.

use super::Proposals;
use crate::domain::proposal::ProposalState;
use anyhow::Result;
use rustix::fs::{Stat, lstat};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// When what was changed last, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirStamp {
    /// Each directory but that of promoted ones: a file came or went.
    dirs: [Option<i64>; 3],
    /// The open proposals' files together, where the user may have edited one in its place.
    files: Option<i64>,
}

impl DirStamp {
    /// Whether nothing was changed since `then`, as far as this one tells; `then` told of everything.
    pub fn is_as(&self, then: &Self) -> bool {
        self.dirs == then.dirs && self.files.is_none_or(|files| then.files == Some(files))
    }

    /// Whether the file at `path` is clearly younger.
    pub fn is_older_than(&self, path: &Path) -> bool {
        let newest = self.dirs.iter().flatten().max();
        let written = lstat(path).ok().map(|stat| nanoseconds(&stat));
        written.is_some_and(|written| newest.is_none_or(|newest| newest + 1_000_000_000 < written))
    }
}

impl Proposals<'_> {
    /// When they were changed; with `edits` also the files of open ones, at a system call each.
    ///
    /// # Errors
    /// A directory cannot be read.
    pub fn dir_stamp(&self, edits: bool) -> Result<DirStamp> {
        let watched = [ProposalState::Active, ProposalState::Deferred, ProposalState::Rejected];
        let dirs = watched.map(|state| lstat(self.paths.proposals(state)).ok().map(|stat| nanoseconds(&stat)));
        let files = if edits { Some(self.edits()?) } else { None };
        Ok(DirStamp { dirs, files })
    }

    fn edits(&self) -> Result<i64> {
        let mut sum = 0i64;
        for state in [ProposalState::Active, ProposalState::Deferred] {
            for id in self.list(state)?.ids {
                let Ok(stat) = lstat(self.path(state, &id)) else { continue };
                sum = sum.wrapping_mul(31).wrapping_add(nanoseconds(&stat)).wrapping_add(stat.st_size);
            }
        }
        Ok(sum)
    }
}

fn nanoseconds(stat: &Stat) -> i64 {
    let nanoseconds = i64::try_from(stat.st_mtime_nsec).unwrap_or_default();
    stat.st_mtime.saturating_mul(1_000_000_000).saturating_add(nanoseconds)
}
