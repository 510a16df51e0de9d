//! `runners` as it is written in agents.yaml.

use super::values::{self, Seconds, Text, Whole};
use crate::domain::name::Name;
use crate::domain::runner::{Kind, LOCAL, Runner, fault_of_word};
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use std::collections::BTreeMap;

/// One entry of `runners`: a kind, or words of its own.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub(super) struct Keys {
    /// slurm: jobs of a Slurm cluster. ssh: a host by ssh. Left out: `start` says how.
    kind: Option<Kind>,
    /// Further words for the kind's own `start`. Example: [--partition=agents, --mem=8G]
    options: Option<Vec<Text>>,
    /// The host, for kind ssh.
    host: Option<Text>,
    /// A command that executes the path that follows it as one more word, on another machine with this folder. {run} becomes
    /// the run's name.
    start: Option<Vec<Text>>,
    /// A command that takes back what was started for {run}.
    cancel: Option<Vec<Text>>,
    /// A command that says how {run} stands with the engine, such as why it waits.
    explain: Option<Vec<Text>>,
    /// A command that fails while nothing can be started.
    ping: Option<Vec<Text>>,
    /// The most runs at the same moment, those that wait to be begun counted. Left out: no limit.
    max_running: Option<Whole<1, 10_000>>,
    /// How long a run may wait to be begun; then it is taken back.
    queue_seconds: Seconds<1, 31_536_000, 3_600>,
    /// After so long without a sign of this machine a run ends itself; after twice as long without a sign of it, it is given up.
    lease_seconds: Seconds<6, 86_400, 180>,
}

/// A runner whose keys fit each other.
#[derive(Deserialize)]
#[serde(try_from = "Keys")]
struct Written(Runner);

impl TryFrom<Keys> for Written {
    type Error = String;

    fn try_from(keys: Keys) -> Result<Self, String> {
        let faults = faults(&keys);
        if faults.is_empty() { Ok(Self(runner(keys))) } else { Err(faults.join("\n")) }
    }
}

/// What is wrong among the keys of one runner.
fn faults(keys: &Keys) -> Vec<String> {
    let host = keys.host.clone().map(String::from);
    let is_ssh = keys.kind.is_some_and(Kind::has_host);
    let mut faults = Vec::new();
    let mut add = |is_wrong: bool, fault: &str| faults.extend(is_wrong.then(|| fault.to_owned()));
    add(
        keys.kind.is_none() && keys.start.is_none(),
        "needs a kind, slurm or ssh, or a command of its own: start: [...]",
    );
    let is_empty = |words: &Vec<Text>| words.first().is_none_or(|word| String::from(word.clone()).is_empty());
    add(keys.start.as_ref().is_some_and(is_empty), "start must name a program");
    add(
        keys.options.is_some() && (keys.kind.is_none() || keys.start.is_some()),
        "options go with the start of a kind: put them into start",
    );
    add(host.is_some() && (!is_ssh || keys.start.is_some()), "host goes with kind: ssh and its own start");
    add(host.is_none() && is_ssh && keys.start.is_none(), "kind: ssh needs a host");
    let is_host = |host: &String| !host.is_empty() && !host.starts_with('-') && !host.contains(char::is_whitespace);
    add(host.as_ref().is_some_and(|host| !is_host(host)), "host must be a name of a host");
    let words = [&keys.options, &keys.start, &keys.cancel, &keys.explain, &keys.ping].into_iter().flatten().flatten();
    faults.extend(words.filter_map(|word| fault_of_word(&String::from(word.clone()))));
    faults
}

fn runner(keys: Keys) -> Runner {
    let words = |words: Vec<Text>| words.into_iter().map(String::from).collect::<Vec<_>>();
    let options = keys.options.map(words).unwrap_or_default();
    let host = keys.host.map(String::from);
    let preset = keys.kind.map(|kind| kind.runner(&options, host.as_ref())).unwrap_or_default();
    let start = keys.start.map_or(preset.start, words);
    let program = start.first().map(|program| program.rsplit('/').next().unwrap_or(program).to_owned());
    Runner {
        // ssh makes one line of its words, and has a shell read it.
        by_shell: program.is_some_and(|program| program == "ssh"),
        start,
        cancel: keys.cancel.map_or(preset.cancel, words),
        explain: keys.explain.map_or(preset.explain, words),
        ping: keys.ping.map_or(preset.ping, words),
        max_running: keys.max_running.map(Whole::get),
        queue_seconds: keys.queue_seconds.get(),
        lease_seconds: keys.lease_seconds.get(),
    }
}

/// Reads `runners`.
pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<Name, Runner>, D::Error> {
    let written: BTreeMap<Name, Written> = values::once(deserializer)?;
    if written.keys().any(|name| name.as_str().eq_ignore_ascii_case(LOCAL)) {
        return Err(D::Error::custom(format!("{LOCAL} is this machine: choose another name")));
    }
    Ok(written.into_iter().map(|(name, written)| (name, written.0)).collect())
}
