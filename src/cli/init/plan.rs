//! What init makes: found out first, checked as a whole, then made.

use super::{gitignore, skills::SKILLS};
use crate::{
    domain::{
        config::SCHEMA,
        installed::{self, Installed},
        proposal::ProposalState,
        task::TaskState,
    },
    store::paths::Paths,
    sys::{
        atomic::{self, Published},
        read,
    },
};
use anyhow::{Context as _, Result, bail};
use rustix::fs::{Access, access};
use std::{
    borrow::Cow,
    fs, io,
    path::{Path, PathBuf},
};

const CONFIGURATION: &str = include_str!("../../../templates/agents.yaml");

/// What the user wants beside the directories and agents.yaml.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choices {
    pub(super) skills: bool,
    pub(super) gitignore: bool,
}

/// One thing to make.
#[derive(Debug)]
enum Item {
    Dir(PathBuf),
    File(PathBuf, Cow<'static, str>),
    Update(PathBuf, Cow<'static, str>),
    Ignore(PathBuf, Vec<&'static str>),
}

/// What is to be made, in that order, and the files that are there already.
#[derive(Debug)]
pub(super) struct Plan {
    root: PathBuf,
    items: Vec<Item>,
    present: Vec<PathBuf>,
    changed: Vec<PathBuf>,
}

impl Plan {
    /// Looks at what is there.
    ///
    /// # Errors
    /// Something of another kind stands where a file or directory belongs.
    pub(super) fn new(root: &Path, choices: &Choices) -> Result<Self> {
        let paths = Paths::new(root);
        let mut plan = Self { root: root.to_owned(), items: Vec::new(), present: Vec::new(), changed: Vec::new() };
        for dir in directories(&paths) {
            plan.dir(dir)?;
        }
        if choices.skills {
            for (name, text) in SKILLS {
                let at = root.join(".claude/commands").join(name);
                plan.installed(at, installed::with_hash(text).into(), |found| installed::compare(found, text))?;
            }
        }
        if choices.gitignore {
            plan.ignore(root.join(".gitignore"))?;
        }
        let compare = |found: &str| match found.replace("\r\n", "\n") == SCHEMA {
            true => Installed::Current,
            false => Installed::Other,
        };
        plan.installed(paths.config_schema(), SCHEMA.into(), compare)?;
        // Last, for it is what makes a project of the folder.
        plan.file(paths.config(), CONFIGURATION.into())?;
        Ok(plan)
    }

    /// Whether there is nothing to make.
    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Every file that belongs into the repository, from its top, whether it was there or not.
    pub(super) fn files(&self) -> Vec<String> {
        let made = self.items.iter().filter_map(|item| match item {
            Item::File(path, _) | Item::Update(path, _) | Item::Ignore(path, _) => Some(path),
            Item::Dir(_) => None,
        });
        made.chain(&self.present).chain(&self.changed).map(|path| self.relative(path)).collect()
    }

    fn dir(&mut self, path: PathBuf) -> Result<()> {
        match kind(&path)? {
            None => self.items.push(Item::Dir(path)),
            Some(kind) if kind.is_dir() => {}
            Some(_) => bail!("{} stands where a directory belongs: move it away", path.display()),
        }
        Ok(())
    }

    fn file(&mut self, path: PathBuf, text: Cow<'static, str>) -> Result<()> {
        match kind(&path)? {
            None => self.items.push(Item::File(path, text)),
            Some(kind) if kind.is_file() => self.present.push(path),
            Some(_) => bail!("{} is not a file, but a file belongs there: move it away", path.display()),
        }
        Ok(())
    }

    /// A file that is brought up to date unless a person has changed it, or put a link in its place.
    fn installed(&mut self, path: PathBuf, text: Cow<'static, str>, compare: impl Fn(&str) -> Installed) -> Result<()> {
        if !kind(&path)?.is_some_and(|kind| kind.is_file()) {
            return self.file(path, text);
        }
        match compare(&read::read_linked_text(&path)?.unwrap_or_default()) {
            Installed::Current => self.present.push(path),
            Installed::Other if !path.is_symlink() => self.items.push(Item::Update(path, text)),
            Installed::Other | Installed::Changed => self.changed.push(path),
        }
        Ok(())
    }

    fn ignore(&mut self, path: PathBuf) -> Result<()> {
        if path.is_symlink() {
            bail!(
                "{} is a symbolic link, which git does not read: make it a file, or use --no-gitignore",
                path.display()
            );
        }
        let text = match kind(&path)? {
            None => Vec::new(),
            Some(kind) if kind.is_file() => contents(&path)?,
            Some(_) => bail!("{} is not a file: move it away, or use --no-gitignore", path.display()),
        };
        match gitignore::missing(&text) {
            lines if lines.is_empty() => self.present.push(path),
            lines => self.items.push(Item::Ignore(path, lines)),
        }
        Ok(())
    }

    /// Whether everything can be made, before anything is.
    ///
    /// # Errors
    /// A directory that can't be written, with the remedy.
    pub(super) fn check(&self) -> Result<()> {
        for item in &self.items {
            let (Item::Dir(path) | Item::File(path, _) | Item::Update(path, _) | Item::Ignore(path, _)) = item;
            let Some(dir) = path.ancestors().skip(1).find(|dir| dir.exists()) else { continue };
            access(dir, Access::WRITE_OK | Access::EXEC_OK).map_err(io::Error::from).with_context(|| {
                format!(
                    "nothing was made: {} can't be written; make it writable for you, then run this again",
                    dir.display()
                )
            })?;
        }
        Ok(())
    }

    /// Makes everything.
    ///
    /// # Errors
    /// Those of the file system. What was made until then stays; a second call goes on from there.
    pub(super) fn apply(&self) -> Result<()> {
        for item in &self.items {
            match item {
                Item::Dir(path) => atomic::ensure_dir(path)?,
                Item::File(path, text) => {
                    // Whoever made it in the meantime keeps what they made.
                    let (Published::New | Published::AlreadyExists) = atomic::create_new(path, text.as_bytes())?;
                }
                Item::Update(path, text) => atomic::write(path, text.as_bytes())?,
                Item::Ignore(path, lines) => {
                    atomic::write(path, &gitignore::with_lines(&contents(path)?, lines))?;
                }
            }
        }
        Ok(())
    }

    /// What is made and what was there, a line each.
    pub(super) fn describe(&self) -> Vec<String> {
        let mut lines = Vec::new();
        match self.items.iter().filter(|item| matches!(item, Item::Dir(_))).count() {
            0 => {}
            1 => lines.push("created  1 directory under .orchestrator/".to_owned()),
            count => lines.push(format!("created  {count} directories under .orchestrator/")),
        }
        for item in &self.items {
            match item {
                Item::Dir(_) => {}
                Item::File(path, _) => lines.push(format!("created  {}", self.relative(path))),
                Item::Update(path, _) => lines.push(format!("updated  {}", self.relative(path))),
                Item::Ignore(path, added) => {
                    lines.push(format!("updated  {}: {} lines added", self.relative(path), added.len()));
                }
            }
        }
        lines.extend(self.present.iter().map(|path| format!("exists   {}: left as it is", self.relative(path))));
        let note = "changed by you, left as it is (delete it and run this again for the newest)";
        lines.extend(self.changed.iter().map(|path| format!("exists   {}: {note}", self.relative(path))));
        lines
    }

    fn relative(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }
}

/// What stands at a path; a link counts as what it leads to, and one that leads nowhere as not a file.
fn kind(path: &Path) -> Result<Option<fs::FileType>> {
    match fs::metadata(path).or_else(|_| fs::symlink_metadata(path)) {
        Ok(metadata) => Ok(Some(metadata.file_type())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            bail!("{}: a file stands where a directory belongs: move it away", path.display())
        }
        Err(error) => Err(error).with_context(|| format!("cannot look at {}", path.display())),
    }
}

fn directories(paths: &Paths) -> Vec<PathBuf> {
    let mut all = vec![
        paths.commands_dir(),
        paths.prompts_dir(),
        paths.agents_dir(),
        paths.messages(),
        paths.logs(),
        paths.cache(),
    ];
    all.extend(TaskState::ALL.map(|state| paths.queue(state)));
    all.extend(ProposalState::ALL.map(|state| paths.proposals(state)));
    all.push(paths.prs_dir());
    all
}

/// What a file holds; nothing if it isn't there.
fn contents(path: &Path) -> Result<Vec<u8>> {
    Ok(read::read_bytes(path)?.map(|(bytes, _)| bytes).unwrap_or_default())
}

#[cfg(test)]
mod tests;
