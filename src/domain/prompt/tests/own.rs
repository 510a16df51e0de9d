//! What the project has of its own: skills, and the frame.

use super::*;

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
        assert!(!render(&bare(role)).unwrap().contains("## Skills"));
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
