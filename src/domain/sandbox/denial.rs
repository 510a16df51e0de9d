//! What a failed program said where the sandbox may have refused it something.

use crate::domain::text::{cut, one_line};

/// What programs call it.
const WORDS: [&str; 4] = ["Permission denied", "EACCES", "Operation not permitted", "EPERM"];
const MAX_LINE: usize = 160;

/// The last line of `said`, the end of what a run wrote, that tells of a denial, with what to do about it.
pub fn hint(said: &str) -> Option<String> {
    let at = WORDS.iter().filter_map(|word| said.rfind(word)).max()?;
    // In the stream of claude, texts stand between quotes, with their line breaks escaped.
    let is_end = |c: char| matches!(c, '\n' | '"');
    let before = said[..at].rsplit(is_end).next().unwrap_or_default().rsplit("\\n").next().unwrap_or_default();
    let after = said[at..].split(is_end).next().unwrap_or_default();
    let after = after.split("\\n").next().unwrap_or_default();
    let line = one_line(&format!("{before}{after}"));
    Some(format!(
        "the sandbox may have refused it something ({}): sandbox.write and sandbox.read in agents.yaml widen it",
        cut(line.trim(), MAX_LINE)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_a_denial_is_found() {
        for (said, line) in [
            (
                "a\nmkdir: cannot create directory '/x': Permission denied\nb\n",
                Some("mkdir: cannot create directory '/x': Permission denied"),
            ),
            (r#"{"content":"one\nnpm error code EACCES\nnpm error"}"#, Some("npm error code EACCES")),
            (r#"{"content":"kill: (1) - Operation not permitted"}"#, Some("kill: (1) - Operation not permitted")),
            ("all is well", None),
        ] {
            let found = hint(said);
            assert_eq!(found.is_some(), line.is_some(), "{said}");
            assert!(line.is_none_or(|line| found.unwrap().contains(&format!("({line})"))), "{said}");
        }
    }
}
