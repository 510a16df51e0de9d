//! Renders the page. Everything that isn't the template's own is made harmless in one place: characters that steer or hide are
//! dropped, and those that mean something in HTML are escaped.

use crate::domain::text::printable;
use anyhow::Result;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value, ValueKind};
use minijinja::{Environment, HtmlEscape, UndefinedBehavior, escape_formatter};
use serde::Serialize;

/// Its ending has the texts escaped.
const NAME: &str = "report.html";
const TEMPLATE: &str = include_str!("../../../templates/report.html.j2");
/// The parts of which it has several.
const PARTS: [(&str, &str); 3] = [
    ("rows.html", include_str!("../../../templates/report_rows.html.j2")),
    ("table.html", include_str!("../../../templates/report_table.html.j2")),
    ("chart.html", include_str!("../../../templates/report_chart.html.j2")),
];

/// The page that says this.
///
/// # Errors
/// The template names a value that is missing.
pub fn render(page: &impl Serialize) -> Result<String> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.set_formatter(|out, state, value| match value.as_str() {
        Some(text) if value.kind() == ValueKind::String && !value.is_safe() => {
            escape_formatter(out, state, &Value::from(printable(text)))
        }
        _ => escape_formatter(out, state, value),
    });
    environment.add_filter("code", |text: String| Value::from_safe_string(code(&text)));
    environment.add_filter("length", |list: Vec<Value>| list.len());
    environment.add_filter("drawn", |svg: String| Value::from_safe_string(svg));
    for (name, source) in PARTS {
        environment.add_template(name, source)?;
    }
    Ok(environment.render_named_str(NAME, TEMPLATE, Value::from(Serde(page)))?)
}

/// What stands between backticks as code.
pub(super) fn code(text: &str) -> String {
    let text = printable(text);
    let mut html = String::new();
    for (at, part) in text.split('`').enumerate() {
        let part = HtmlEscape(part);
        html.push_str(&if at % 2 == 1 { format!("<code>{part}</code>") } else { part.to_string() });
    }
    html
}
