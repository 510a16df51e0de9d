//! The sandbox: whether agents are confined and whether that holds, and what of this machine a sandbox doesn't keep from them.

use super::{Env, Probe};
use crate::domain::config::Config;
use crate::domain::sandbox::Mode;
use crate::domain::text::each_once;
use crate::engine::project::Project;
use crate::exec::confine::{self, Support};
use rustix::fs::{Access, access};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Looks at the sandbox.
pub(super) fn probe(project: &Project, config: Option<&Config>, env: Env<'_>) -> Vec<Probe> {
    let agents = config.into_iter().flat_map(|config| &config.agents).filter(|agent| agent.role.uses_claude());
    let modes = each_once(agents.map(|agent| agent.settings.sandbox.mode));
    let mut probes: Vec<_> = modes.into_iter().flat_map(of_mode).collect();
    probes.extend(open_folder(project));
    probes.extend(sockets(env));
    probes
}

fn of_mode(mode: Mode) -> Vec<Probe> {
    match (mode, confine::missing(mode)) {
        (Mode::Off, _) => vec![Probe::ok("agents work unconfined, as sandbox.mode has it")],
        (Mode::Auto, Some(why)) => {
            let remedy =
                "`sandbox: {mode: required}` below `defaults` in agents.yaml keeps them from starting like that";
            vec![Probe::warning(format!("agents work unconfined: {why}"), remedy)]
        }
        (Mode::Required, Some(why)) => {
            vec![Probe::error(
                format!("agents don't start, for they can't be confined: {why}"),
                "`sandbox: {mode: auto}`",
            )]
        }
        (Mode::Auto | Mode::Required, None) => vec![match (confine::trial(), confine::support()) {
            (Err(why), _) => {
                Probe::error(format!("the sandbox can't be relied on: {why}"), "report it, with the kernel's version")
            }
            (Ok(()), Support::Partial(but)) => {
                Probe::warning(format!("agents are confined but for {but}"), "run a newer kernel")
            }
            (Ok(()), _) => Probe::ok("agents are confined: a write was allowed, and one outside was refused"),
        }],
    }
}

/// What others could change would direct agents.
fn open_folder(project: &Project) -> Option<Probe> {
    let dot = project.paths.dot();
    let mode = fs::metadata(dot).ok()?.mode();
    (mode & 0o022 != 0).then(|| {
        Probe::warning(
            format!("others on this machine may write to {}", dot.display()),
            format!("`chmod go-w {}`", dot.display()),
        )
    })
}

/// Sockets that lead to somebody who does more than an agent may: no sandbox of this kind holds them.
fn sockets(env: Env<'_>) -> Vec<Probe> {
    let docker = ["/var/run/docker.sock", "/run/docker.sock"].map(PathBuf::from).into_iter();
    let rootless = env("XDG_RUNTIME_DIR").map(|dir| Path::new(dir).join("docker.sock"));
    let named = env("DOCKER_HOST").and_then(|host| host.strip_prefix("unix://")).map(PathBuf::from);
    let docker = docker.chain(rootless).chain(named).find(|socket| is_open(socket)).map(|socket| {
        Probe::warning(
            format!("agents can reach docker at {}: who commands it can do what its user can", socket.display()),
            "run the timer as a user that may not use docker, if agents don't need it",
        )
    });
    let agent = env("SSH_AUTH_SOCK").map(PathBuf::from).filter(|socket| is_open(socket)).map(|socket| {
        Probe::warning(
            format!("agents can reach your ssh-agent at {} if they find it, and so use your keys", socket.display()),
            "add keys with `ssh-add -c`, which asks you each time, or with a lifetime (`ssh-add -t`)",
        )
    });
    docker.into_iter().chain(agent).collect()
}

fn is_open(socket: &Path) -> bool {
    access(socket, Access::WRITE_OK).is_ok()
}
