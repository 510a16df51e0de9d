//! What a word of YAML is taken for: a truth value, a number. Anything else is text.

pub(super) fn truth(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

pub(super) enum Number {
    Whole(u64),
    Other(f64),
}

/// A number as YAML writes it, or as `1_000`.
pub(super) fn number(text: &str) -> Option<Number> {
    let is_digit = |c: char| c.is_ascii_digit();
    let is_grouped = text.split('_').all(|group| group.starts_with(is_digit) && group.ends_with(is_digit));
    let text = if is_grouped { text.replace('_', "") } else { text.to_owned() };
    let yaml = || text.parse::<serde_yaml::Number>().ok();
    match text.parse().ok().or_else(|| yaml()?.as_u64()) {
        Some(number) => Some(Number::Whole(number)),
        None => yaml()?.as_f64().map(Number::Other),
    }
}
