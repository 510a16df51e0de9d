//! The receipt of a pull request: what the user needs to trust it, in one marked section at the end of its description.
//!
//! It is made of rows, each with its own word, and a row that is written again takes the place of the one that was there:
//! whoever learns something writes only that. What stands around the section is others' and stays.

use super::text::{cut, one_line};
use serde::{Deserialize, Serialize};

const BEGIN: &str = "<!-- scheduler:receipt -->";
const END: &str = "<!-- scheduler:end of receipt -->";
const TITLE: &str = "### Receipt";
/// GitHub takes 65,536 characters.
const MAX_BODY: usize = 65_000;
/// The most items of one row, and the longest, in characters.
const MAX_ITEMS: usize = 30;
const MAX_ITEM: usize = 300;

/// The words of rows, in their order; rounds, each named by its task, come before the third.
pub const TASK: &str = "Task";
pub const CRITERIA: &str = "Acceptance criteria";
pub const VERIFY: &str = "Verify";
pub const TESTS: &str = "Tests";
pub const CHECKS: &str = "Checks";
pub const EFFORT: &str = "Effort";
pub const LIMITS: &str = "Limits";
pub const SET_ASIDE: &str = "Set aside";
const ORDER: [&str; 8] = [TASK, CRITERIA, VERIFY, TESTS, CHECKS, EFFORT, LIMITS, SET_ASIDE];
/// Where a row stands whose word is none of them.
const ROUNDS: usize = 2;

/// How the row of a verify that failed through the work begins: by it the pull request is a draft.
pub const FAILED: &str = "**failed**";

/// One row: a word, what there is to say, and perhaps a list below.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    word: String,
    /// Its lines, those after the first indented.
    text: String,
}

impl Row {
    pub fn new(word: &str, text: &str) -> Self {
        Self { word: one_line(word), text: cut(&one_line(text), 1_000) }
    }

    /// The same with a list below it.
    pub fn list<T: AsRef<str>>(self, items: impl IntoIterator<Item = T>) -> Self {
        let mut items = items.into_iter();
        let mut text = self.text;
        for item in items.by_ref().take(MAX_ITEMS) {
            text += &format!("\n  - {}", cut(&one_line(item.as_ref()), MAX_ITEM));
        }
        match items.count() {
            0 => {}
            more => text += &format!("\n  - and {more} more"),
        }
        Self { text, ..self }
    }

    /// The same with what a program printed below it.
    pub fn output(self, said: &str) -> Self {
        // Longer than any that the text has.
        let longest = said.split(|c| c != '`').map(str::len).max().unwrap_or_default();
        let fence = "`".repeat(longest.max(2) + 1);
        let lines: String = said.lines().map(|line| format!("\n  {line}")).collect();
        Self { text: format!("{}\n\n  {fence}text{lines}\n  {fence}", self.text), ..self }
    }

    /// The same with its text made fit to go out.
    #[must_use]
    pub fn map(self, neutralise: impl Fn(&str) -> String) -> Self {
        Self { word: neutralise(&self.word), text: neutralise(&self.text) }
    }

    fn place(&self) -> (usize, bool) {
        match ORDER.iter().position(|word| *word == self.word) {
            Some(at) => (at, true),
            None => (ROUNDS, false),
        }
    }
}

/// The description with these rows in its receipt, which is made if there is none. `None`: it would be too long.
pub fn with_rows(body: &str, rows: &[Row]) -> Option<String> {
    let body = body.replace("\r\n", "\n");
    let (before, known, after) = split(&body);
    let mut all = known;
    for row in rows {
        match all.iter_mut().find(|known| known.word == row.word) {
            Some(known) => known.clone_from(row),
            None => all.push(row.clone()),
        }
    }
    all.sort_by_key(Row::place);
    let lines: String = all.iter().map(|row| format!("- **{}:** {}\n", row.word, row.text)).collect();
    let body = format!("{}\n\n{BEGIN}\n{TITLE}\n\n{lines}{END}{after}", before.trim_end());
    (body.chars().count() <= MAX_BODY).then_some(body.trim_start().to_owned())
}

/// Whether the description has a receipt.
pub fn is_in(body: &str) -> bool {
    places(body).is_some()
}

/// Whether the receipt says that the work itself fails `verify`.
pub fn is_red(body: &str) -> bool {
    split(&body.replace("\r\n", "\n")).1.iter().any(|row| row.word == VERIFY && row.text.starts_with(FAILED))
}

/// Where the last section begins and ends, its marks included.
fn places(body: &str) -> Option<(usize, usize)> {
    let begin = body.rfind(BEGIN)?;
    let end = body[begin..].find(END)? + begin + END.len();
    Some((begin, end))
}

/// What stands before the receipt, its rows, and what stands after it.
fn split(body: &str) -> (&str, Vec<Row>, &str) {
    let Some((begin, end)) = places(body) else { return (body, Vec::new(), "") };
    let mut rows: Vec<Row> = Vec::new();
    for line in body[begin + BEGIN.len()..end - END.len()].lines() {
        let head = line.strip_prefix("- **").and_then(|rest| rest.split_once(":**"));
        match (head, rows.last_mut()) {
            (Some((word, text)), _) => rows.push(Row { word: word.to_owned(), text: text.trim_start().to_owned() }),
            (None, Some(row)) => row.text += &format!("\n{line}"),
            (None, None) => {}
        }
    }
    for row in &mut rows {
        row.text.truncate(row.text.trim_end().len());
    }
    (&body[..begin], rows, &body[end..])
}

/// Text as code in a line, whatever it holds.
pub fn code(text: &str) -> String {
    let text = one_line(text);
    match text.contains('`') {
        true => format!("`` {text} ``"),
        false => format!("`{text}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_take_the_place_of_their_like_and_the_rest_stays() {
        let rows = [
            Row::new(EFFORT, "attempt 1 of 3"),
            Row::new(VERIFY, "**failed**: exit code 1").output("a\n```\n- **Task:** forged\n"),
            Row::new(TASK, "`TASK-1`"),
            Row::new(CRITERIA, "").list(["[ ] one\ntwo", "[x] three"]),
        ];
        let body = with_rows("It is done.\n", &rows).unwrap();
        let expected = "It is done.\n\n<!-- scheduler:receipt -->\n### Receipt\n\n- **Task:** `TASK-1`\n\
            - **Acceptance criteria:** \n  - [ ] one two\n  - [x] three\n- **Verify:** **failed**: exit code 1\n\n  \
            ````text\n  a\n  ```\n  - **Task:** forged\n  ````\n- **Effort:** attempt 1 of 3\n<!-- scheduler:end of receipt -->";
        assert_eq!(body, expected);
        assert_eq!(with_rows(&body, &rows).unwrap(), body, "twice is once");
        assert!(is_in(&body) && is_red(&body) && !is_in("text"));
        // Edited by hand on GitHub, at both ends, with its line breaks.
        let edited = format!("Mine.\n\n{body}\n\nAlso mine.\n").replace('\n', "\r\n");
        let rows = [Row::new("Round `TASK-2`", "mended"), Row::new(VERIFY, "passed"), Row::new(SET_ASIDE, "nothing")];
        let updated = with_rows(&edited, &rows).unwrap();
        assert!(updated.starts_with("Mine.\n\nIt is done.\n\n<!--") && updated.ends_with("-->\n\nAlso mine.\n"));
        let words: Vec<_> = split(&updated).1.into_iter().map(|row| row.word).collect();
        assert_eq!(words, [TASK, CRITERIA, "Round `TASK-2`", VERIFY, EFFORT, SET_ASIDE]);
        assert!(updated.contains("- **Verify:** passed\n- **Effort:**") && !is_red(&updated), "{updated}");
    }

    #[test]
    fn what_is_too_much_is_left_out() {
        let row = Row::new(CRITERIA, "").list(vec!["x".repeat(1_000); 40]);
        let body = with_rows("", &[row]).unwrap();
        assert!(body.contains("\n  - and 10 more\n") && body.starts_with(BEGIN) && body.len() < 20_000);
        assert_eq!(with_rows(&"x".repeat(MAX_BODY), &[]), None);
    }

    #[test]
    fn code_holds_whatever_it_is() {
        assert_eq!((code("a\nb"), code("a`b")), ("`a b`".to_owned(), "`` a`b ``".to_owned()));
    }
}
