//! What init makes: found out first, checked as a whole, then made.

use super::gitignore::{self, Ignored};
use super::skills::{self, SKILLS};
use crate::domain::billing::Billing;
use crate::domain::config::SCHEMA;
use crate::domain::installed::{self, Installed};
use crate::domain::proposal::ProposalState;
use crate::domain::task::TaskState;
use crate::domain::text::{counted, each_once};
use crate::exec::git::Git;
use crate::store::paths::Paths;
use crate::sys::atomic;
use crate::sys::dir::is_open_to_others;
use crate::sys::read;
use anyhow::{Context as _, Result, bail};
use rustix::fs::{Access, access};
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::{fs, io};

const CONFIGURATION: &str = include_str!("../../../templates/agents.yaml");

/// What the user wants beside the directories and agents.yaml.
#[derive(Clone, Copy, Debug)]
pub struct Choices {
    pub skills: bool,
    pub gitignore: bool,
    /// Which pocket pays, if there is no agents.yaml yet.
    pub billing: Billing,
}

/// What becomes of one path.
#[derive(Debug)]
enum Make {
    Dir,
    /// A directory that is there and open to others.
    Private,
    File(Cow<'static, str>),
    Update(Cow<'static, str>),
    Ignore(Ignored),
    /// Nothing: it is there.
    Present,
    /// Nothing: the user has changed it.
    Changed,
}

/// What is to be made, in that order, and the files that are there already.
#[derive(Debug)]
pub struct Plan {
    root: PathBuf,
    items: Vec<(PathBuf, Make)>,
}

impl Plan {
    /// Looks at what is there.
    ///
    /// # Errors
    /// Something of another kind stands where a file or directory belongs.
    pub fn new(root: &Path, choices: &Choices) -> Result<Self> {
        let paths = Paths::new(root);
        let mut plan = Self { root: root.to_owned(), items: Vec::new() };
        if is_open_to_others(paths.dot()) {
            plan.items.push((paths.dot().to_owned(), Make::Private));
        }
        for dir in directories(&paths) {
            plan.dir(dir)?;
        }
        if choices.skills {
            for (name, text) in SKILLS {
                let at = root.join(".claude/commands").join(name);
                plan.installed(at, installed::with_hash(text).into(), |found| skills::compare(found, text))?;
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
        plan.file(paths.config(), configuration(choices.billing))?;
        Ok(plan)
    }

    /// Whether there is nothing to make.
    pub fn is_empty(&self) -> bool {
        self.to_make().next().is_none()
    }

    fn to_make(&self) -> impl Iterator<Item = &(PathBuf, Make)> {
        self.items.iter().filter(|(_, make)| !matches!(make, Make::Present | Make::Changed))
    }

    fn files(&self) -> impl Iterator<Item = &(PathBuf, Make)> {
        self.items.iter().filter(|(_, make)| !matches!(make, Make::Dir | Make::Private))
    }

    /// What of our files git doesn't have yet, from the top of the repository; nothing where git ignores them or can't be
    /// asked. The skills are named by their folder.
    pub fn uncommitted(&self) -> Vec<String> {
        let paths = self.uncommitted_of(self.files().map(|(path, _)| self.relative(path)));
        let skills = |path: String| if path.starts_with(".claude/") { ".claude/commands".to_owned() } else { path };
        each_once(paths.into_iter().map(skills))
    }

    /// The same of one file that isn't ours.
    pub fn is_uncommitted(&self, file: &str) -> bool {
        !self.uncommitted_of([file.to_owned()]).is_empty()
    }

    fn uncommitted_of(&self, files: impl IntoIterator<Item = String>) -> Vec<String> {
        let question = ["status", "--porcelain", "--untracked-files=all", "-z", "--"].map(str::to_owned);
        let entries = Git::at(&self.root).run(question.into_iter().chain(files)).map(|output| output.entries());
        entries.unwrap_or_default().into_iter().filter_map(|entry| entry.get(3..).map(str::to_owned)).collect()
    }

    fn dir(&mut self, path: PathBuf) -> Result<()> {
        match kind(&path)? {
            None => self.items.push((path, Make::Dir)),
            Some(kind) if kind.is_dir() => {}
            Some(_) => bail!("{} stands where a directory belongs: move it away", path.display()),
        }
        Ok(())
    }

    fn file(&mut self, path: PathBuf, text: Cow<'static, str>) -> Result<()> {
        let make = match kind(&path)? {
            None => Make::File(text),
            Some(kind) if kind.is_file() => Make::Present,
            Some(_) => bail!("{} is not a file, but a file belongs there: move it away", path.display()),
        };
        self.items.push((path, make));
        Ok(())
    }

    /// A file that is brought up to date unless the user has changed it, or put a link in its place.
    fn installed(&mut self, path: PathBuf, text: Cow<'static, str>, compare: impl Fn(&str) -> Installed) -> Result<()> {
        if !kind(&path)?.is_some_and(|kind| kind.is_file()) {
            return self.file(path, text);
        }
        let make = match compare(&read::read_linked_text(&path)?.unwrap_or_default()) {
            Installed::Current => Make::Present,
            Installed::Other if !path.is_symlink() => Make::Update(text),
            Installed::Other | Installed::Changed => Make::Changed,
        };
        self.items.push((path, make));
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
        let ignored = gitignore::plan(&text);
        self.items.push((path, if ignored.text == text { Make::Present } else { Make::Ignore(ignored) }));
        Ok(())
    }

    /// Whether everything can be made, before anything is.
    ///
    /// # Errors
    /// A directory that can't be written, with the remedy.
    pub fn check(&self) -> Result<()> {
        for (path, _) in self.to_make() {
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
    pub fn apply(&self) -> Result<()> {
        let paths = Paths::new(&self.root);
        let dot = paths.dot();
        atomic::ensure_private_dir(dot)?;
        for (path, make) in &self.items {
            match make {
                Make::Private => {}
                Make::Dir => atomic::ensure_dir(path)?,
                Make::File(text) => atomic::install(path, text.as_bytes(), false, dot)?,
                Make::Update(text) => atomic::install(path, text.as_bytes(), true, dot)?,
                Make::Ignore(_) => atomic::install(path, &gitignore::plan(&contents(path)?).text, true, dot)?,
                Make::Present | Make::Changed => {}
            }
        }
        Ok(())
    }

    /// What is made and what was there, a line each.
    pub fn describe(&self) -> Vec<String> {
        let mut lines = Vec::new();
        match self.items.iter().filter(|(_, make)| matches!(make, Make::Dir)).count() {
            0 => {}
            1 => lines.push("created  1 directory under .orchestrator/".to_owned()),
            count => lines.push(format!("created  {count} directories under .orchestrator/")),
        }
        if self.items.iter().any(|(_, make)| matches!(make, Make::Private)) {
            lines.push("updated  .orchestrator/: only you can look into it".to_owned());
        }
        for (path, make) in self.files() {
            let path = self.relative(path);
            lines.push(match make {
                Make::Dir | Make::Private | Make::File(_) => format!("created  {path}"),
                Make::Update(_) => format!("updated  {path}"),
                Make::Ignore(Ignored { added, replaced: 0, .. }) => {
                    format!("updated  {path}: {} added", counted(*added, "line"))
                }
                Make::Ignore(Ignored { added, replaced, .. }) => {
                    format!("updated  {path}: {replaced} lines of the Python system replaced by {added}")
                }
                Make::Present => format!("exists   {path}: left as it is"),
                Make::Changed => format!(
                    "exists   {path}: changed by you, left as it is (delete it and run this again for the newest)"
                ),
            });
        }
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

/// agents.yaml as it is written first.
fn configuration(billing: Billing) -> Cow<'static, str> {
    let (heading, defaults) = ("# defaults:\n", format!("defaults:\n  billing: {billing}\n"));
    if billing == Billing::Any { CONFIGURATION.into() } else { CONFIGURATION.replacen(heading, &defaults, 1).into() }
}

/// What a file holds; nothing if it isn't there.
fn contents(path: &Path) -> Result<Vec<u8>> {
    Ok(read::read_bytes(path)?.map(|(bytes, _)| bytes).unwrap_or_default())
}

#[cfg(test)]
mod tests;
