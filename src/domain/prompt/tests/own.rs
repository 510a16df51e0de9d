//! What a project has of its own: skills, a frame, roles.

use super::*;
use crate::domain::role::CustomRole;

#[test]
fn skills_are_named_as_claude_knows_them() {
    for role in ROLES {
        let text = render(&input(role)).unwrap();
        for skill in skills_of(role, Vec::new()) {
            assert!(
                text.contains(&format!("- `scheduler:{}`: {}", skill.name, skill.about)),
                "{role}: {}\n{text}",
                skill.name
            );
        }
        assert!(text.contains("- `scheduler:tidy`: Tidy up. The project's own"), "{text}");
        assert!(!render(&PromptInput { skills: Vec::new(), ..bare(role) }).unwrap().contains("## Skills"));
    }
}

#[test]
fn a_skill_says_what_it_is_for() {
    for (text, about) in [
        ("# Tidy\n\nText", "Tidy"),
        ("Tidy up\n", "Tidy up"),
        ("---\ndescription: Tidy up\n---\nText", "Tidy up"),
        ("\u{feff}---\r\nallowed-tools: Bash\r\ndescription: \"Tidy: up\"\r\n---\r\nText", "Tidy: up"),
        ("---\ndescription: >\n  Tidy\n  up\nmodel: x\n---\n", "Tidy up"),
        ("---\ndescription: Tidy: up\n---\n", "Tidy: up"),
        ("---\nmodel: x\n---\nText", ""),
        ("", ""),
    ] {
        let skill = skills_of(Role::Tester, vec![("x".parse().unwrap(), text.to_owned())]).pop().unwrap();
        assert_eq!(skill.about, about, "{text}");
    }
}

#[test]
fn a_frame_of_the_projects_own_is_used_and_loses_nothing() {
    let framed = |frame: &str| PromptInput { frame: Some(frame.to_owned()), ..input(Role::Tester) };
    let own = FRAME.replace("## Your role", "## What you are");
    let text = render(&framed(&own)).unwrap();
    assert!(text.contains("## What you are") && text.contains("Test behaviour that a user would notice"), "{text}");
    for (frame, why) in [
        (own.replace("{% block rules %}{% endblock %}", ""), "it lacks `block rules %}`"),
        (own.replace("data-{{ delimiter }}", "data"), "it lacks `data-{{ delimiter }}`"),
        (format!("{own}{{% if %}}"), "syntax error"),
        (format!("{own}{{{{ nothing }}}}"), "undefined value"),
    ] {
        let error = format!("{:#}", render(&framed(&frame)).unwrap_err());
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn a_role_of_the_projects_own_says_what_it_is_and_may() {
    let custom = CustomRole {
        name: "documenter".parse().unwrap(),
        claims: Some("document".parse().unwrap()),
        may_change: Some(vec!["docs/**".to_owned()]),
    };
    let text = render(&PromptInput { custom: Some(custom), ..input(Role::Implementer) }).unwrap();
    for part in ["an implementer", "This project calls your role **documenter**", "only those that match `docs/**`"] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!render(&input(Role::Implementer)).unwrap().contains("This project calls"));
}
