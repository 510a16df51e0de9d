//! An agent as agents.yaml has it, what `defaults` may say for all of them, and what a run gets of both.
//!
//! Each key that both may hold is one row, at the end of this file.

use super::Agent;
use super::claude_args::ClaudeArgs;
use super::sandbox::Keys;
use super::span::Span;
use super::values::{self, Command, Seconds, Text, Usd, Variable, Whole};
use super::verify;
use crate::domain::billing::Billing;
use crate::domain::hours::{Day, Hours};
use crate::domain::name::Name;
use crate::domain::role::{CustomRole, Role, RoleName};
use crate::domain::runner::LOCAL;
use crate::domain::sandbox::Sandbox;
use crate::domain::verify::Verify;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What an agent says where it says something, else what `defaults` says.
trait Or {
    fn or_of(self, defaults: &Self) -> Self;
}

impl<T: Clone> Or for Option<T> {
    fn or_of(self, defaults: &Self) -> Self {
        self.or_else(|| defaults.clone())
    }
}

impl<K: Clone + Ord, V: Clone> Or for BTreeMap<K, V> {
    fn or_of(self, defaults: &Self) -> Self {
        if defaults.is_empty() { self } else { defaults.clone().into_iter().chain(self).collect() }
    }
}

impl Or for Keys {
    fn or_of(self, defaults: &Self) -> Self {
        Self {
            mode: self.mode.or_of(&defaults.mode),
            write: self.write.or_of(&defaults.write),
            read: self.read.or_of(&defaults.read),
            ports: self.ports.or_of(&defaults.ports),
        }
    }
}

/// `result(written, role)`; by its signature the compiler knows the types in the rows.
fn settle<W, G>(written: W, role: Role, result: impl FnOnce(W, Role) -> G) -> G {
    result(written, role)
}

/// A row: the key with what may be written, what a run gets of it, and how that comes of what was written.
macro_rules! settings {
    ($($(#[$attribute:meta])+ $key:ident: $written:ty => $given:ty = $result:expr;)+) => {
        /// The keys of an agent beside its name, for help.
        pub const AGENT_KEYS: &str =
            concat!("role, focus, interval_seconds, paused", $(", ", stringify!($key)),+);

        /// `defaults`.
        #[derive(Clone, Debug, Default, PartialEq, Deserialize)]
        #[cfg_attr(test, derive(schemars::JsonSchema))]
        pub(super) struct Defaults {
            $($(#[$attribute])+ pub $key: $written,)+
        }

        /// One of `roles`.
        #[derive(Clone, Debug, Default, PartialEq, Deserialize)]
        #[cfg_attr(test, derive(schemars::JsonSchema), schemars(extend("required" = ["based_on"])))]
        pub(super) struct RoleKeys {
            /// The built-in role that it is but for what is said here.
            pub based_on: Option<Role>,
            /// Which tasks it claims: those with this word as their ROLE. Left out: its own name.
            pub claims: Option<Name>,
            /// Globs of the files that it may change, of those that its base may. Left out: all of these.
            #[serde(default, deserialize_with = "values::some_globs")]
            #[cfg_attr(test, schemars(with = "Option<Vec<values::Text>>"))]
            pub may_change: Option<Vec<String>>,
            $($(#[$attribute])+ pub $key: $written,)+
        }

        /// One of `agents`.
        #[derive(Clone, Debug, Default, PartialEq, Deserialize)]
        #[cfg_attr(test, derive(schemars::JsonSchema), schemars(extend("required" = ["name", "role"])))]
        pub(super) struct Entry {
            /// Letters, digits, '.', '_', '-'; unique without case.
            pub name: Option<Name>,
            /// What the agent is for: a built-in role, or one of roles.
            pub role: Option<RoleName>,
            /// The field of a proposer, the check of a gatekeeper; also names its prompt.
            pub focus: Option<Name>,
            /// How often it may start.
            #[serde(default)]
            interval_seconds: Seconds<1, 31_536_000, 300>,
            /// This one doesn't start.
            #[serde(default)]
            paused: bool,
            $($(#[$attribute])+ pub $key: $written,)+
        }

        /// What an agent's runs are told of its settings and those of `defaults`.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub struct RunSettings {
            $($(#[$attribute])+ pub $key: $given,)+
        }

        impl Entry {
            /// The agent, unless its name or role is missing, or there is no such role.
            pub fn agent(self, roles: &BTreeMap<Name, RoleKeys>, defaults: &Defaults) -> Option<Agent> {
                /// A built-in role has none of its own.
                static NONE: LazyLock<RoleKeys> = LazyLock::new(RoleKeys::default);
                let name = self.name?;
                let (role, custom, keys) = match self.role? {
                    RoleName::BuiltIn(role) => (role, None, &*NONE),
                    RoleName::Own(name) => {
                        let (name, keys) = roles.get_key_value(&name)?;
                        (keys.based_on?, Some(keys.custom(name)), keys)
                    }
                };
                let settings =
                    RunSettings { $($key: settle(self.$key.or_of(&keys.$key).or_of(&defaults.$key), role, $result),)+ };
                let interval_seconds = self.interval_seconds.get();
                Some(Agent { name, role, custom, focus: self.focus, interval_seconds, paused: self.paused, settings })
            }
        }
    };
}

impl RoleKeys {
    fn custom(&self, name: &Name) -> CustomRole {
        let claims =
            self.based_on.and_then(|role| role.spec().claims).map(|_| self.claims.as_ref().unwrap_or(name).clone());
        CustomRole { name: name.clone(), claims, may_change: self.may_change.clone() }
    }
}

settings! {
    /// The program, with first arguments if it needs any.
    command: Option<Command> => Vec<String> = |command, _| command.unwrap_or_default().into();
    /// Which model claude uses. Left out: claude's own choice.
    claude_model: Option<Text> => Option<String> = |model, _| model.map(String::from);
    /// Which models claude uses, in this order, while that one is overloaded. Example: sonnet,haiku
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fallback_model: Option<Text> => Option<String> = |model, _| model.map(String::from);
    /// How hard claude thinks, in a word of its own. Example: high
    #[serde(default, skip_serializing_if = "Option::is_none")]
    effort: Option<Text> => Option<String> = |effort, _| effort.map(String::from);
    /// Further options of claude, such as [--append-system-prompt, Be brief.]. None that confines a run.
    #[serde(default)]
    claude_args: Option<ClaudeArgs> => Vec<String> = |args, _| args.unwrap_or_default().into();
    /// Which pocket pays. subscription: keys of the API are kept from runs. api: nothing starts without one. any: what claude finds.
    #[serde(default)]
    billing: Option<Billing> => Billing = |billing, _| billing.unwrap_or_default();
    /// Turns of one run. Left out: a number that suits the role.
    max_turns: Option<Whole<1, 100_000>> => u32 = |turns, role| turns.map_or(role.spec().max_turns, Whole::get);
    /// The longest that a run may take.
    timeout_seconds: Option<Seconds<1, 31_536_000, 3_600>> => u32 = |seconds, _| seconds.unwrap_or_default().get();
    /// The longest that a run may be silent.
    stall_seconds: Option<Seconds<1, 31_536_000, 1_200>> => u32 = |seconds, _| seconds.unwrap_or_default().get();
    /// The most that one run may cost, in US dollars. Left out: no limit.
    max_cost_usd: Option<Usd<1>> => Option<f64> = |usd, _| usd.map(Usd::get);
    /// Attempts at one task before it fails.
    max_attempts: Option<Whole<1, 1_000, 3>> => u32 = |attempts, _| attempts.unwrap_or_default().get();
    /// Replaces claude's tools for the role. With care: it can widen what an agent may do.
    allowed_tools: Option<Vec<Text>> => Option<Vec<String>> =
        |tools, _| tools.map(|tools| tools.into_iter().map(String::from).collect());
    /// A file with MCP servers, as .mcp.json has them: these are started for the agent, no others, and it may use them.
    /// Absolute, below ~/, or from the top of the project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mcp_config: Option<Text> => Option<String> = |file, _| file.map(String::from);
    /// Where work begins if the task names no branch. Left out: origin's default branch, else the current one.
    base_branch: Option<Text> => Option<String> = |branch, _| branch.map(String::from);
    /// Variables added to the environment of the agent.
    #[serde(default, deserialize_with = "values::once")]
    env: BTreeMap<Variable, Text> => BTreeMap<String, String> =
        |env, _| env.into_iter().map(|(name, value)| (name.0, value.into())).collect();
    /// When it may start, by the local clock; over midnight too. Example: 22:00-07:00
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hours: Option<Hours> => Option<Hours> = |hours, _| hours;
    /// On which days of the week it may start: mon, tue, wed, thu, fri, sat, sun. Left out or empty: on every one.
    #[serde(default)]
    days: Option<Vec<Day>> => Vec<Day> = |days, _| days.unwrap_or_default();
    /// After how long a product manager or a proposer looks again though nothing has changed. 0: whenever it is due. Example: 24h
    #[serde(default)]
    rescan_after: Option<Span<86_400>> => u32 = |span, _| span.unwrap_or_default().seconds();
    /// Names of variables that agents get although they look like secrets.
    #[serde(default)]
    pass_env: Option<Vec<Variable>> => Vec<String> =
        |names, _| names.unwrap_or_default().into_iter().map(|name| name.0).collect();
    /// true: the agent itself may use your git and GitHub credentials. Left out: false.
    allow_network_git: Option<bool> => bool = |allowed, _| allowed.unwrap_or(false);
    /// The one of `runners` that starts its runs; local: this machine. Left out: this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    runner: Option<Name> => Option<Name> = |runner, _| runner.filter(|runner| runner.as_str() != LOCAL);
    /// What the system lets the agent's processes reach beyond the worktree. Each key that is left out is that of defaults.
    #[serde(default)]
    sandbox: Keys => Sandbox = |keys, _| keys.into();
    /// What must pass on the work before it is pushed. Each key that is left out is that of the top level.
    #[serde(default)]
    verify: verify::Keys => Option<Verify> = |keys, _| keys.verify();
}
