//! How a machine tells itself from others: by what it was installed with, its name and its boot. None of them is certain, so a
//! user on one machine is believed in doubt: a laptop changes its name with the network, a container makes it up and has no id,
//! and clones share theirs.
//!
//! It looks at nothing.

use serde::{Deserialize, Serialize};

/// How far the clocks of two machines may be apart, in seconds.
const SKEW: i64 = 120;

/// A machine, as it was when it was put on record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Its name.
    pub host: String,
    /// What it was installed with, if that is known.
    pub id: Option<String>,
    /// Its boot; empty if that isn't known.
    pub boot: String,
}

/// The machine that this process is on.
#[derive(Clone, Debug)]
pub struct Here {
    pub machine: Machine,
    /// When it was booted, in seconds since the epoch.
    pub booted: i64,
}

impl Here {
    /// Whether `other` is this machine, in this boot or an earlier one; `seen` is when it last gave a sign of life. What did so
    /// after this machine had been booted, in another boot, is another one.
    pub fn is(&self, other: &Machine, seen: Option<i64>) -> bool {
        let here = &self.machine;
        if here.boot == other.boot && !here.boot.is_empty() {
            return true;
        }
        let has_its_name = here.host == other.host;
        let lived_beside = seen.is_some_and(|seen| seen > self.booted + SKEW);
        match (&here.id, &other.id) {
            // Some systems make their id anew at each boot.
            (Some(one), Some(other)) if one != other => has_its_name && !lived_beside,
            _ => has_its_name || !lived_beside,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(text: &str) -> Machine {
        let mut words = text.split(' ');
        let mut word = || words.next().filter(|word| *word != "-").map(str::to_owned);
        Machine { host: word().unwrap_or_default(), id: word(), boot: word().unwrap_or_default() }
    }

    #[test]
    fn one_machine_is_never_taken_for_two() {
        const BOOTED: i64 = 1_000_000;
        let (before, after) = (Some(BOOTED - 60), Some(BOOTED + SKEW + 1));
        for (what, other, here, seen, expected) in [
            ("the same", "a 1 x", "a 1 x", after, true),
            ("rebooted", "a 1 x", "a 1 y", after, true),
            ("renamed", "a 1 x", "b 1 x", after, true),
            ("renamed and rebooted", "a 1 x", "b 1 y", before, true),
            ("a clone with a name of its own", "a 1 x", "b 1 y", after, false),
            ("another container here", "c1 - x", "c2 - x", after, true),
            ("a container after a reboot", "c1 - x", "c2 - y", before, true),
            ("a container elsewhere", "c1 - x", "c2 - y", after, false),
            ("without an id, rebooted", "a - x", "a - y", after, true),
            ("an id for each boot", "a 1 x", "a 2 y", before, true),
            ("another of the same name", "a 1 x", "a 2 y", after, false),
            ("another", "a 1 x", "b 2 y", before, false),
            ("another, never seen", "a 1 x", "b 2 y", None, false),
            ("nothing is known", "- - -", "- - -", None, true),
            ("nothing is known of the other", "- - -", "b 2 y", None, true),
        ] {
            let here = Here { machine: machine(here), booted: BOOTED };
            assert_eq!(here.is(&machine(other), seen), expected, "{what}");
        }
    }
}
