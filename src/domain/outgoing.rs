//! Text of agents on its way to GitHub: it calls on nobody, closes nothing, hides nothing and tells no secret.
//!
//! What would act is broken by a character that takes no room, so that code and prose look as they were written.

use super::secrets::Secrets;
use super::text::printable;

const BREAK: char = '\u{200b}';
/// What closes an issue if its number follows.
const CLOSING: [&str; 9] = ["closes", "closed", "close", "fixes", "fixed", "fix", "resolves", "resolved", "resolve"];
/// How far from such a word its issue may stand, in characters.
const REACH: usize = 12;

/// Makes a text fit for GitHub, several lines of it.
pub fn outgoing(text: &str, secrets: &Secrets) -> String {
    let text = secrets.hide(&printable(text));
    let mut safe = String::with_capacity(text.len());
    let mut before = None;
    for (at, c) in text.char_indices() {
        let rest = &text[at + c.len_utf8()..];
        safe.push(c);
        let starts_word = !before.is_some_and(char::is_alphanumeric);
        let acts = match c {
            '@' => true,
            '<' => rest.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?')),
            '!' => rest.starts_with('['),
            '&' => is_entity(rest),
            _ => starts_word && closes(&text[at..]),
        };
        if acts {
            safe.push(BREAK);
        }
        before = Some(c);
    }
    safe
}

/// Whether it begins with the rest of `&#64;` or `&commat;`, which GitHub reads as the character.
fn is_entity(rest: &str) -> bool {
    let name = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '#');
    name.len() < rest.len() && name.starts_with(';')
}

/// Whether it begins with a closing word and what it may refer to.
fn closes(text: &str) -> bool {
    let letters = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (word, rest) = text.split_at(letters);
    if !CLOSING.iter().any(|closing| closing.eq_ignore_ascii_case(word)) {
        return false;
    }
    let gap = rest.chars().take(REACH).take_while(|&c| !c.is_alphanumeric() && c != '#').map(char::len_utf8).sum();
    let issue = rest[gap..].split_whitespace().next().unwrap_or_default();
    issue.contains('#')
        || issue.contains("://")
        || issue.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("gh-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_act_is_broken_and_the_rest_is_left() {
        for (text, expected) in [
            ("cc @everyone, &#64;all &commat;x", "cc @|everyone, &|#64;all &|commat;x"),
            ("Fixes #1", "F|ixes #1"),
            (
                "it fixed: owner/repo#1.\nCloses\n#2 (resolve GH-3)",
                "it f|ixed: owner/repo#1.\nC|loses\n#2 (r|esolve GH-3)",
            ),
            ("close https://github.com/o/r/issues/1", "c|lose https://github.com/o/r/issues/1"),
            ("fixes **#1**, prefixes #1, See #1", "f|ixes **#1**, prefixes #1, See #1"),
            (
                "It fixes the bug of #1 & closes a door; a < b && !x",
                "It fixes the bug of #1 & closes a door; a < b && !x",
            ),
            (
                "<!-- scheduler:x --> <img src=x></a> ![](https://x)",
                "<|!-- scheduler:x --> <|img src=x><|/a> !|[](https://x)",
            ),
            ("`Vec<T>` &self\n\n- a\tb", "`Vec<|T>` &self\n\n- a\tb"),
            ("@\u{200b}all \u{1b}[31m\u{202e}", "@|all [31m"),
            ("ünïcode 漢字 fix", "ünïcode 漢字 fix"),
        ] {
            let safe = outgoing(text, &Secrets::default());
            assert_eq!(safe.replace(BREAK, "|"), expected);
            assert_eq!(outgoing(&safe, &Secrets::default()), safe, "twice is once");
        }
    }

    #[test]
    fn secrets_are_replaced_before_anything_hides_them() {
        let secrets = Secrets::of([("X_TOKEN", "a@b-12345")].into_iter());
        assert_eq!(outgoing("it is a@b-12\u{200b}345!", &secrets), "it is ***!");
    }
}
