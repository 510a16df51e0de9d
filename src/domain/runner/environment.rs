//! The environment of a run on another machine: what it would find here, without what belongs to this machine, put over what
//! the other machine has, without that one's credentials.

use crate::domain::billing::Billing;
use crate::domain::secrets;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// Variables that each machine has its own of: taken along only where it has none.
const OF_USER: [&str; 4] = ["HOME", "USER", "LOGNAME", "SHELL"];
/// Variables that say something of this machine or this session, wrong elsewhere; `*` stands for any end.
const OF_MACHINE: [&str; 18] = [
    "PATH",
    "PWD",
    "OLDPWD",
    "SHLVL",
    "_",
    "HOSTNAME",
    "TMPDIR",
    "TERM",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "XDG_RUNTIME_DIR",
    "XDG_SESSION_*",
    "DBUS_SESSION_BUS_ADDRESS",
    "INVOCATION_ID",
    "JOURNAL_STREAM",
    "SSH_*",
    "SLURM*",
];

/// What becomes of the environment that the keeper finds on its machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// In place of what the machine has.
    pub set: Vec<(String, String)>,
    /// Only where the machine has none: who the user is.
    pub fallback: Vec<(String, String)>,
    pub unset: Vec<String>,
    /// The folders put first on `PATH`.
    pub path_first: Vec<PathBuf>,
    /// What comes after them, before the machine's own.
    pub path: String,
    /// Variables that are secret and passed all the same.
    pub pass: Vec<String>,
    /// Which pocket pays.
    #[serde(default)]
    pub billing: Billing,
    /// Whether git and gh get what they use to publish.
    pub allow_network_git: bool,
}

impl Environment {
    /// Takes along, below what is set already, what a run here would inherit. What isn't UTF-8 is left out.
    #[must_use]
    pub fn inheriting(self, inherited: &BTreeMap<OsString, OsString>) -> Self {
        let texts = inherited.iter().filter_map(|(name, value)| Some((name.to_str()?, value.to_str()?)));
        let is_taken = |name: &str| !is_of_machine(name) && !self.unset.iter().any(|unset| unset == name);
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let (of_user, others): (Vec<_>, Vec<_>) =
            texts.filter(|(name, _)| is_taken(name)).partition(|(name, _)| OF_USER.contains(name));
        let set = others.into_iter().map(owned).chain(self.set).collect();
        Self { set, fallback: of_user.into_iter().map(owned).collect(), ..self }
    }

    /// The whole environment of the run on a machine that has this one.
    pub fn on(&self, machine: &BTreeMap<OsString, OsString>) -> BTreeMap<OsString, OsString> {
        let mut whole = machine.clone();
        let set = self.set.iter().map(|(name, _)| Cow::from(name));
        let names: Vec<Cow<'_, str>> = machine.keys().map(|name| name.to_string_lossy()).chain(set).collect();
        let withheld = secrets::withheld(&names, &self.pass, self.allow_network_git);
        let of_others = names.iter().map(Cow::as_ref).filter(|name| self.billing.withholds(name));
        for name in withheld.chain(of_others).chain(self.unset.iter().map(String::as_str)) {
            whole.remove(OsStr::new(name));
        }
        for (name, value) in &self.fallback {
            whole.entry(name.into()).or_insert_with(|| value.into());
        }
        whole.extend(self.set.iter().map(|(name, value)| (name.into(), value.into())));
        whole.insert("PATH".into(), self.search_path(machine.get(OsStr::new("PATH"))));
        whole
    }

    fn search_path(&self, machine: Option<&OsString>) -> OsString {
        let first = self.path_first.iter().map(|folder| folder.as_os_str());
        let rest = [OsStr::new(&self.path), machine.map(OsString::as_os_str).unwrap_or_default()];
        first.chain(rest.into_iter().filter(|part| !part.is_empty())).collect::<Vec<_>>().join(OsStr::new(":"))
    }

    /// Whether the user's home there is the one from which was worked out what the run may reach.
    pub fn has_same_home(&self, machine: &BTreeMap<OsString, OsString>) -> bool {
        let home = |name: &str| name == "HOME";
        let here = self.fallback.iter().find(|(name, _)| home(name)).map(|(_, value)| OsStr::new(value));
        let is_set = self.set.iter().any(|(name, _)| home(name));
        is_set || machine.get(OsStr::new("HOME")).is_none_or(|there| Some(there.as_os_str()) == here)
    }
}

fn is_of_machine(name: &str) -> bool {
    OF_MACHINE.iter().any(|pattern| match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => *pattern == name,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(of: &[(&str, &str)]) -> BTreeMap<OsString, OsString> {
        of.iter().map(|(name, value)| (name.into(), value.into())).collect()
    }

    #[test]
    fn what_is_set_is_over_what_is_taken_along_over_what_the_machine_has() {
        let own = Environment {
            set: vec![("A".into(), "set".into()), ("RUN".into(), "1".into())],
            unset: vec!["GH_TOKEN".into(), "CLAUDECODE".into()],
            path_first: vec!["/own".into()],
            path: "/head/bin".into(),
            pass: vec!["PASSED_TOKEN".into()],
            ..Environment::default()
        };
        let here = map(&[
            ("A", "here"),
            ("B", "here"),
            ("GH_TOKEN", "secret"),
            ("HOME", "/home/here"),
            ("PATH", "/head/bin"),
            ("SLURM_JOB_ID", "1"),
            ("SSH_TTY", "x"),
            ("TMPDIR", "/here"),
            ("LANG", "C.UTF-8"),
        ]);
        let there = map(&[
            ("A", "there"),
            ("B", "there"),
            ("C", "there"),
            ("CLAUDECODE", "1"),
            ("OTHER_TOKEN", "secret"),
            ("PASSED_TOKEN", "passed"),
            ("PATH", "/usr/bin"),
            ("SLURM_JOB_ID", "7"),
            ("USER", "there"),
        ]);
        let expected = map(&[
            ("A", "set"),
            ("B", "here"),
            ("C", "there"),
            ("HOME", "/home/here"),
            ("LANG", "C.UTF-8"),
            ("PASSED_TOKEN", "passed"),
            ("PATH", "/own:/head/bin:/usr/bin"),
            ("RUN", "1"),
            ("SLURM_JOB_ID", "7"),
            ("USER", "there"),
        ]);
        let order = own.inheriting(&here);
        assert_eq!(order.on(&there), expected);
        for (home, same) in [(None, true), (Some("/home/here"), true), (Some("/root"), false)] {
            let there = home.map_or_else(BTreeMap::new, |home| map(&[("HOME", home)]));
            assert_eq!(order.has_same_home(&there), same, "{home:?}");
        }
    }
}
