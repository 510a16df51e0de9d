//! What a run's processes are confined to: as agents.yaml wants it, and as far as this system can.

use super::context::{Run, RunError};
use super::{place, session};
use crate::domain::message::Message;
use crate::domain::role::MayChange;
use crate::domain::runner::files::Confined;
use crate::domain::sandbox::profile::{Facts, claude_folders, port_of, profile};
use crate::domain::sandbox::reach::{Closed, TOOL_VARIABLES};
use crate::domain::sandbox::secret_places::SECRET_PLACES;
use crate::domain::sandbox::{Mode, denial, expanded};
use crate::engine::trust;
use crate::exec::confine::{self, Confiner};
use crate::exec::loose_objects;
use crate::exec::pre_push;
use crate::exec::programs::folder_of;
use crate::store::{cache, messages, runs};
use crate::sys::{atomic, read};
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// What is called instead of git, and calls it.
const GIT: &str = include_str!("../../../templates/git_confined.sh");
/// Variables with the addresses by which claude reaches its model.
const MODEL_ADDRESSES: [&str; 7] =
    ["ANTHROPIC_BASE_URL", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];
/// Files of the system that may be links to where the system's folders are not.
const SYSTEM_LINKS: [&str; 2] = ["/etc/resolv.conf", "/etc/localtime"];

/// The end of what a run wrote in which a denial is looked for, in bytes.
const MAX_SAID: usize = 64 << 10;

/// `cache/packed.json`: where the user's refs stood when the objects were last packed.
#[derive(Serialize, Deserialize)]
struct Packed {
    tips: String,
}

/// Makes ready what the run may write, and writes down what it is confined to; `None` if it isn't.
pub fn of(run: &Run<'_>) -> Result<Option<Confiner>, RunError> {
    let sandbox = &run.assignment.settings.sandbox;
    if sandbox.mode == Mode::Off {
        return Ok(None);
    }
    if let Some(why) = confine::missing(sandbox.mode) {
        if sandbox.mode == Mode::Required {
            return Err(RunError::launch(format!(
                "agents can't be confined here, and sandbox.mode is required: {why}"
            )));
        }
        tell(run, &why)?;
        return Ok(None);
    }
    made_ready(run).map(Some)
}

/// The same for a run on another machine, which is asked there whether it can confine.
pub fn elsewhere(run: &Run<'_>) -> Result<Option<Confiner>, RunError> {
    let is_off = run.assignment.settings.sandbox.mode == Mode::Off;
    if is_off { Ok(None) } else { made_ready(run).map(Some) }
}

fn made_ready(run: &Run<'_>) -> Result<Confiner, RunError> {
    // The run does without where it can't be done.
    let _ = pack_objects(run).inspect_err(|error| tracing::warn!("{error:#}"));
    let facts = facts(run)?;
    confine::make_ready(&facts)?;
    if facts.worktree.join("Cargo.toml").exists() {
        let home = value(run, "CARGO_HOME").map(PathBuf::from).or_else(|| Some(facts.home.as_ref()?.join(".cargo")));
        home.map_or(Ok(()), |home| confine::share_crates(&home, &facts.cache.join("cargo")))?;
    }
    runs::write_json(&run.files.profile(), &profile(&run.assignment.settings.sandbox, &facts))?;
    Ok(Confiner { program: run.supervisor.program.to_owned(), profile: run.files.profile() })
}

/// Whether a run's processes are kept from what git trusts: confined, and given nothing to write that leads there.
pub fn of_trust(run: &Run<'_>) -> trust::Confinement {
    let mode = run.assignment.settings.sandbox.mode;
    let is_confined = match run.assignment.runner {
        // Another machine that can't starts nothing; or whether it can is heard later.
        Some(_) => mode == Mode::Required,
        None => mode != Mode::Off && confine::missing(mode).is_none(),
    };
    trust_in(run, is_confined)
}

/// Puts on record whether another machine confines a run, once that is known.
pub fn note(run: &Run<'_>, confined: &Confined) -> Result<()> {
    if let Confined::Unable(why) = confined {
        tell(run, why)?;
    }
    let confinement = trust_in(run, *confined == Confined::Yes);
    match read::read_json::<trust::Before>(&run.files.before())? {
        Some(before) if before.confinement != confinement => {
            runs::write_json(&run.files.before(), &trust::Before { confinement, ..before })
        }
        _ => Ok(()),
    }
}

fn trust_in(run: &Run<'_>, is_confined: bool) -> trust::Confinement {
    let sandbox = &run.assignment.settings.sandbox;
    let home = value(run, "HOME").map(PathBuf::from);
    let trusted = [Some(run.project().common_dir.clone()), Some(run.project().root().to_owned()), home.clone()];
    let trusted: Vec<_> = trusted.into_iter().flatten().map(|place| place::real(&place)).collect();
    let leads_there = |place: &String| {
        // What can't be found can't be told.
        let Some(place) = expanded(place, home.as_deref()) else { return true };
        let place = place::real(&place);
        place.starts_with(&trusted[0]) || trusted.iter().any(|trusted| trusted.starts_with(&place))
    };
    if is_confined && !sandbox.write.iter().any(leads_there) {
        trust::Confinement::Confined
    } else {
        trust::Confinement::Open
    }
}

/// The folder of programs that a confined run finds first, before those of `search_path`.
pub fn programs(run: &Run<'_>, search_path: &str) -> Result<PathBuf> {
    let bin = run.files.bin();
    if let Some(folder) = folder_of("git", search_path) {
        let git = folder.join("git").display().to_string().replace('\'', r"'\''");
        atomic::write_program(&bin.join("git"), GIT.replace("@GIT@", &git).as_bytes())?;
    }
    Ok(bin)
}

/// Says once that agents are not confined.
fn tell(run: &Run<'_>, why: &str) -> Result<()> {
    let body = format!(
        "This system can't confine what agents start: {why}.\n\nThey can read and change what you can. To have nothing started \
         like that, set `sandbox: {{mode: required}}` below `defaults` in agents.yaml; `mode: off` says that it is as you want it.\n"
    );
    let message = Message::warning("Agents work unconfined", body).key("unconfined".to_owned());
    messages::send(run.paths(), &message, run.now()).map(drop)
}

/// Lets go of what was made ready for the run, once its processes have ended.
pub fn end(run: &Run<'_>) -> Result<()> {
    if !run.files.profile().exists() {
        return Ok(());
    }
    confine::let_go(&run.project().common_dir, run.assignment.agent.as_str())
}

/// What the user is told of a run that failed, if the sandbox is a likely cause.
pub fn hint(run: &Run<'_>) -> Option<String> {
    if !run.files.profile().exists() {
        return None;
    }
    let tail = |path: &Path| read::read_tail(path, MAX_SAID).ok();
    [run.files.stderr(), run.files.output()].iter().filter_map(|path| tail(path)).find_map(|said| denial::hint(&said))
}

/// Sees to it that what the user's refs need isn't only where the run may delete it.
fn pack_objects(run: &Run<'_>) -> Result<()> {
    let (git, cache) = (run.worktree.repository(), run.paths().packed());
    let before =
        read::read_json::<trust::Before>(&run.files.before())?.context("what the run found is not on record")?;
    let tips = loose_objects::tips(&git, &before.refs)?;
    if cache::load::<Packed>(&cache).is_none_or(|packed| packed.tips != tips) {
        loose_objects::pack(&git)?;
        cache::save(&cache, &Packed { tips })?;
    }
    Ok(())
}

fn facts(run: &Run<'_>) -> Result<Facts> {
    let value = |name: &str| value(run, name);
    let path = |name: &str| value(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let (assignment, project) = (&run.assignment, place::real(run.project().root()));
    let home = path("HOME");
    let claude = path("CLAUDE_CONFIG_DIR").or_else(|| home.as_ref().map(|home| home.join(".claude")));
    let closed = closed(run, home.as_deref(), &project);
    let mut tools: Vec<PathBuf> = TOOL_VARIABLES.iter().filter_map(|name| path(name)).collect();
    tools.extend(assignment.settings.command.iter().map(PathBuf::from).filter(|word| word.is_absolute()));
    tools.extend(claude.clone());
    tools.extend(run.supervisor.program.parent().map(Path::to_owned));
    tools.extend(SYSTEM_LINKS.map(PathBuf::from));
    let mut tools = confine::reachable(home.as_deref(), &value("PATH").unwrap_or_default(), &tools, &closed);
    tools.push(run.agent.gh_config());
    // They run confined, too, from the main checkout where `core.hooksPath` is relative.
    tools.extend(pre_push::folder_in_project(&run.worktree, run.project().root())?);
    let (ports, worktree) = (assignment.ports.as_ref(), place::real(run.worktree.path()));
    let session = session::of(run).id;
    // It may have to begin anew.
    let mut sessions = vec![session.as_str(), run.id()];
    sessions.dedup();
    let addresses = MODEL_ADDRESSES.iter().filter_map(|name| value(name));
    Ok(Facts {
        agent: assignment.agent.to_string(),
        home,
        claude: claude.iter().flat_map(|folder| claude_folders(folder, &sessions, &worktree)).collect(),
        worktree,
        git_dir: run.worktree.verify()?,
        common_dir: run.project().common_dir.clone(),
        alternates: confine::alternates(&run.project().common_dir),
        commits: assignment.role.spec().may_change != MayChange::Nothing,
        run: run.files.dir().to_owned(),
        requests: run.files.requests(),
        tmp: run.agent.tmp(),
        cache: run.agent.cache(),
        tools,
        closed: closed.places,
        project,
        own_ports: ports.iter().flat_map(|ports| [ports.dev, ports.mcp, ports.playwright]).collect(),
        model_ports: addresses.filter_map(|address| port_of(address.to_str()?)).collect(),
    })
}

/// A variable as the run gets it.
fn value(run: &Run<'_>, name: &str) -> Option<OsString> {
    let configured = run.assignment.settings.env.get(name).map(OsString::from);
    let value = configured.or_else(|| run.supervisor.environment.get(OsStr::new(name)).cloned());
    value.filter(|value| !value.is_empty())
}

/// What no run may see, by real names: what the user's tools lead to is compared with it.
fn closed(run: &Run<'_>, home: Option<&Path>, project: &Path) -> Closed {
    let home = home.map(place::real);
    let settings = value(run, "XDG_CONFIG_HOME").map(PathBuf::from);
    let cargo = value(run, "CARGO_HOME").map(PathBuf::from);
    let elsewhere = [(".config/", settings), (".cargo/", cargo)];
    let of_place = |place: &&str| {
        let moved =
            elsewhere.iter().filter_map(|(above, folder)| Some(folder.as_ref()?.join(place.strip_prefix(above)?)));
        moved.chain(home.as_ref().map(|home| home.join(place))).collect::<Vec<_>>()
    };
    let secrets = SECRET_PLACES.iter().flat_map(of_place);
    let worktrees = place::worktrees_folder(run.supervisor, &run.assignment);
    let places = secrets.chain(worktrees).map(|place| place::real(&place)).chain([project.to_owned()]).collect();
    Closed { homes: home.into_iter().collect(), places }
}
