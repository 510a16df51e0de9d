//! Which of claude's flags an installed version knows. Only what saves money or is a preference may be missing: a flag that
//! keeps a run from something is given whatever the version, and a claude that doesn't know it refuses to start.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Offers only these of claude's own tools.
pub const TOOLS: &str = "--tools";
/// Keeps what differs from worktree to worktree out of the system prompt, so that the cache of one serves all.
pub const SAME_SYSTEM_PROMPT: &str = "--exclude-dynamic-system-prompt-sections";
/// Asks for a last answer of this form.
pub const JSON_SCHEMA: &str = "--json-schema";
pub const FALLBACK_MODEL: &str = "--fallback-model";
pub const EFFORT: &str = "--effort";

/// The flags that are left out where claude doesn't know them.
const OPTIONAL: [&str; 5] = [TOOLS, SAME_SYSTEM_PROMPT, JSON_SCHEMA, FALLBACK_MODEL, EFFORT];

/// Those of the flags that may be missing which are there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownFlags(BTreeSet<String>);

impl KnownFlags {
    /// What `claude --help` says, where it says anything of the kind: what describes a flag may name others.
    pub fn from_help(help: &str) -> Self {
        let options = help.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
        let named = options.flat_map(|line| line.split("  ").next().unwrap_or(line).split([' ', ',', '=', '<', '[']));
        let known: BTreeSet<String> = named.filter(|word| OPTIONAL.contains(word)).map(str::to_owned).collect();
        // Every version that says how it is called knows this one.
        if help.contains("--print") { Self(known) } else { Self::default() }
    }

    pub fn knows(&self, flag: &str) -> bool {
        self.0.contains(flag)
    }
}

/// Of a program that doesn't say how it is called: what versions have known for long, and what the user asks for.
impl Default for KnownFlags {
    fn default() -> Self {
        Self([TOOLS, FALLBACK_MODEL, EFFORT].map(str::to_owned).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_read_from_the_help() {
        let line = "  -p, --print   Print\n";
        for (help, known) in [
            ("", vec![TOOLS, FALLBACK_MODEL, EFFORT]),
            ("bash: --help: wrong; try --json-schema\n", vec![TOOLS, FALLBACK_MODEL, EFFORT]),
            (line, vec![]),
            (&format!("{line}  --tools <tools...>  x\n      --json-schema=<schema>\n"), vec![JSON_SCHEMA, TOOLS]),
            (&format!("{line}  --other  Not with --json-schema\n      --tools are for\n    or --tools\n"), vec![TOOLS]),
            (&format!("{line}  --effort <level>  How much\n  --fallback-model <m,n>\n"), vec![EFFORT, FALLBACK_MODEL]),
            (&format!("{line}  --exclude-dynamic-system-prompt-sections\n      Move it\n"), vec![SAME_SYSTEM_PROMPT]),
        ] {
            let found = KnownFlags::from_help(help);
            let found: Vec<_> = OPTIONAL.into_iter().filter(|flag| found.knows(flag)).collect();
            let expected: Vec<_> = OPTIONAL.into_iter().filter(|flag| known.contains(flag)).collect();
            assert_eq!(found, expected, "{help}");
        }
    }
}
