//! Renders the instructions. A template that names a missing value is an error, never an empty place.

use super::view::{PromptInput, ReviewTarget};
use crate::domain::role::Role;
use crate::domain::text::{cut, one_line, printable};
use anyhow::{Context as _, Result, bail, ensure};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, UndefinedBehavior};

/// The frame of all roles' instructions.
pub const FRAME: &str = include_str!("../../../templates/instructions.md.j2");
const FRAME_NAME: &str = "instructions.md.j2";

/// The parts that several roles share.
const SHARED: [(&str, &str); 4] = [
    ("question.md.j2", include_str!("../../../templates/question.md.j2")),
    ("answers.md.j2", include_str!("../../../templates/answers.md.j2")),
    ("failed_verify.md.j2", include_str!("../../../templates/failed_verify.md.j2")),
    ("task.md.j2", include_str!("../../../templates/task.md.j2")),
];

/// The longest title, path or reason in characters.
const LINE_MAX: usize = 200;

/// The most of a fenced text in bytes, where the template doesn't say.
const FENCED_MAX: usize = 100_000;

/// The template of a role; `None` for a role that is not given instructions.
fn template(role: Role) -> Option<&'static str> {
    Some(match role {
        Role::ProductManager => include_str!("../../../templates/product_manager.md.j2"),
        Role::Implementer => include_str!("../../../templates/implementer.md.j2"),
        Role::Tester => include_str!("../../../templates/tester.md.j2"),
        Role::Reviewer => include_str!("../../../templates/reviewer.md.j2"),
        Role::Proposer => include_str!("../../../templates/proposer.md.j2"),
        Role::Curator => include_str!("../../../templates/curator.md.j2"),
        Role::Gatekeeper => include_str!("../../../templates/gatekeeper.md.j2"),
        Role::GatekeeperCoordinator => return None,
    })
}

/// Renders the instructions of one run.
///
/// # Errors
/// A role without instructions, a delimiter that could be guessed, a review of something other than two commits; a frame
/// of the project's own that is no template, lacks a block, or doesn't say how text of others is marked.
pub fn render(input: &PromptInput) -> Result<String> {
    let role = input.role;
    let Some(source) = template(role) else { bail!("there are no instructions for the role {role}") };
    if let Some(review) = &input.review {
        check_commits(review)?;
    }
    render_as(&format!("{role}.md.j2"), source, input)
}

/// Renders what is said to a run that goes on with a conversation.
///
/// # Errors
/// As for [`render`].
pub fn render_resumed(input: &PromptInput) -> Result<String> {
    render_as("goes_on.md.j2", include_str!("../../../templates/goes_on.md.j2"), input)
}

fn render_as(name: &str, source: &str, input: &PromptInput) -> Result<String> {
    ensure!(
        input.delimiter.len() >= 12 && input.delimiter.chars().all(|c| c.is_ascii_alphanumeric()),
        "the delimiter of the instructions must be 12 or more letters and digits"
    );
    let environment = environment(&input.delimiter, input.frame.as_deref())?;
    let text = environment
        .render_named_str(name, source, Value::from(Serde(input)))
        .with_context(|| format!("the instructions of {}", input.agent))?;
    Ok(text.trim().to_owned() + "\n")
}

/// What a project's frame must have, and this one doesn't: a place of what roles say, or the tags around text of others.
fn lost_by(frame: &str) -> Option<String> {
    let blocks =
        FRAME.split("{% block ").skip(1).filter_map(|rest| Some(format!("block {} %}}", rest.split_once(' ')?.0)));
    blocks.chain(["data-{{ delimiter }}".to_owned()]).find(|part| !frame.contains(part.as_str()))
}

/// Commit ids stand in commands that an agent copies: nothing else may.
fn check_commits(review: &ReviewTarget) -> Result<()> {
    for id in [&review.head, &review.base] {
        let is_commit = id.len() >= 7 && id.chars().all(|c| c.is_ascii_hexdigit());
        ensure!(is_commit, "{:?} is not a commit id", cut(id, 80));
    }
    Ok(())
}

/// The shared templates and the filters, through which all text of others passes.
fn environment<'a>(delimiter: &str, frame: Option<&'a str>) -> Result<Environment<'a>> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    if let Some(lost) = frame.and_then(lost_by) {
        bail!("it lacks `{lost}`, so that what belongs there would be lost");
    }
    environment.add_template(FRAME_NAME, frame.unwrap_or(FRAME))?;
    for (name, source) in SHARED {
        environment.add_template(name, source)?;
    }
    environment.add_filter("trim", |text: String| text.trim().to_owned());
    environment.add_filter("line", |text: String| cut(&one_line(&text), LINE_MAX));
    let own = delimiter.to_owned();
    environment.add_filter("sealed", move |text: String| sealed(&text, &own));
    let own = delimiter.to_owned();
    environment.add_filter("fenced", move |text: String, source: String, max: Option<usize>| {
        fenced(&text, &source, max.unwrap_or(FENCED_MAX), &own)
    });
    Ok(environment)
}

/// The text without anything that could pass for a tag of ours.
fn sealed(text: &str, delimiter: &str) -> String {
    printable(text).replace(delimiter, "[removed]").trim().to_owned()
}

/// Text of others between tags; of a long one the beginning.
fn fenced(text: &str, source: &str, max: usize, delimiter: &str) -> String {
    let text = sealed(text, delimiter);
    let end = (0..=max.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    let (shown, rest) = text.split_at(end);
    let note = match rest.len() {
        0 => String::new(),
        more => format!("\n(cut here: {more} bytes more)"),
    };
    let source = one_line(source).replace(['"', '<', '>'], "'").replace(delimiter, "[removed]");
    format!("<data-{delimiter} from=\"{source}\">\n{shown}\n</data-{delimiter}>{note}")
}
