//! The places of a profile on this machine: those that must be there before they can be allowed, and what the user's tools
//! consist of.

use crate::domain::sandbox::profile::{Facts, SYSTEM, commit_folders};
use crate::domain::sandbox::reach::{Closed, Reach, installation, installation_of_folder};
use crate::sys::{atomic, dir, read};
use anyhow::{Context, Result};
use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// More links than this in one folder of programs are not looked at.
const MAX_PROGRAMS: usize = 2_000;

/// Makes what a run may write and what isn't there yet; its temporary files begin anew.
pub fn make_ready(facts: &Facts) -> Result<()> {
    atomic::discard_dir(&facts.tmp)?;
    for folder in [&facts.tmp, &facts.cache, &facts.requests] {
        atomic::ensure_private_dir(folder)?;
    }
    let mut held: Option<PathBuf> = None;
    for (folder, holder) in holders(&facts.common_dir, &facts.agent) {
        make_like_parent(&folder)?;
        match &held {
            Some(held) => atomic::hold_place_with(&holder, held)?,
            None => atomic::hold_place(&holder)?,
        }
        held.get_or_insert(holder);
    }
    facts.claude.iter().try_for_each(|folder| atomic::ensure_dir(folder))?;
    Ok(())
}

/// Lets go of what [`make_ready`] holds in the repository, once the run's processes have ended.
pub fn let_go(common_dir: &Path, agent: &str) -> Result<()> {
    holders(common_dir, agent).try_for_each(|(_, holder)| atomic::discard(&holder).map(drop))
}

/// The folders of commits, each with a file that keeps git from removing the folder when it has packed what was in it: a new one
/// would be out of the run's reach. git takes the one for what is still being written, and overlooks the other.
fn holders(common_dir: &Path, agent: &str) -> impl Iterator<Item = (PathBuf, PathBuf)> {
    let objects = common_dir.join("objects");
    commit_folders(common_dir).into_iter().map(move |folder| {
        let prefix = if folder.starts_with(&objects) { "tmp_obj_run-" } else { ".run-" };
        let holder = folder.join(format!("{prefix}{agent}"));
        (folder, holder)
    })
}

/// Makes a folder of a repository, for the same users as the folder above it.
fn make_like_parent(folder: &Path) -> Result<()> {
    match fs::create_dir(folder) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let above = folder.parent().context("a folder of a repository has one above it")?;
            make_like_parent(above)?;
            return make_like_parent(folder);
        }
        Err(error) => return Err(error).with_context(|| format!("cannot create {}", folder.display())),
    }
    let above = folder.parent().and_then(|above| fs::metadata(above).ok());
    // Where the user may not change it, the bits stay as they were given.
    let _ = above.map(|above| fs::set_permissions(folder, above.permissions()));
    Ok(())
}

/// The folders of objects that a repository borrows from others, and these from further ones.
pub fn alternates(common_dir: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    let mut next = vec![common_dir.join("objects")];
    while let Some(objects) = next.pop().filter(|_| found.len() < 50) {
        let listed = read::read_text(&objects.join("info/alternates")).ok().flatten().unwrap_or_default();
        for line in listed.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let Ok(borrowed) = objects.join(line).canonicalize() else { continue };
            if !found.contains(&borrowed) {
                found.push(borrowed.clone());
                next.push(borrowed);
            }
        }
    }
    found
}

/// What may be seen of the user's home (what begins with a dot), of the folders on `search_path`, of what the programs there
/// are links to, and of other places of tools.
pub fn reachable(home: Option<&Path>, search_path: &OsStr, tools: &[PathBuf], closed: &Closed) -> Vec<PathBuf> {
    let mut found = Found { closed, places: Vec::new() };
    for entry in home.into_iter().flat_map(dir::readable) {
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            found.add(&entry.path());
        }
    }
    for folder in std::env::split_paths(search_path).filter(|folder| folder.is_absolute()) {
        found.programs(&folder);
    }
    for tool in tools {
        found.tool(tool);
    }
    found.places
}

struct Found<'a> {
    closed: &'a Closed,
    places: Vec<PathBuf>,
}

impl Found<'_> {
    /// Adds what may be seen of a place; what isn't UTF-8 has no place in a profile.
    fn add(&mut self, place: &Path) {
        let Some(real) = place.canonicalize().ok().filter(|real| real.to_str().is_some() && !self.holds(real)) else {
            return;
        };
        match self.closed.reach(&real) {
            Reach::Nothing => {}
            Reach::Whole => self.places.push(real),
            Reach::Parts => dir::readable(&real).for_each(|entry| self.add(&entry.path())),
        }
    }

    fn holds(&self, real: &Path) -> bool {
        let system = SYSTEM.iter().map(Path::new);
        system.chain(self.places.iter().map(PathBuf::as_path)).any(|place| real.starts_with(place))
    }

    /// A folder of programs, and what they lead to.
    fn programs(&mut self, folder: &Path) {
        let Some(real) = folder.canonicalize().ok().filter(|real| !self.holds(real)) else { return };
        self.add(&real);
        self.whole(installation_of_folder(&real));
        let links = dir::readable(&real).take(MAX_PROGRAMS);
        for link in links.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_symlink())) {
            self.tool(&link.path());
        }
    }

    /// A program or a folder of them, with the installation that it is a part of.
    fn tool(&mut self, place: &Path) {
        let Some(real) = place.canonicalize().ok().filter(|real| !self.holds(real)) else { return };
        self.add(&real);
        if let Some(folder) = installation(&real).filter(|_| real.is_file()) {
            self.whole(folder);
        }
    }

    /// An installation: never one with something closed in it, for what is taken for one may be any folder.
    fn whole(&mut self, folder: &Path) {
        if self.closed.reach(folder) == Reach::Whole {
            self.add(folder);
        }
    }
}
