//! The built-in texts on what to look for, by role and focus; a project's own file of that name replaces one.

use crate::domain::name::Name;
use crate::domain::role::Role;

/// One of them.
#[derive(Clone, Copy, Debug)]
pub struct BuiltIn {
    /// The focus, and the file name without ending.
    pub name: &'static str,
    /// The role that it is for.
    pub role: Role,
    /// What it is about, in a line.
    pub about: &'static str,
    /// The text. It is inserted, never rendered.
    pub text: &'static str,
}

macro_rules! built_in {
    ($role:ident, $name:literal, $file:literal, $about:literal) => {
        BuiltIn {
            name: $name,
            role: Role::$role,
            about: $about,
            text: include_str!(concat!("../../../templates/prompts/", $file)),
        }
    };
}

/// All of them. A focus may mean one thing to proposers and another to gatekeepers.
pub const BUILT_IN: &[BuiltIn] = &[
    built_in!(Proposer, "test_quality", "test_quality.md", "Tests that are missing, flaky, slow, or can't fail"),
    built_in!(Proposer, "code_structure", "code_structure.md", "What makes the code harder to change than it need be"),
    built_in!(Proposer, "features", "features.md", "What its users would miss most"),
    built_in!(Proposer, "plans", "plans.md", "Steps of plans that the project has written down"),
    built_in!(Proposer, "security", "security_proposals.md", "How the program could be made to do what it must not"),
    built_in!(Proposer, "documentation", "documentation.md", "What is undocumented, wrong, or can't be found"),
    built_in!(Curator, "curator", "curator.md", "How to judge proposals"),
    built_in!(Gatekeeper, "lint", "lint.md", "Linters, types and formatting of a pull request"),
    built_in!(Gatekeeper, "tests", "tests.md", "Whether its tests pass, and cover what it changes"),
    built_in!(Gatekeeper, "style", "style.md", "Naming, organisation and documentation of a change"),
    built_in!(Gatekeeper, "architecture", "architecture.md", "Boundaries, patterns and dependencies"),
    built_in!(Gatekeeper, "security", "security.md", "What an attacker could use of a change"),
];

/// The built-in text of a role with that focus; a curator's needs none.
pub fn built_in(role: Role, focus: Option<&Name>) -> Option<&'static BuiltIn> {
    let fits = |text: &&BuiltIn| match role {
        Role::Curator => true,
        _ => focus.is_some_and(|focus| text.name.eq_ignore_ascii_case(focus.as_str())),
    };
    BUILT_IN.iter().filter(|text| text.role == role).find(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    #[test]
    fn each_is_found_by_its_focus() {
        for focus in ["test_quality", "code_structure", "features", "plans", "security", "documentation"] {
            let found = built_in(Role::Proposer, Some(&name(focus))).unwrap();
            assert_eq!(found.name, focus);
            assert!(found.text.len() > 400 && !found.text.contains("{{"), "{focus}");
        }
        assert_eq!(built_in(Role::Curator, None).unwrap().name, "curator");
        assert!(built_in(Role::Proposer, Some(&name("speed"))).is_none() && built_in(Role::Proposer, None).is_none());
        assert!(built_in(Role::Tester, Some(&name("security"))).is_none());
    }

    #[test]
    fn the_usual_checks_have_one() {
        let config = crate::domain::config::Gatekeeper::default();
        for check in config.required_checks.iter().chain(&config.optional_checks) {
            assert!(built_in(Role::Gatekeeper, Some(check)).is_some(), "{check}");
        }
        let security = Some(name("security"));
        let texts = [Role::Gatekeeper, Role::Proposer].map(|role| built_in(role, security.as_ref()).unwrap().text);
        assert_ne!(texts[0], texts[1]);
        assert!(built_in(Role::Gatekeeper, Some(&name("licences"))).is_none());
    }

    #[test]
    fn names_are_unique_for_each_role() {
        let mut names: Vec<_> = BUILT_IN.iter().map(|text| (text.role, text.name)).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), BUILT_IN.len());
    }
}
