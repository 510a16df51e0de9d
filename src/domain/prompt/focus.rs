//! The prompts that come with the program, by focus. One of the user's own replaces each.

use crate::domain::name::Name;

/// Focus and text of each.
const BUILT_IN: [(&str, &str); 5] = [
    ("lint", include_str!("../../../templates/prompts/lint.md")),
    ("tests", include_str!("../../../templates/prompts/tests.md")),
    ("style", include_str!("../../../templates/prompts/style.md")),
    ("architecture", include_str!("../../../templates/prompts/architecture.md")),
    ("security", include_str!("../../../templates/prompts/security.md")),
];

/// The built-in prompt of a focus, if it has one.
pub fn built_in(focus: Option<&Name>) -> Option<String> {
    let focus = focus?;
    let found = BUILT_IN.iter().find(|(name, _)| focus.as_str().eq_ignore_ascii_case(name));
    found.map(|(_, text)| (*text).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_checks_have_one() {
        let config = crate::domain::config::Gatekeeper::default();
        for check in config.required_checks.iter().chain(&config.optional_checks) {
            assert!(built_in(Some(check)).is_some(), "{check}");
        }
        assert!(built_in(Some(&"security".parse().unwrap())).is_some());
        assert_eq!(built_in(Some(&"licences".parse().unwrap())), None);
        assert_eq!(built_in(None), None);
    }
}
