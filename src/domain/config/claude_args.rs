//! `claude_args`: further words for claude's command line, but none that the scheduler says itself or that would take a run
//! beyond what confines it.

use super::values::{self, Text};
use serde::de::{Deserialize, Deserializer, Error};

/// Words that stand last on claude's command line.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(transparent))]
pub(super) struct ClaudeArgs(Vec<Text>);

/// Options that have a key of their own.
const WITH_KEYS: [(&str, &str); 9] = [
    ("model", "claude_model"),
    ("fallback-model", "fallback_model"),
    ("effort", "effort"),
    ("max-turns", "max_turns"),
    ("max-budget-usd", "max_cost_usd"),
    ("tools", "allowed_tools"),
    ("allowedTools", "allowed_tools"),
    ("allowed-tools", "allowed_tools"),
    ("mcp-config", "mcp_config"),
];

/// Options by which a run is confined and read, and those that would lead it elsewhere.
const REFUSED: &str = "disallowedTools disallowed-tools permission-mode permission-prompts permission-prompt-tool \
    dangerously-skip-permissions allow-dangerously-skip-permissions settings setting-sources restricted bare safe-mode \
    strict-mcp-config add-dir plugin-dir plugin-url agent agents exclude-dynamic-system-prompt-sections \
    print verbose input-format output-format json-schema session-id no-session-persistence resume continue fork-session \
    from-pr ide chrome worktree tmux bg background remote remote-control teleport cloud init help version";

fn fault(word: &str) -> Option<String> {
    let Some(name) = word.strip_prefix("--") else {
        return word.starts_with('-').then(|| format!("{word:?}: write the option's long name, which begins with --"));
    };
    let name = name.split('=').next().unwrap_or(name);
    if let Some((_, key)) = WITH_KEYS.iter().find(|(option, _)| *option == name) {
        return Some(format!("--{name} may not stand here: {key} says that"));
    }
    let is_refused = name.is_empty() || REFUSED.split_whitespace().any(|refused| refused == name);
    is_refused.then(|| format!("--{name} may not stand here: by such options a run is confined, led and read"))
}

impl<'de> Deserialize<'de> for ClaudeArgs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let words: Vec<Text> = values::list(deserializer)?;
        let texts: Vec<String> = Self(words.clone()).into();
        let mut faults: Vec<String> = texts.iter().filter_map(|word| fault(word)).collect();
        // A word by itself would be taken for the prompt, or for one more value of the option before.
        if texts.first().is_some_and(|first| !first.starts_with('-')) {
            faults.push("must begin with an option: [--append-system-prompt, Be brief.]".to_owned());
        }
        if faults.is_empty() { Ok(Self(words)) } else { Err(D::Error::custom(faults.join("\n"))) }
    }
}

impl From<ClaudeArgs> for Vec<String> {
    fn from(args: ClaudeArgs) -> Self {
        args.0.into_iter().map(String::from).collect()
    }
}
