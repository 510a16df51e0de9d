//! What is known of engines: the words for starting, cancelling and asking, as data.

use super::Runner;
use crate::domain::words::words;

words! {
    "a kind of runner"
    /// A preset.
    #[cfg_attr(test, derive(schemars::JsonSchema))]
    pub enum Kind {
        /// A partition of a Slurm cluster.
        Slurm = "slurm",
        /// A host that is reached by ssh.
        Ssh = "ssh",
    }
}

/// The words of a kind; `options` and the host go behind those of `start`, and with ssh behind those of `ping`.
pub struct Preset {
    start: &'static [&'static str],
    cancel: &'static [&'static str],
    explain: &'static [&'static str],
    ping: &'static [&'static str],
    /// What `ping` executes on a host.
    nothing: Option<&'static str>,
}

/// The job is independent of the machine that submits it, is never begun twice, and says in the run's folder why it can't begin.
const SLURM: Preset = Preset {
    start: &[
        "sbatch",
        "--job-name={run}",
        "--ntasks=1",
        "--no-requeue",
        "--output=runner.log",
        "--error=runner.log",
        "--open-mode=append",
    ],
    cancel: &["scancel", "--quiet", "--name={run}"],
    // Also jobs that have ended, as long as the controller remembers them.
    explain: &["squeue", "--noheader", "--states=all", "--name={run}", "--format=%T|%r|%i"],
    ping: &["scontrol", "ping"],
    nothing: None,
};

const SSH: Preset = Preset {
    start: &["ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=20", "-o", "ServerAliveInterval=30"],
    cancel: &[],
    explain: &[],
    ping: &["ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=5"],
    nothing: Some("true"),
};

impl Kind {
    fn preset(self) -> &'static Preset {
        match self {
            Self::Slurm => &SLURM,
            Self::Ssh => &SSH,
        }
    }

    /// Whether it is told of a host.
    pub fn has_host(self) -> bool {
        self.preset().nothing.is_some()
    }

    /// The runner that comes of it; the limits are left open.
    pub fn runner(self, options: &[String], host: Option<&String>) -> Runner {
        let preset = self.preset();
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let there = || options.iter().chain(host).cloned();
        let mut ping = words(preset.ping);
        ping.extend(preset.nothing.iter().flat_map(|nothing| there().chain([(*nothing).to_owned()])));
        Runner {
            start: words(preset.start).into_iter().chain(there()).collect(),
            cancel: words(preset.cancel),
            explain: words(preset.explain),
            ping,
            ..Runner::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_and_host_stand_where_the_programs_look_for_them() {
        let options = ["--partition=agents".to_owned()];
        let cluster = Kind::Slurm.runner(&options, None);
        assert_eq!(
            (cluster.start[0].as_str(), cluster.start.last().unwrap().as_str()),
            ("sbatch", "--partition=agents")
        );
        assert_eq!(cluster.cancel, ["scancel", "--quiet", "--name={run}"]);
        assert_eq!(cluster.ping, ["scontrol", "ping"]);
        let (port, host) = (["-p2222".to_owned()], "desk".to_owned());
        let desk = Kind::Ssh.runner(&port, Some(&host));
        assert!(desk.start.ends_with(&["-p2222".to_owned(), "desk".to_owned()]), "{:?}", desk.start);
        assert!(desk.ping.ends_with(&["-p2222".to_owned(), "desk".to_owned(), "true".to_owned()]), "{:?}", desk.ping);
        assert!(desk.cancel.is_empty() && desk.explain.is_empty());
    }
}
