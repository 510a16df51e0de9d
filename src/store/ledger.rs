//! The files of the ledger, one a local year: how a line is added once, and what was spent of late.
//!
//! What days have cost is kept in a cache with how far it has read, so that a tick reads what was added since, and no more.

use super::cache;
use super::paths::Paths;
use crate::domain::ledger::{By, Days, Entry, Line, Sums};
use crate::domain::time::{self, Time};
use crate::sys::error::cannot;
use crate::sys::read::open_kept;
use crate::sys::{atomic, dir};
use anyhow::{Context, Result};
use chrono::{Datelike, NaiveDate};
use memchr::memchr;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::path::Path;
use std::thread;

/// How many of the runs before tell what one costs at most.
const RECENT: usize = 20;
/// How many local days are a week, today among them.
const WEEK: u64 = 7;
/// The longest line that is sure to be read; one of twice the length is passed over.
const LINE_MAX: u64 = 64 << 10;
/// A file of more bytes is read by two threads.
const LARGE: u64 = 8 << 20;

/// What a ledger says beyond what is kept of it, in bytes, is worth being kept.
const FAR: u64 = 64 << 10;

/// What was spent of late, in US dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spent {
    /// On this local day.
    pub today_usd: f64,
    /// On this and the six days before.
    pub week_usd: f64,
    /// By the most expensive one of the last runs that have a cost; 0 if there is none.
    pub max_recent_usd: f64,
    /// Much had to be read for it: see [`keep`].
    pub is_far: bool,
}

/// `cache/ledger-<year>.json`: what a ledger says up to some line.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Known {
    inode: u64,
    /// So many bytes are read.
    length: u64,
    /// How many of them weren't kept.
    #[serde(skip)]
    new: u64,
    days: BTreeMap<NaiveDate, f64>,
    /// What the last runs have cost.
    last: VecDeque<f64>,
}

/// Adds the line of a run to the ledger of the year in which it ended. `again`: it may be there.
///
/// # Errors
/// As for [`atomic::append_line`], or the ledger can't be read.
pub fn append(paths: &Paths, entry: &Entry, again: bool) -> Result<()> {
    let year = time::local_date(entry.time).year();
    let path = paths.ledger(year);
    if again && holds(&path, &entry.run)? {
        return Ok(());
    }
    let line = serde_json::to_string(entry).context("a line that JSON cannot express")?;
    atomic::append_line(&path, &line)?;
    let known = Known::of(paths, year)?;
    if let Err(error) = cache::save(&paths.known_ledger(year), &known) {
        tracing::warn!("{error:#}");
    }
    Ok(())
}

/// Keeps what the ledgers say of late, where reading it takes long.
///
/// # Errors
/// A ledger can't be read, or what it says can't be written.
pub fn keep(paths: &Paths, now: Time) -> Result<()> {
    let year = time::local_date(now).year();
    for year in [year - 1, year] {
        let known = Known::of(paths, year)?;
        if known.new > FAR {
            cache::save(&paths.known_ledger(year), &known)?;
        }
    }
    Ok(())
}

/// What was spent of late. Lines are no more looked at than they are new, in whatever order the clock has had them written.
///
/// # Errors
/// A ledger can't be read.
pub fn spent(paths: &Paths, now: Time) -> Result<Spent> {
    let today = time::local_date(now);
    let first = today - chrono::Days::new(WEEK - 1);
    let this = Known::of(paths, today.year())?;
    let is_enough = first.year() == today.year() && this.last.len() >= RECENT;
    let before = if is_enough { Known::default() } else { Known::of(paths, today.year() - 1)? };
    let days = before.days.range(first..=today).chain(this.days.range(first..=today));
    let recent = this.last.iter().rev().chain(before.last.iter().rev()).take(RECENT);
    Ok(Spent {
        // A guess of an earlier day may have been put right.
        today_usd: this.days.get(&today).copied().unwrap_or_default().max(0.0),
        // Not `sum`: that of nothing is -0.0.
        week_usd: days.fold(0.0, |sum, (_, cost)| sum + cost).max(0.0),
        max_recent_usd: recent.fold(0.0, |max, cost| cost.max(max)),
        is_far: this.new.max(before.new) > FAR,
    })
}

/// What all lines since then add up to, or all that there are.
///
/// # Errors
/// The folder, or a ledger, can't be read.
pub fn sums(paths: &Paths, by: By, since: Option<Time>) -> Result<Sums> {
    let mut sums = Sums::new(by, since);
    for year in years(paths, since)? {
        let path = paths.ledger(year);
        let Some((file, stat)) = open_kept(&path)? else { continue };
        let size = u64::try_from(stat.st_size).unwrap_or_default();
        let half = if size > LARGE { size / 2 } else { size };
        let second = || -> Result<Sums> {
            let mut sums = Sums::new(by, since);
            if let Some((file, _)) = open_kept(&path)?.filter(|_| half < size) {
                lines(file.into(), &path, half, size, &mut |line| sums.add(line))?;
            }
            Ok(sums)
        };
        let others = thread::scope(|scope| {
            let second = if half < size { Some(scope.spawn(second)) } else { None };
            lines(file.into(), &path, 0, half, &mut |line| sums.add(line))?;
            second.map(|second| second.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).transpose()
        })?;
        others.iter().for_each(|others| sums.merge(others));
    }
    Ok(sums)
}

/// The lines of the runs that ended since then; whatever is read is added to `sums`, too.
///
/// # Errors
/// As for [`sums`].
pub fn entries(paths: &Paths, since: Time, sums: &mut [Sums]) -> Result<Vec<Entry>> {
    let (mut entries, first) = (Vec::new(), time::to_text(since));
    for year in years(paths, Some(since))? {
        let path = paths.ledger(year);
        let Some((file, _)) = open_kept(&path)? else { continue };
        lines(file.into(), &path, 0, u64::MAX, &mut |line| {
            sums.iter_mut().for_each(|sums| _ = sums.add(line));
            let is_wanted = Line::read(line, |line| line.time >= first.as_bytes());
            if is_wanted == Some(true) {
                entries.extend(serde_json::from_slice::<Entry>(line));
            }
            is_wanted.is_some()
        })?;
    }
    Ok(entries)
}

/// The years that have a ledger, from that of `since` on.
fn years(paths: &Paths, since: Option<Time>) -> Result<impl Iterator<Item = i32> + use<>> {
    let first = since.map_or(i32::MIN, |since| time::local_date(since).year());
    let year = |name: &str| name.strip_prefix("ledger-")?.strip_suffix(".jsonl")?.parse::<i32>().ok();
    Ok(dir::names(paths.dot())?.filter_map(move |name| year(&name)).filter(move |year| *year >= first))
}

impl Known {
    /// What the ledger of a year says, from the cache on.
    fn of(paths: &Paths, year: i32) -> Result<Self> {
        let path = paths.ledger(year);
        let Some((file, stat)) = open_kept(&path)? else { return Ok(Self::default()) };
        let size = u64::try_from(stat.st_size).unwrap_or_default();
        let kept: Option<Self> = cache::load(&paths.known_ledger(year));
        // The user may have put another file there, or a shorter one.
        let kept = kept.filter(|kept| kept.inode == stat.st_ino && kept.length <= size);
        let mut known = kept.unwrap_or_else(|| Self { inode: stat.st_ino, ..Self::default() });
        if known.length < size {
            let mut days = Days::default();
            let start = known.length;
            known.length = lines(file.into(), &path, start, size, &mut |line| known.add(line, &mut days))?;
            known.new = known.length - start;
        }
        Ok(known)
    }

    /// Adds a line; whether it is one.
    fn add(&mut self, line: &[u8], days: &mut Days) -> bool {
        let read = Line::read(line, |line| Some((days.of(line.time)?, line.cost_usd)));
        let Some((day, cost)) = read.flatten() else { return false };
        if let Some(cost) = cost {
            *self.days.entry(day).or_default() += cost;
            self.last.push_back(cost);
            if self.last.len() > RECENT {
                self.last.pop_front();
            }
        }
        true
    }
}

/// Whether a ledger has the line of a run.
fn holds(path: &Path, run: &str) -> Result<bool> {
    let Some((file, _)) = open_kept(path)? else { return Ok(false) };
    let wanted = format!("\"run\":\"{run}\"");
    let mut found = false;
    lines(file.into(), path, 0, u64::MAX, &mut |line| {
        let is_it = String::from_utf8_lossy(line).contains(&wanted) && Line::read(line, |_| ()).is_some();
        found |= is_it;
        is_it
    })?;
    Ok(found)
}

/// Hands over the lines that begin in this part of a file; one that an end of line is missing of counts if `take` finds it whole.
/// Returns where what counts ends: between lines, or before that end.
fn lines(file: File, path: &Path, start: u64, end: u64, take: &mut dyn FnMut(&[u8]) -> bool) -> Result<u64> {
    let mut file = BufReader::with_capacity(64 << 10, file);
    let mut read = || {
        let mut at = start;
        if let Some(before) = start.checked_sub(1) {
            file.seek(SeekFrom::Start(before))?;
            at = before + file.skip_until(b'\n')? as u64;
        }
        let mut line = Vec::new();
        while at < end {
            line.clear();
            let mut length = read_line(&mut file, &mut line)?;
            let is_ended = line.ends_with(b"\n");
            if length >= LINE_MAX && !is_ended {
                length += file.skip_until(b'\n')? as u64;
            } else if length == 0 || !take(&line) && !is_ended {
                break;
            }
            at += length;
        }
        Ok(at)
    };
    read().map_err(|error: io::Error| cannot("read", path, error))
}

/// Takes a line, or what a longer one begins with, and says how much that was: what `read_until` does, in less time.
fn read_line(file: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<u64> {
    while (line.len() as u64) < LINE_MAX && !line.ends_with(b"\n") {
        let part = file.fill_buf()?;
        if part.is_empty() {
            break;
        }
        let end = memchr(b'\n', part).map_or(part.len(), |at| at + 1);
        line.extend_from_slice(&part[..end]);
        file.consume(end);
    }
    Ok(line.len() as u64)
}

#[cfg(test)]
mod tests;
