//! What is around an agent on a user's machine: a home with secrets, processes, sockets, a checkout with work in it.

use crate::support::{Started, Test};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Below HOME, what a program that somebody else wrote has no business to read.
const SECRETS: [&str; 46] = [
    ".ssh/id_test",
    ".ssh/config",
    ".ssh/known_hosts",
    ".gnupg/private-keys-v1.d/k",
    ".aws/credentials",
    ".config/gcloud/credentials.db",
    ".azure/accessTokens.json",
    ".kube/config",
    ".docker/config.json",
    ".config/gh/hosts.yml",
    ".config/hub",
    ".config/glab-cli/config.yml",
    ".git-credentials",
    ".config/git/credentials",
    ".netrc",
    ".npmrc",
    ".yarnrc.yml",
    ".pypirc",
    ".cargo/credentials.toml",
    ".gem/credentials",
    ".m2/settings.xml",
    ".gradle/gradle.properties",
    ".composer/auth.json",
    ".local/share/keyrings/login.keyring",
    ".password-store/a.gpg",
    ".mozilla/firefox/p/logins.json",
    ".config/google-chrome/Default/Cookies",
    ".config/chromium/Default/Cookies",
    ".config/BraveSoftware/x",
    ".thunderbird/p/logins.json",
    ".bash_history",
    ".zsh_history",
    ".python_history",
    ".node_repl_history",
    ".psql_history",
    ".pgpass",
    ".my.cnf",
    ".vault-token",
    ".terraform.d/credentials.tfrc.json",
    ".config/rclone/rclone.conf",
    ".config/doctl/config.yaml",
    ".config/sops/age/keys.txt",
    ".config/containers/auth.json",
    ".config/op/config",
    ".config/Slack/Cookies",
    ".config/Signal/config.json",
];

/// Listens on everything; says the ports when all are there.
const LISTENER: &str = r#"
import os, socket, time
root = os.environ["HOME"][:-len("/home")]
a = socket.socket(socket.AF_UNIX); a.bind("\0" + root); a.listen()
u = socket.socket(socket.AF_UNIX); u.bind(root + "/home/socket"); u.listen()
t = socket.socket(); t.bind(("127.0.0.1", 0)); t.listen()
d = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); d.bind(("127.0.0.1", 0))
open(root + "/listening.new", "w").write(f"TCP={t.getsockname()[1]} UDP={d.getsockname()[1]}\n")
os.rename(root + "/listening.new", root + "/listening")
time.sleep(600)
"#;

/// The processes and the files outside the test's folder; to be ended.
pub struct Surroundings {
    processes: Vec<Started>,
    shared_memory: PathBuf,
}

impl Surroundings {
    pub fn new(test: &Test) -> Self {
        let root = test.root();
        let old_path = std::env::var("PATH").unwrap_or_default();
        let binary = Path::new(crate::support::BINARY).parent().unwrap().display().to_string();
        test.set_env("PATH", format!("{0}/bin:{binary}:{0}/tools:{old_path}", root.display()));
        test.set_env("GH_TOKEN", "ghp_secret").unset_env("CLAUDE_CONFIG_DIR");
        if let Some(rustup) = rustup_home() {
            test.set_env("RUSTUP_HOME", rustup.display().to_string());
        }
        home(&root.join("home"));
        checkout(test);
        write(&root.join("beside/file"), "x\n");
        write(&test.orchestrator("agents/a1/runs/earlier/prompt.md"), "x\n");
        let shared_memory = Path::new("/dev/shm").join(root.file_name().unwrap());
        write(&shared_memory, "x\n");
        let mut victim = test.program_command("sh");
        victim.args(["-c", "exec 9<>victim-2; exec sleep 600"]);
        let victim = test.start_any(victim);
        let mut lines = format!("VICTIM={} SECRETS='{}'\nexport VICTIM\n", victim.id(), SECRETS.join(" "));
        let mut processes = vec![victim];
        if old_path.split(':').any(|dir| Path::new(dir).join("python3").is_file()) {
            let mut listener = test.program_command("python3");
            listener.args(["-c", LISTENER]);
            processes.push(test.start_any(listener));
            let listening = root.join("listening");
            test.wait_until("the listener", || listening.exists());
            lines += &fs::read_to_string(listening).unwrap();
        }
        write(&root.join("claude/ports"), &lines);
        Self { processes, shared_memory }
    }

    pub fn end(self) {
        for process in self.processes {
            let _ = kill_process(Pid::from_raw(process.id().cast_signed()).unwrap(), Signal::KILL);
            process.wait();
        }
        let _ = fs::remove_file(self.shared_memory);
    }
}

fn home(home: &Path) {
    for secret in SECRETS {
        write(&home.join(secret), "PRIVATE ghp_secret\n");
    }
    for other in [".bashrc", ".profile", ".claude/settings.json", "Documents/letter.txt"] {
        write(&home.join(other), "\n");
    }
    write(&home.join(".claude/settings.json"), "{}\n");
    write(&home.join(".claude.json"), "{}\n");
    write(&home.join(".gitconfig"), "[user]\n\tname = T\n\temail = t@example.invalid\n");
}

fn checkout(test: &Test) {
    for name in ["victim-1", "victim-2", "private.txt"] {
        test.committed_file(name, "x\n");
    }
    test.git(["push", "-q", "origin", "main"]);
    test.git(["branch", "users-own"]);
    // Packs to attack.
    test.git(["repack", "-q", "-a", "-d"]);
}

/// Where the toolchains are that a `cargo` on PATH leads to.
fn rustup_home() -> Option<PathBuf> {
    let home = std::env::home_dir()?;
    Some(std::env::var_os("RUSTUP_HOME").map_or_else(|| home.join(".rustup"), PathBuf::from))
        .filter(|path| path.is_dir())
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}
