//! The roles: one row of a table each. What a role claims, may change, may call.
//!
//! A new role is a new row here and a template; no other code knows a role by name if it can know its row.

use super::name::Name;
use super::text::nearest;
use super::words::{unknown, words};
use serde::{Deserialize, Deserializer, Serialize, de};
use std::fmt;
use std::str::FromStr;

words! {
    "a role"
    /// What an agent is for.
    #[cfg_attr(test, derive(schemars::JsonSchema))]
    pub enum Role {
        /// Explores the code and creates tasks (task model).
        ProductManager = "product_manager",
        /// A specialist who proposes work (proposal model).
        Proposer = "proposer",
        /// Judges proposals (proposal model).
        Curator = "curator",
        /// Carries out tasks by changing code.
        Implementer = "implementer",
        /// Adds and runs tests.
        Tester = "tester",
        /// Reviews changes and records a verdict.
        Reviewer = "reviewer",
        /// Checks one aspect of a pull request.
        Gatekeeper = "gatekeeper",
        /// Keeps the list of pull requests to be checked; runs without claude.
        GatekeeperCoordinator = "gatekeeper_coordinator",
    }
}

words! {
    "a model"
    /// Which way work comes into being.
    #[derive(Default)]
    #[cfg_attr(test, derive(schemars::JsonSchema))]
    pub enum Model {
        /// A product manager creates tasks directly.
        #[default]
        Task = "task",
        /// Proposers propose and a curator promotes.
        Proposal = "proposal",
    }
}

words! {
    "a task role"
    /// What kind of work a task asks for; decides which role claims it.
    #[derive(Default)]
    #[cfg_attr(test, derive(schemars::JsonSchema))]
    pub enum TaskRole {
        /// For implementers.
        #[default]
        Implement = "implement",
        /// For testers.
        Test = "test",
        /// For reviewers.
        Review = "review",
    }
}

/// What `role:` of an agent names: one of the table, or one of `roles` in agents.yaml.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleName {
    BuiltIn(Role),
    Own(Name),
}

impl FromStr for RoleName {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word.parse() {
            Ok(role) => Ok(Self::BuiltIn(role)),
            Err(unknown) if is_a_slip(word, Role::ALL.iter().map(|role| role.word())) => Err(unknown),
            Err(_) => word.parse().map(Self::Own).map_err(|invalid: super::name::InvalidName| invalid.to_string()),
        }
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn(role) => fmt::Display::fmt(role, f),
            Self::Own(name) => fmt::Display::fmt(name, f),
        }
    }
}

impl<'de> Deserialize<'de> for RoleName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Word;
        impl de::Visitor<'_> for Word {
            type Value = RoleName;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a role")
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<RoleName, E> {
                word.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Word)
    }
}

#[cfg(test)]
impl schemars::JsonSchema for RoleName {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RoleName".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
            "examples": Role::ALL.map(Role::word),
        })
    }
}

/// Whether a word is meant to be one of these and isn't quite.
fn is_a_slip(word: &str, known: impl Iterator<Item = &'static str>) -> bool {
    nearest(word, known).is_some_and(|near| near.len() > 3)
}

/// Says that a role is none of the table and none of `own`.
pub fn unknown_role(name: &Name, own: &[&str]) -> String {
    let known: Vec<_> = Role::ALL.iter().map(|role| role.word()).chain(own.iter().copied()).collect();
    unknown("a role", name.as_str(), &known)
}

/// What one of `roles` in agents.yaml has of its own, beside its settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomRole {
    pub name: Name,
    /// Which tasks it claims, if its base claims any: those whose `ROLE:` is this word.
    pub claims: Option<Name>,
    /// Globs of the files that it may change; none: those that its base may.
    pub may_change: Option<Vec<String>>,
}

/// What a run of a role may leave changed in the repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MayChange {
    /// No file.
    Nothing,
    /// Files that `test_paths` names.
    TestFiles,
    /// Any file of the repository.
    Code,
}

/// One row of the table of roles.
#[derive(Debug)]
pub struct RoleSpec {
    /// The role of this row.
    pub role: Role,
    /// The only model that schedules it, if it is bound to one.
    pub model: Option<Model>,
    /// Which tasks it claims.
    pub claims: Option<TaskRole>,
    /// What it may change.
    pub may_change: MayChange,
    /// Its turn limit unless configured; 0 for a role without claude.
    pub max_turns: u32,
    /// The commands of this program that it may call, as the words after `scheduler`.
    pub commands: &'static [&'static str],
    /// Claude's tools beside Read, Skill and Bash for its commands, as `--allowedTools` names them; no others are offered.
    pub tools: &'static [&'static str],
    /// Whether it has no shell but for one of its commands at a time. Claude lets every agent look around with harmless
    /// programs; who is to judge by what was submitted must not.
    pub confined: bool,
}

// No rule for `git log` and the like: claude lets commands that only read pass by itself and looks at their options. A rule
// would let every option pass, `--output=FILE` among them.
const LOOK: &[&str] = &["Glob", "Grep"];
// The rule for `Edit` covers the tool Write too; without a path either would reach beyond the worktree.
const WRITE: &[&str] = &["Glob", "Grep", "Edit(./**)", "Bash"];

/// The row of a role that neither works on tasks nor starts claude.
const fn row(role: Role) -> RoleSpec {
    RoleSpec {
        role,
        model: None,
        claims: None,
        may_change: MayChange::Nothing,
        max_turns: 0,
        commands: &[],
        tools: &[],
        confined: false,
    }
}

/// The table, in the order of [`Role`].
const ROLES: [RoleSpec; 8] = [
    RoleSpec {
        model: Some(Model::Task),
        max_turns: 20,
        commands: &["task add", "task list", "message send"],
        tools: LOOK,
        ..row(Role::ProductManager)
    },
    RoleSpec {
        model: Some(Model::Proposal),
        max_turns: 20,
        commands: &["proposal add", "proposal list", "proposal show", "message send"],
        tools: LOOK,
        ..row(Role::Proposer)
    },
    RoleSpec {
        model: Some(Model::Proposal),
        max_turns: 30,
        commands: &[
            "proposal list",
            "proposal show",
            "proposal promote",
            "proposal reject",
            "proposal defer",
            "proposal reactivate",
            "proposal conflict",
            "message send",
        ],
        confined: true,
        ..row(Role::Curator)
    },
    RoleSpec {
        claims: Some(TaskRole::Implement),
        may_change: MayChange::Code,
        max_turns: 50,
        commands: &["message send", "task show"],
        tools: WRITE,
        ..row(Role::Implementer)
    },
    RoleSpec {
        claims: Some(TaskRole::Test),
        may_change: MayChange::TestFiles,
        max_turns: 30,
        commands: &["message send", "task show"],
        tools: WRITE,
        ..row(Role::Tester)
    },
    RoleSpec {
        claims: Some(TaskRole::Review),
        max_turns: 20,
        commands: &["review record", "message send"],
        tools: LOOK,
        ..row(Role::Reviewer)
    },
    RoleSpec {
        max_turns: 15,
        commands: &["check record", "message send"],
        tools: &["Glob", "Grep", "Bash"],
        ..row(Role::Gatekeeper)
    },
    row(Role::GatekeeperCoordinator),
];

impl TaskRole {
    /// Reads the `ROLE:` of a task: a word of the table, or one that only a role in agents.yaml may claim.
    ///
    /// # Errors
    /// A slip of a word of the table, or no name.
    pub fn or_own(word: &str) -> Result<(Self, Option<Name>), String> {
        match <Self as clap::ValueEnum>::from_str(word, true) {
            Ok(role) => Ok((role, None)),
            Err(unknown) if is_a_slip(word, Self::ALL.iter().map(|role| role.word())) => Err(unknown),
            Err(unknown) => word.parse().map(|own| (Self::default(), Some(own))).map_err(|_| unknown),
        }
    }
}

impl Role {
    /// Its row of the table.
    pub fn spec(self) -> &'static RoleSpec {
        &ROLES[self as usize]
    }

    /// Whether its runs start claude, and so may cost money and meet the account's limits.
    pub fn uses_claude(self) -> bool {
        self.spec().max_turns > 0
    }

    /// Whether it may call `command`, given as the words after `scheduler`, such as `task add`.
    pub fn may_call(self, command: &str) -> bool {
        self.spec()
            .commands
            .iter()
            .any(|allowed| command.strip_prefix(allowed).is_some_and(|rest| rest.is_empty() || rest.starts_with(' ')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_in_the_order_of_the_enum() {
        for role in Role::ALL {
            assert_eq!(role.spec().role, role);
        }
    }

    #[test]
    fn commands() {
        assert!(Role::ProductManager.may_call("task add"));
        assert!(!Role::ProductManager.may_call("task retry"));
        assert!(!Role::ProductManager.may_call("task address"));
        assert!(Role::Curator.may_call("proposal promote"));
        assert!(!Role::Curator.may_call("proposal add"));
        assert!(!Role::Proposer.may_call("proposal promote"));
        assert!(!Role::Implementer.may_call("review record"));
    }

    #[test]
    fn who_may_change_nothing_gets_no_tool_that_writes() {
        let readers = [Role::ProductManager, Role::Proposer, Role::Curator, Role::Reviewer];
        for role in readers {
            assert_eq!(role.spec().may_change, MayChange::Nothing);
            let harmless = |tool: &&str| ["Glob", "Grep"].contains(tool);
            assert!(role.spec().tools.iter().all(harmless), "{role}: {:?}", role.spec().tools);
        }
    }

    #[test]
    fn other_words_may_be_roles_of_the_projects_own() {
        let own = |word: &str| Ok(RoleName::Own(word.parse().unwrap()));
        assert_eq!("tester".parse(), Ok(RoleName::BuiltIn(Role::Tester)));
        assert_eq!("documenter".parse(), own("documenter"));
        assert!("implementor".parse::<RoleName>().unwrap_err().contains("did you mean implementer"));
        assert!("../x".parse::<RoleName>().unwrap_err().contains("not a name"));
        assert_eq!(TaskRole::or_own("Review"), Ok((TaskRole::Review, None)));
        assert_eq!(TaskRole::or_own("document"), Ok((TaskRole::Implement, Some("document".parse().unwrap()))));
        assert!(TaskRole::or_own("implemnt").unwrap_err().contains("did you mean implement"));
        assert!(TaskRole::or_own("a b").unwrap_err().contains("use one of implement, test, review"));
    }

    #[test]
    fn unknown_words_name_the_nearest() {
        assert!("implementor".parse::<Role>().unwrap_err().contains("implementer"));
        assert!("boss".parse::<Role>().unwrap_err().contains("product_manager"));
    }
}
