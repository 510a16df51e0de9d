//! What one run may read and write, and which ports it may use: worked out from where everything is.

use super::{Sandbox, expanded};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What processes are confined to. A place that isn't there is none; what may be written may be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    pub write: Vec<PathBuf>,
    pub read: Vec<PathBuf>,
    /// What may not be read, for a system that is told this and not what may be.
    pub closed: Vec<PathBuf>,
    /// The only TCP ports; `None`: all.
    pub ports: Option<Ports>,
}

/// TCP ports.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ports {
    pub connect: Vec<u16>,
    pub bind: Vec<u16>,
}

/// Where everything is that a run needs.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub agent: String,
    pub home: Option<PathBuf>,
    /// What claude writes of its own folder.
    pub claude: Vec<PathBuf>,
    pub worktree: PathBuf,
    /// The worktree's own git directory.
    pub git_dir: PathBuf,
    /// The git directory that all worktrees share.
    pub common_dir: PathBuf,
    /// Other repositories from which this one takes objects.
    pub alternates: Vec<PathBuf>,
    /// Whether the run may make commits.
    pub commits: bool,
    /// The run's own folder, and in it the one for what it asks.
    pub run: PathBuf,
    pub requests: PathBuf,
    /// The agent's own, for temporary files and for what programs keep.
    pub tmp: PathBuf,
    pub cache: PathBuf,
    /// What PATH and the user's home lead to, without what is secret.
    pub tools: Vec<PathBuf>,
    pub closed: Vec<PathBuf>,
    /// The main checkout.
    pub project: PathBuf,
    /// Ports that are the agent's, and those by which claude reaches its model.
    pub own_ports: Vec<u16>,
    pub model_ports: Vec<u16>,
}

/// What belongs to the system and may be read by all that it runs. Of `/run` what leads to names and addresses.
pub const SYSTEM: [&str; 22] = [
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/etc",
    "/opt",
    "/proc",
    "/sys",
    "/nix",
    "/gnu",
    "/snap",
    "/var/lib",
    "/var/cache",
    "/run/systemd/resolve",
    "/run/NetworkManager",
    "/run/resolvconf",
    "/run/nscd",
    "/run/current-system",
    "/run/wrappers",
];
/// Devices that may be read. Not all: some are whole disks.
const DEVICES: [&str; 5] = ["/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/fd"];
const WRITABLE_DEVICES: [&str; 3] = ["/dev/null", "/dev/tty", "/dev/shm"];

/// The longest name that claude makes of a path by itself.
const MAX_CLAUDE_NAME: usize = 200;

/// What claude must be able to write of the folder of its settings: what it keeps of these sessions, of sessions in this
/// worktree, and what it notes when it is told to. The rest holds what your other sessions run or believe: settings, commands,
/// hooks, servers, memories of other projects. Without its snapshots of shells it would start login shells, which lose PATH.
pub fn claude_folders(folder: &Path, sessions: &[&str], worktree: &Path) -> Vec<PathBuf> {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
    let name: String = worktree.to_string_lossy().chars().map(plain).collect();
    // Of a longer path claude's name isn't known: its sessions aren't kept.
    let own = (name.len() <= MAX_CLAUDE_NAME).then(|| folder.join("projects").join(name));
    let sessions = sessions.iter().map(|session| folder.join("session-env").join(session));
    own.into_iter().chain(sessions).chain([folder.join("debug"), folder.join("shell-snapshots")]).collect()
}

/// What git-lfs writes below its folder of the repository.
const LFS_WRITES: [&str; 4] = ["objects", "tmp", "incomplete", "cache"];

/// HTTPS, and names that don't fit into a packet.
const ALWAYS: [u16; 2] = [443, 53];

/// The folders of a repository in which an agent's commits come to lie. They must be there: a folder that isn't can't be
/// allowed.
pub fn commit_folders(common_dir: &Path) -> Vec<PathBuf> {
    let objects = (0..=255).map(|first: u8| common_dir.join(format!("objects/{first:02x}")));
    objects.chain(branch_folders(common_dir)).collect()
}

fn branch_folders(common_dir: &Path) -> [PathBuf; 2] {
    ["refs/heads/agent", "logs/refs/heads/agent"].map(|folder| common_dir.join(folder))
}

/// What a run is confined to.
pub fn profile(sandbox: &Sandbox, facts: &Facts) -> Profile {
    let given = |places: &[String]| -> Vec<PathBuf> {
        places.iter().filter_map(|place| expanded(place, facts.home.as_deref())).collect()
    };
    let mut write = vec![facts.worktree.clone(), facts.git_dir.clone(), facts.requests.clone(), facts.tmp.clone()];
    write.push(facts.cache.clone());
    let branches = branch_folders(&facts.common_dir);
    write.extend(commit_folders(&facts.common_dir).into_iter().filter(|it| facts.commits || !branches.contains(it)));
    write.extend(LFS_WRITES.map(|folder| facts.common_dir.join("lfs").join(folder)));
    write.extend(facts.claude.iter().cloned());
    write.extend(WRITABLE_DEVICES.map(PathBuf::from));
    write.extend(given(&sandbox.write));
    let mut read: Vec<PathBuf> = SYSTEM.into_iter().chain(DEVICES).map(PathBuf::from).collect();
    read.extend([facts.common_dir.clone(), facts.run.clone()]);
    read.extend(facts.alternates.iter().chain(&facts.tools).cloned());
    read.extend(super::reach::LOOKED_FOR_ABOVE.map(|name| facts.project.join(name)));
    read.extend(given(&sandbox.read));
    let ports = sandbox.ports.as_ref().map(|ports| {
        let with = |others: &[u16]| [ports, others, &facts.own_ports].concat();
        // A program that listens on no port in particular is given one: that is port 0.
        Ports { connect: with(&[&ALWAYS, &facts.model_ports[..]].concat()), bind: with(&[0]) }
    });
    Profile { write, read, closed: facts.closed.clone(), ports }
}

/// The port of an address such as `http://host:8080/path`.
pub fn port_of(address: &str) -> Option<u16> {
    let (scheme, rest) = address.split_once("://").unwrap_or(("http", address));
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let port = authority.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
    port.or(match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    })
}

/// Variables by which programs keep their temporary files and caches where a run may write.
pub fn variables(tmp: &Path, cache: &Path) -> Vec<(String, String)> {
    const CACHES: [(&str, &str); 11] = [
        ("XDG_CACHE_HOME", ""),
        ("npm_config_cache", "npm"),
        ("YARN_CACHE_FOLDER", "yarn"),
        ("BUN_INSTALL_CACHE_DIR", "bun"),
        ("PIP_CACHE_DIR", "pip"),
        ("GOCACHE", "go-build"),
        ("GOMODCACHE", "go-mod"),
        ("CARGO_HOME", "cargo"),
        ("GRADLE_USER_HOME", "gradle"),
        ("NUGET_PACKAGES", "nuget"),
        ("DOTNET_CLI_HOME", "dotnet"),
    ];
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let temporary = ["TMPDIR", "CLAUDE_CODE_TMPDIR"].map(|name| (name.to_owned(), text(tmp)));
    // Java looks at no TMPDIR.
    let java = ("JAVA_TOOL_OPTIONS".to_owned(), format!("-Djava.io.tmpdir={}", text(tmp)));
    let caches = CACHES.map(|(name, folder)| (name.to_owned(), text(&cache.join(folder))));
    temporary.into_iter().chain([java]).chain(caches).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts {
            home: Some("/h".into()),
            claude: claude_folders("/h/.claude".as_ref(), &["1"], "/p/.o/a/worktree".as_ref()),
            worktree: "/p/.o/a/worktree".into(),
            git_dir: "/p/.git/worktrees/worktree".into(),
            common_dir: "/p/.git".into(),
            commits: true,
            run: "/p/.o/a/runs/1".into(),
            requests: "/p/.o/a/runs/1/requests".into(),
            tmp: "/p/.o/a/tmp".into(),
            cache: "/p/.o/a/cache".into(),
            project: "/p".into(),
            own_ports: vec![4100],
            model_ports: vec![8080],
            ..Facts::default()
        }
    }

    /// Whether a place is in one of the folders.
    fn holds(list: &[PathBuf], place: &str) -> bool {
        list.iter().any(|one| Path::new(place).starts_with(one))
    }

    #[test]
    fn what_a_run_reaches() {
        let sandbox = Sandbox { write: vec!["~/data".into()], read: vec!["/ref".into()], ..Sandbox::default() };
        let found = profile(&sandbox, &facts());
        for (place, read, write) in [
            ("/p/.o/a/worktree/src", true, true),
            ("/p/.o/a/runs/1/requests/x", true, true),
            ("/p/.o/a/runs/1/record.json", true, false),
            ("/p/.o/a/runs/2/prompt.md", false, false),
            ("/p/.o/a/state.json", false, false),
            ("/p/.o/agents.yaml", false, false),
            ("/p/README.md", false, false),
            ("/p/Cargo.toml", true, false),
            ("/p/.git/objects/ab/x", true, true),
            ("/p/.git/objects/pack/x", true, false),
            ("/p/.git/objects/info/alternates", true, false),
            ("/p/.git/refs/heads/agent/x", true, true),
            ("/p/.git/refs/heads/main", true, false),
            ("/p/.git/config", true, false),
            ("/p/.git/hooks/x", true, false),
            ("/h/.claude/projects/-p--o-a-worktree/x", true, true),
            ("/h/.claude/projects/-p/memory/x", false, false),
            ("/h/.claude/session-env/1/x", true, true),
            ("/h/.claude/session-env/2/x", false, false),
            ("/h/.claude/shell-snapshots/x", true, true),
            ("/h/.claude/settings.json", false, false),
            ("/h/.claude.json", false, false),
            ("/h/data/x", true, true),
            ("/ref/x", true, false),
            ("/usr/bin/git", true, false),
            ("/dev/null", true, true),
            ("/dev/sda", false, false),
            ("/tmp/x", false, false),
        ] {
            assert_eq!(holds(&found.write, place), write, "write {place}");
            assert_eq!(holds(&found.read, place) || write, read, "read {place}");
        }
        assert_eq!(found.ports, None);
        let watching = profile(&sandbox, &Facts { commits: false, ..facts() });
        assert!(!holds(&watching.write, "/p/.git/refs/heads/agent/x"));
        assert!(holds(&watching.write, "/p/.git/objects/ab/x"));
    }

    #[test]
    fn ports_that_every_run_needs_are_added() {
        let sandbox = Sandbox { ports: Some(vec![5432]), ..Sandbox::default() };
        let ports = profile(&sandbox, &facts()).ports.unwrap();
        assert_eq!(ports, Ports { connect: vec![5432, 443, 53, 8080, 4100], bind: vec![5432, 0, 4100] });
    }

    #[test]
    fn an_address_has_a_port() {
        for (address, port) in [
            ("https://api.example.com", Some(443)),
            ("http://user:word@localhost:8080/v1", Some(8080)),
            ("http://[::1]:3128", Some(3128)),
            ("proxy:3128", Some(3128)),
            ("socks5://h", None),
        ] {
            assert_eq!(port_of(address), port, "{address}");
        }
    }

    #[test]
    fn programs_are_told_where_to_write() {
        let found = variables("/t".as_ref(), "/c".as_ref());
        for expected in
            [("TMPDIR", "/t"), ("CLAUDE_CODE_TMPDIR", "/t"), ("XDG_CACHE_HOME", "/c/"), ("GOCACHE", "/c/go-build")]
        {
            assert!(found.iter().any(|(name, value)| (name.as_str(), value.as_str()) == expected), "{expected:?}");
        }
    }
}
