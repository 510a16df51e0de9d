//! The programs that do the work: `claude`, or what `command` in agents.yaml names instead; whether claude is logged in; what
//! verifies the work.

use super::Probe;
use super::programs::{View, is_logged_in};
use crate::domain::billing::{self, Billing, Pocket};
use crate::domain::config::{Agent, Config};
use crate::domain::name::Name;
use crate::domain::role::MayChange;
use crate::domain::shell;
use crate::domain::text::one_line;
use crate::engine::project::Project;
use crate::exec::programs;
use rustix::fs::{Access, access};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Looks at each command that agents are configured with; at `claude` if agents.yaml can't be read.
pub(super) fn probe(view: &View, project: &Project, config: Option<&Config>) -> Vec<Probe> {
    let usual = || (BTreeMap::from([("claude".to_owned(), Vec::new())]), true);
    let (programs, is_claude) = config.map_or_else(usual, |config| programs_of(config, true));
    let mut probes: Vec<_> =
        programs.iter().map(|(program, agents)| agent_program(view, project, program, agents)).collect();
    if let Some(config) = config {
        let all = programs.into_iter().chain(programs_of(config, false).0);
        probes.extend(all.filter_map(|(program, agents)| starts_elsewhere(&program, &agents)));
        probes.extend(runners(view, config));
    }
    if is_claude {
        probes.extend(claude_logins(view, config));
    }
    probes.extend(config.into_iter().flat_map(|config| verify_programs(view, project, config)));
    probes
}

/// The program of each `verify`, where it is told by its name.
fn verify_programs(view: &View, project: &Project, config: &Config) -> Vec<Probe> {
    let writers = config.agents.iter().filter(|agent| agent.role.spec().may_change != MayChange::Nothing);
    let commands: BTreeSet<_> = writers.filter_map(|agent| Some(&agent.settings.verify.as_ref()?.command)).collect();
    let probe = |command: &String| {
        let first = command.split_whitespace().next().filter(|word| word.starts_with("./"));
        let is_there = match (first, shell::program(command)) {
            (Some(path), _) => project.root().join(path).is_file(),
            (None, Some(program)) => {
                Path::new(program).is_file() || programs::folder_of(program, &view.search_path).is_some()
            }
            (None, None) => true,
        };
        let what = format!("verify: {}", one_line(command));
        let mend = "install its program, or mend `verify` in agents.yaml: no task is begun that can't be verified";
        if is_there {
            Probe::ok(what)
        } else {
            Probe::error(format!("{what}: not found on {}", view.search_path), mend)
        }
    };
    commands.into_iter().map(probe).collect()
}

/// Programs that start others on another machine, or out of sight: what they do there goes on when they end here.
const LAUNCHERS: [&str; 12] =
    ["srun", "sbatch", "salloc", "ssh", "mosh", "docker", "podman", "nerdctl", "kubectl", "oc", "qsub", "bsub"];

fn starts_elsewhere(program: &str, agents: &[String]) -> Option<Probe> {
    let name = Path::new(program).file_name()?.to_str()?;
    LAUNCHERS.contains(&name).then(|| {
        Probe::warning(
            format!(
                "{name} (`command` of {}) starts claude where it can't be watched: two may work at once",
                agents.join(", ")
            ),
            "`runners` in agents.yaml starts whole runs elsewhere and watches them there; `command` stays [claude]",
        )
    })
}

/// What starts the runs of each runner that an agent has; `--runner` tries it out.
fn runners(view: &View, config: &Config) -> Vec<Probe> {
    let used = config.agents.iter().filter(|agent| agent.role.uses_claude());
    let used: BTreeSet<_> = used.filter_map(|agent| agent.settings.runner.as_ref()).collect();
    let probe = |name: &Name| {
        let program = config.runners.get(name)?.start.first()?;
        let is_there = Path::new(program).is_file() || programs::folder_of(program, &view.search_path).is_some();
        Some(if is_there {
            Probe::ok(format!("runner {name}: {program} (`scheduler doctor --runner {name}` tries it out)"))
        } else {
            let what = format!("runner {name}: {program} is not on {}", view.search_path);
            Probe::error(what, format!("install it, or mend runners.{name} in agents.yaml"))
        })
    };
    used.into_iter().filter_map(probe).collect()
}

/// The distinct programs with the agents, of this machine or of runners, that have them, and whether any command names claude,
/// be it behind another program.
fn programs_of(config: &Config, is_here: bool) -> (BTreeMap<String, Vec<String>>, bool) {
    let mut programs: BTreeMap<_, Vec<String>> = BTreeMap::new();
    let is_meant = |agent: &&Agent| agent.role.uses_claude() && agent.settings.runner.is_none() == is_here;
    let agents = || config.agents.iter().filter(is_meant);
    for agent in agents() {
        let program = agent.settings.command.first().cloned();
        programs.entry(program.unwrap_or_default()).or_default().push(agent.name.to_string());
    }
    (programs, agents().flat_map(|agent| &agent.settings.command).any(|word| is_claude(word)))
}

fn is_claude(word: &str) -> bool {
    Path::new(word).file_name().is_some_and(|name| name == "claude")
}

/// One program. Only claude itself is asked for its version: what another one does with that word is its own affair.
fn agent_program(view: &View, project: &Project, program: &str, agents: &[String]) -> Probe {
    let remedy = programs::NEEDED.iter().find(|(name, _)| *name == program).map(|(_, remedy)| *remedy);
    if let Some(remedy) = remedy {
        return view.program(program, remedy, project);
    }
    let of = format!("{program} (`command` of {})", agents.join(", "));
    let mend = "install it, or mend `command` in agents.yaml: `scheduler agent set NAME command=[claude]`";
    let path = match program.contains('/') {
        // A relative path is looked up in the worktree, which holds what the project holds.
        true => Some(project.root().join(program)),
        false => programs::folder_of(program, &view.search_path).map(|folder| folder.join(program)),
    };
    match path {
        None => Probe::error(format!("{of} is not on {}", view.search_path), mend),
        Some(path) if !path.is_file() => Probe::error(format!("{of} is not there"), mend),
        Some(path) if access(&path, Access::EXEC_OK).is_err() => {
            Probe::error(format!("{of} is not executable"), format!("`chmod +x {}`", path.display()))
        }
        Some(path) if is_claude(program) => view.version(program, &path, project),
        Some(_) => Probe::ok(of),
    }
}

/// What pays for the runs of agents with the same billing and variables of their own.
fn claude_logins(view: &View, config: Option<&Config>) -> Vec<Probe> {
    let is_meant = |agent: &&Agent| agent.role.uses_claude() && agent.settings.runner.is_none();
    let mut purses: BTreeMap<(Billing, Vec<&str>), Vec<&str>> = BTreeMap::new();
    for agent in config.into_iter().flat_map(|config| &config.agents).filter(is_meant) {
        let own = agent.settings.env.keys().map(String::as_str).filter(|name| billing::pays(name)).collect();
        purses.entry((agent.settings.billing, own)).or_default().push(agent.name.as_str());
    }
    if purses.is_empty() {
        purses.insert((Billing::Any, Vec::new()), Vec::new());
    }
    let is_one = purses.len() == 1;
    let probe = |((billing, own), agents): ((Billing, Vec<&str>), Vec<&str>)| {
        let who = if is_one { String::new() } else { format!(" (for {})", agents.join(", ")) };
        let has = |name: &str| own.contains(&name) || view.has_token(&[name]);
        let is_logged_in = is_logged_in(view.home.as_deref());
        match billing.pocket(&has, is_logged_in) {
            Pocket::Unknown => no_login(billing, &who),
            pocket @ Pocket::Key(_) if is_logged_in && billing == Billing::Any => Probe::ok(format!(
                "claude{who}: {}, though there is a login, too; `billing: subscription` uses that",
                pocket.words()
            )),
            pocket => Probe::ok(format!("claude{who}: {}, as far as can be told", pocket.words())),
        }
    };
    purses.into_iter().map(probe).collect()
}

fn no_login(billing: Billing, who: &str) -> Probe {
    if billing == Billing::Api {
        let remedy = "put ANTHROPIC_API_KEY=... into the cron line, before the program; or set another `billing`";
        Probe::error(format!("claude{who}: `billing: api`, and no ANTHROPIC_API_KEY: nothing starts"), remedy)
    } else if cfg!(target_os = "macos") {
        Probe::warning(
            format!("claude{who}: its login is in the keychain, if anywhere, which a timer may not reach"),
            "if runs fail with 401: `claude setup-token`, and CLAUDE_CODE_OAUTH_TOKEN in the timer's environment",
        )
    } else {
        Probe::warning(
            format!("claude{who}: no sign of a login"),
            "run `claude` once and log in, or `claude setup-token` and CLAUDE_CODE_OAUTH_TOKEN in the timer's environment",
        )
    }
}
