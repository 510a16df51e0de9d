//! git, claude and gh: whether they are found, which versions they are, whether they are logged in.

use super::Finding;
use crate::{
    cli::{Context, programs},
    engine::project::Project,
    exec::{command, git},
};
use std::{path::Path, process::Command, time::Duration};

const TIMEOUT: Duration = Duration::from_secs(30);
const MAX_OUTPUT: usize = 64 << 10;
/// What cron gives a program whose line names no PATH.
const CRON_PATH: &str = "/usr/bin:/bin";

/// From where is looked: this environment, or the bare one of a timer.
pub(super) struct View {
    search_path: String,
    home: Option<String>,
    bare: bool,
    tokens: Vec<&'static str>,
}

/// Variables by which claude is logged in.
const CLAUDE_TOKENS: [&str; 3] = ["ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN", "ANTHROPIC_AUTH_TOKEN"];
/// Variables by which gh is logged in.
const GH_TOKENS: [&str; 2] = ["GH_TOKEN", "GITHUB_TOKEN"];

impl View {
    /// As bare as the environment of the project's timer, or as this one.
    pub(super) fn new(context: &Context, bare: bool) -> Self {
        let set = |name: &&str| context.env(name).is_some();
        let tokens = CLAUDE_TOKENS.into_iter().chain(GH_TOKENS).filter(set).collect();
        let installed = || super::timer::search_path(context).unwrap_or_else(|| CRON_PATH.to_owned());
        Self {
            search_path: if bare { installed() } else { context.env("PATH").unwrap_or_default().to_owned() },
            home: context.env("HOME").map(str::to_owned),
            bare,
            tokens: if bare { Vec::new() } else { tokens },
        }
    }

    fn has_token(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.tokens.contains(name))
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

/// Looks at the three programs.
pub(super) fn look(view: &View, project: &Project) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, remedy) in programs::NEEDED {
        match programs::folder_of(name, &view.search_path) {
            Some(folder) => {
                let version = view.ask(&folder.join(name), &["--version"], project.root());
                findings.push(match version {
                    Some(version) => Finding::ok(format!("{name}: {version} ({})", folder.display())),
                    None => Finding::error(
                        format!("{name} in {} doesn't run", folder.display()),
                        format!("try `{name} --version`"),
                    ),
                });
            }
            None if name == "gh" => {
                findings.push(Finding::warning(format!("{name} is not on {}", view.search_path), remedy))
            }
            None => findings.push(Finding::error(format!("{name} is not on {}", view.search_path), remedy)),
        }
    }
    if let Err(error @ git::GitError::TooOld(_)) = git::git_version() {
        findings.push(Finding::error(error.to_string(), "install a newer git"));
    }
    findings.push(claude_login(view));
    findings.extend(gh_login(view, project));
    findings
}

fn claude_login(view: &View) -> Finding {
    let file = view.home.as_ref().map(|home| Path::new(home).join(".claude/.credentials.json"));
    if view.has_token(&CLAUDE_TOKENS) {
        Finding::ok("claude: a token is in the environment")
    } else if file.is_some_and(|file| file.is_file()) {
        Finding::ok("claude: logged in, as far as its files tell")
    } else if cfg!(target_os = "macos") {
        Finding::warning(
            "claude: its login is in the keychain, if anywhere, which a timer may not reach",
            "if runs fail with 401: `claude setup-token`, and CLAUDE_CODE_OAUTH_TOKEN in the timer's environment",
        )
    } else {
        Finding::warning(
            "claude: no sign of a login",
            "run `claude` once and log in, or `claude setup-token` and CLAUDE_CODE_OAUTH_TOKEN in the timer's environment",
        )
    }
}

fn gh_login(view: &View, project: &Project) -> Option<Finding> {
    let folder = programs::folder_of("gh", &view.search_path)?;
    if view.has_token(&GH_TOKENS) {
        return Some(Finding::ok("gh: a token is in the environment"));
    }
    let logged_in = view.ask(&folder.join("gh"), &["auth", "status"], project.root()).is_some();
    Some(if logged_in {
        Finding::ok("gh: logged in")
    } else {
        Finding::warning("gh is not logged in: no pull requests are opened", "run `gh auth login`")
    })
}
