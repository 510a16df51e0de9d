//! Roles of the project's own: what is wrong among them, and what agents and tasks have of them.

use super::check::Finding;
use super::settings::RoleKeys;
use super::{Agent, Config, Severity};
use crate::domain::name::Name;
use crate::domain::role::{MayChange, RoleName, TaskRole};
use crate::domain::text::each_once;
use crate::domain::words::unknown;
use std::collections::BTreeMap;

impl Agent {
    /// The name of its role, as agents.yaml says it.
    pub fn role_name(&self) -> &str {
        self.custom.as_ref().map_or(self.role.word(), |custom| custom.name.as_str())
    }

    /// Which tasks it claims: those whose `ROLE:` is this word.
    pub fn claims(&self) -> Option<Name> {
        match &self.custom {
            Some(custom) => custom.claims.clone(),
            None => self.role.spec().claims.and_then(|role| role.word().parse().ok()),
        }
    }
}

impl Config {
    /// The roles of the project's own.
    pub fn own_roles(&self) -> impl Iterator<Item = &Name> {
        self.roles.keys()
    }

    /// The words that a task's `ROLE:` may be: the built-in ones, and those that roles of the project's own claim.
    pub fn task_roles(&self) -> Vec<String> {
        let claimed = |(name, keys): (&Name, &RoleKeys)| keys.claims.as_ref().unwrap_or(name).to_string();
        let own = self.roles.iter().filter(|(_, keys)| keys.based_on.is_some_and(|role| role.spec().claims.is_some()));
        each_once(TaskRole::ALL.into_iter().map(|role| role.to_string()).chain(own.map(claimed)))
    }

    /// What kind of work a task with this `ROLE:` is, and the word if it isn't a built-in one.
    ///
    /// # Errors
    /// No role claims it.
    pub fn task_role(&self, word: &str) -> Result<(TaskRole, Option<Name>), String> {
        let (role, own) = TaskRole::or_own(word)?;
        let Some(own) = own else { return Ok((role, None)) };
        let claims = |(name, keys): &(&Name, &RoleKeys)| *keys.claims.as_ref().unwrap_or(name) == own;
        let kind = self.roles.iter().filter(claims).find_map(|(_, keys)| keys.based_on?.spec().claims);
        let all = self.task_roles();
        let all: Vec<_> = all.iter().map(String::as_str).collect();
        kind.map(|kind| (kind, Some(own))).ok_or_else(|| unknown("a task role", word, &all))
    }
}

/// What is wrong among the roles of the project's own.
pub(super) fn check(roles: &BTreeMap<Name, RoleKeys>, say: &mut dyn FnMut(Finding)) {
    for (name, keys) in roles {
        let mut wrong = |what: String| say(Finding::new(Severity::Error, "roles", format!("{name}: {what}")));
        if name.as_str().parse::<RoleName>() != Ok(RoleName::Own(name.clone())) {
            wrong("is, or is too near to, a built-in role: choose another name".to_owned());
        }
        let Some(base) = keys.based_on else {
            wrong("based_on is missing: name the built-in role that it is but for what is said here".to_owned());
            continue;
        };
        let kind = base.spec().claims;
        match (&keys.claims, kind) {
            (Some(_), None) => wrong(format!("based on {base}, it claims no tasks: leave claims out")),
            (_, None) => {}
            (claims, Some(kind)) => match TaskRole::or_own(claims.as_ref().unwrap_or(name).as_str()) {
                Ok((role, None)) if role != kind => wrong(format!("based on {base}, it can't claim {role} tasks")),
                Ok(_) => {}
                Err(why) => wrong(format!("claims: {why}")),
            },
        }
        if keys.may_change.is_some() && base.spec().may_change == MayChange::Nothing {
            wrong(format!("based on {base}, it may change nothing: leave may_change out"));
        }
    }
}
