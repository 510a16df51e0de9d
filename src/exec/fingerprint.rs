//! Reads what can make git run or send something: settings of every level and of the files that they include, hooks, files of
//! attributes, ssh's configuration. What that means is for others to decide.
//!
//! git is asked only to list settings, which starts no program, whatever they say. Nothing is read through an agent's worktree.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use crate::domain::git_settings::{is_dangerous, is_harmless_hook};
use crate::domain::trust::{CONTENT, Fingerprint, Seen};
use crate::exec::git::{Git, GitError};
use crate::sys::dir;
use crate::sys::read::{self, Refused};

/// Hooks may be programs; what is larger is told apart by no digest.
const MAX_FILE: usize = 64 << 20;
/// More files than are included, or lie in a folder of hooks, anywhere.
const MAX_FILES: usize = 400;
/// How long git may take to list settings.
const LIMIT: Duration = Duration::from_secs(30);
/// How deep a folder of hooks is looked into.
const MAX_DEPTH: usize = 4;

/// Where to look.
#[derive(Clone, Copy, Debug)]
pub struct Places<'a> {
    /// The git directory that all worktrees share.
    pub common_dir: &'a Path,
    /// The main checkout, to which a relative `core.hooksPath` refers.
    pub root: &'a Path,
    /// The user's home.
    pub home: Option<&'a Path>,
    /// What was found before: its files are looked at again, also where this environment doesn't lead to them.
    pub known: Option<&'a Fingerprint>,
}

impl Places<'_> {
    /// How a file is called: what belongs to the project is so wherever the project is moved.
    fn name(&self, file: &Path) -> String {
        let inside = file.strip_prefix(self.common_dir).map(|rest| Path::new(".git").join(rest));
        let name = inside.ok().or_else(|| file.strip_prefix(self.root).map(Path::to_owned).ok());
        name.unwrap_or_else(|| file.to_owned()).display().to_string()
    }

    /// The file that is called so.
    fn path(&self, name: &str) -> PathBuf {
        match name.strip_prefix(".git/") {
            Some(rest) => self.common_dir.join(rest),
            None => self.root.join(name),
        }
    }
}

/// Reads everything; `git` is bound to the repository. What git itself can't read of its settings is in [`Fingerprint::unreadable`].
pub fn read(git: &Git, places: &Places<'_>) -> Result<Fingerprint> {
    // In place of a file there may be a pipe.
    let git = &git.clone().with_timeout(LIMIT);
    let mut found = Fingerprint::default();
    if let Err(error) = settings(git, places, &mut found) {
        let why = match error {
            GitError::Failed { stderr, .. } => stderr.lines().next().unwrap_or_default().to_owned(),
            GitError::TimedOut { .. } => error.to_string(),
            error => return Err(error.into()),
        };
        return Ok(Fingerprint { unreadable: Some(why), ..Fingerprint::default() });
    }
    let named = |key: &str, base: &Path| -> Vec<PathBuf> {
        found
            .values(key)
            .into_iter()
            .flat_map(|path| path.split(", "))
            .map(|path| resolve(path, base, places.home))
            .collect()
    };
    let mut folders = named("core.hookspath", places.root);
    folders.push(places.common_dir.join("hooks"));
    let mut files = named("core.attributesfile", places.root);
    files.push(places.common_dir.join("info/attributes"));
    for level in ["GIT_ATTR_GLOBAL", "GIT_ATTR_SYSTEM"] {
        // A git before 2.42 doesn't tell.
        let answer = git.try_run(["var", level])?;
        files.extend(answer.status.success().then(|| answer.path()));
    }
    files.extend(places.home.map(|home| home.join(".ssh/config")));
    files.extend(known_places(places, |keys| keys.contains_key(CONTENT)));
    for folder in folders {
        hooks(&folder, MAX_DEPTH, places, &mut found)?;
    }
    for file in files {
        content(&file, places, &mut found)?;
    }
    Ok(found)
}

/// All settings that count, by the file that has them; also those of files that are included only elsewhere.
fn settings(git: &Git, places: &Places<'_>, found: &mut Fingerprint) -> Result<(), GitError> {
    let entries = git.run(["config", "-z", "--list", "--show-scope", "--show-origin"])?.entries();
    let mut known = BTreeSet::new();
    let mut left: VecDeque<PathBuf> = known_places(places, |keys| keys.keys().any(|key| key != CONTENT)).collect();
    for entry in entries.chunks_exact(3).filter(|entry| entry[0] != "command") {
        let Some(file) = entry[1].strip_prefix("file:") else { continue };
        let (key, value) = entry[2].split_once('\n').unwrap_or((&entry[2], ""));
        let place = places.name(Path::new(file));
        add(found, &place, key, value);
        left.extend(included(Path::new(file), key, value, places.home));
        known.insert(place);
    }
    left.push_back(places.common_dir.join("config.worktree"));
    while let Some(file) = left.pop_front() {
        let place = places.name(&file);
        if known.len() >= MAX_FILES || !file.is_file() || !known.insert(place.clone()) {
            continue;
        }
        let args = ["config".as_ref(), "--file".as_ref(), file.as_os_str(), "-z".as_ref(), "--list".as_ref()];
        match git.run(args) {
            Ok(listed) => {
                for (key, value) in listed.settings() {
                    add(found, &place, &key, &value);
                    left.extend(included(&file, &key, &value, places.home));
                }
            }
            // No git can work with it, if any ever comes upon it.
            Err(GitError::Failed { .. }) => found.add(&place, CONTENT, digest, "unreadable"),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn known_places<'a>(
    places: &Places<'a>,
    wanted: impl Fn(&BTreeMap<String, Seen>) -> bool + 'a,
) -> impl Iterator<Item = PathBuf> + 'a {
    let places = *places;
    let known = places.known.into_iter().flat_map(|known| &known.places);
    known.filter(move |(_, keys)| wanted(keys)).map(move |(place, _)| places.path(place))
}

fn add(found: &mut Fingerprint, place: &str, key: &str, value: &str) {
    if is_dangerous(key, value, None) {
        found.add(place, key, digest, value);
    }
}

/// The file that a setting of `file` includes, whatever the condition.
fn included(file: &Path, key: &str, value: &str, home: Option<&Path>) -> Option<PathBuf> {
    let includes = key == "include.path" || key.starts_with("includeif.") && key.ends_with(".path");
    includes.then(|| resolve(value, file.parent().unwrap_or(Path::new("/")), home))
}

/// A path as it stands in a setting.
fn resolve(path: &str, base: &Path, home: Option<&Path>) -> PathBuf {
    match (path.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => base.join(path),
    }
}

/// The hooks in a folder, and what lies beside them, for they may call it.
fn hooks(folder: &Path, depth: usize, places: &Places<'_>, found: &mut Fingerprint) -> Result<()> {
    for entry in dir::readable(folder).take(MAX_FILES) {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        if path.is_dir() {
            if depth > 0 {
                hooks(&path, depth - 1, places, found)?;
            }
        } else if !matches!(read::read_linked_text(&path), Ok(Some(text)) if is_harmless_hook(&name, &text)) {
            content(&path, places, found)?;
        }
    }
    Ok(())
}

/// A file as a whole, if it is there.
fn content(path: &Path, places: &Places<'_>, found: &mut Fingerprint) -> Result<()> {
    let place = places.name(path);
    if found.places.get(&place).is_some_and(|known| known.contains_key(CONTENT)) {
        return Ok(());
    }
    // What is no file has no hook or attribute in it; a pipe goes before git comes upon it.
    let Some(meta) = fs::metadata(path).ok().filter(fs::Metadata::is_file) else { return Ok(()) };
    let mode = if meta.permissions().mode() & 0o111 == 0 { "" } else { ", executable" };
    let (state, bytes) = match read::read_linked_bytes(path, MAX_FILE) {
        Ok(bytes) => (format!("{} bytes{mode}", meta.len()), bytes.unwrap_or_default()),
        Err(error) => (error.downcast::<Refused>()?.why().to_owned(), Vec::new()),
    };
    let whole = |state: &[u8]| digest(&[state, &bytes].concat());
    found.add(&place, CONTENT, whole, &state);
    Ok(())
}

/// A name for contents, as git would give it.
fn digest(bytes: &[u8]) -> String {
    git2::Oid::hash_object(git2::ObjectType::Blob, bytes).map(|id| id.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
