//! git and gh: whether they are found, which versions they are, whether gh is logged in; and from where is looked.

use super::{Caller, Probe};
use crate::domain::billing;
use crate::engine::project::Project;
use crate::exec::git::Git;
use crate::exec::remote::Remotes;
use crate::exec::{command, git, programs};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(30);
const MAX_OUTPUT: usize = 64 << 10;
/// What cron gives a program whose line names no PATH.
const CRON_PATH: &str = "/usr/bin:/bin";

/// From where is looked: this environment, or the bare one of a timer.
pub(super) struct View {
    pub(super) search_path: String,
    pub(super) home: Option<String>,
    bare: bool,
    tokens: Vec<&'static str>,
}

/// Whether the files of claude hold a login, as far as they tell.
pub fn is_logged_in(home: Option<&str>) -> bool {
    home.is_some_and(|home| Path::new(home).join(".claude/.credentials.json").is_file())
}

/// Variables by which gh is logged in.
const GH_TOKENS: [&str; 2] = ["GH_TOKEN", "GITHUB_TOKEN"];

impl View {
    /// As bare as the environment of the project's timer, or as this one.
    pub(super) fn new(project: &Project, caller: Caller<'_>) -> Self {
        let Caller { env, bare, .. } = caller;
        let set = |name: &&str| !bare && env(name).is_some();
        let installed = || super::timer::search_path(project, caller).unwrap_or_else(|| CRON_PATH.to_owned());
        Self {
            search_path: if bare { installed() } else { env("PATH").unwrap_or_default().to_owned() },
            home: env("HOME").map(str::to_owned),
            bare,
            tokens: billing::KEYS.into_iter().chain([billing::LOGIN]).chain(GH_TOKENS).filter(set).collect(),
        }
    }

    /// Whether one of these variables is set where runs are started.
    pub(super) fn has_token(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.tokens.contains(name))
    }

    /// Whether a program is found by its name, and which version it is.
    pub(super) fn program(&self, name: &str, remedy: &str, project: &Project) -> Probe {
        match programs::folder_of(name, &self.search_path) {
            Some(folder) => self.version(name, &folder.join(name), project),
            None if name == "gh" => Probe::warning(format!("{name} is not on {}", self.search_path), remedy),
            None => Probe::error(format!("{name} is not on {}", self.search_path), remedy),
        }
    }

    /// Which version a program is, as it says itself.
    pub(super) fn version(&self, name: &str, path: &Path, project: &Project) -> Probe {
        let folder = path.parent().unwrap_or(path).display();
        match self.ask(path, &["--version"], project.root()) {
            Some(version) => Probe::ok(format!("{name}: {version} ({folder})")),
            None => {
                Probe::error(format!("{name} in {folder} doesn't run"), format!("try `{} --version`", path.display()))
            }
        }
    }

    /// What a program says when it is called like this; `None` if it fails.
    fn ask(&self, program: &Path, arguments: &[&str], dir: &Path) -> Option<String> {
        let mut call = Command::new(program);
        call.args(arguments).current_dir(dir);
        if self.bare {
            call.env_clear().envs(self.home.iter().map(|home| ("HOME", home)));
        }
        call.env("PATH", &self.search_path).env("NO_COLOR", "1").env("GH_PROMPT_DISABLED", "1");
        let done = command::run(&mut call, None, TIMEOUT, MAX_OUTPUT).ok()?;
        done.status
            .success()
            .then(|| String::from_utf8_lossy(&done.stdout).lines().next().unwrap_or_default().to_owned())
    }
}

/// Looks at git and gh.
pub(super) fn probe(view: &View, project: &Project) -> Vec<Probe> {
    let remotes = Remotes::read(&Git::in_repository(&project.common_dir), None);
    let needs_gh = remotes.is_ok_and(|remotes| remotes.is_there() && remotes.repository().is_some());
    let is_needed = |name: &str| name == "git" || (name == "gh" && needs_gh);
    let needed = programs::NEEDED.into_iter().filter(|(name, _)| is_needed(name));
    let mut probes: Vec<_> = needed.map(|(name, remedy)| view.program(name, remedy, project)).collect();
    if let Err(error @ git::GitError::TooOld(_)) = git::git_version() {
        probes.push(Probe::error(error.to_string(), "install a newer git"));
    }
    if needs_gh {
        probes.extend(gh_login(view, project));
    } else {
        probes.push(Probe::ok("gh isn't needed: there is no remote on GitHub, and so no pull request"));
    }
    probes
}

fn gh_login(view: &View, project: &Project) -> Option<Probe> {
    let folder = programs::folder_of("gh", &view.search_path)?;
    if view.has_token(&GH_TOKENS) {
        return Some(Probe::ok("gh: a token is in the environment"));
    }
    let logged_in = view.ask(&folder.join("gh"), &["auth", "status"], project.root()).is_some();
    Some(if logged_in {
        Probe::ok("gh: logged in")
    } else {
        Probe::warning("gh is not logged in: no pull requests are opened", "run `gh auth login`")
    })
}
