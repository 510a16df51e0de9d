//! Whether an idea was had, and turned down, before.

use super::{Proposal, files};
use std::collections::BTreeMap;

/// How much of two titles must be the same words.
const TITLE: f64 = 0.6;
/// The same where one of the two names no file to tell them apart by.
const TITLE_ALONE: f64 = 0.8;
/// How many of the files of two proposals must be the same.
const FILES: f64 = 0.5;

/// Words that say nothing of what a proposal is about.
const EMPTY_WORDS: [&str; 16] =
    ["a", "an", "and", "be", "by", "for", "from", "in", "into", "is", "of", "on", "should", "the", "to", "with"];

/// The rejected proposal that an idea repeats: nearly the same words in the title, and mostly the same files.
pub fn rejected_before<'a>(title: &str, paths: &[String], rejected: &'a [Proposal]) -> Option<&'a Proposal> {
    let words = words(title);
    rejected.iter().find(|old| is_close(&words, paths, &self::words(&old.idea.title), &old.idea.files))
}

fn is_close(words: &Words, paths: &[String], old_words: &Words, old_paths: &[String]) -> bool {
    let of_its_own = |a: &Words, b: &Words| a.iter().any(|(word, is_name)| *is_name && !b.contains_key(word));
    if of_its_own(words, old_words) && of_its_own(old_words, words) {
        // `parse_header` and `parse_body`, bug 12 and bug 13: the rest is how such things are said.
        return false;
    }
    let title = share(words.keys().filter(|word| old_words.contains_key(*word)).count(), words.len(), old_words.len());
    if paths.is_empty() || old_paths.is_empty() {
        return title >= TITLE_ALONE;
    }
    // Files that an idea names beside those of the old one make it no other; a folder may hold several of them.
    let common = files::shared(old_paths, paths).len();
    title >= TITLE && common as f64 / old_paths.len() as f64 >= FILES
}

/// The part of two sets that they share (Jaccard); two empty ones share nothing.
fn share(common: usize, a: usize, b: usize) -> f64 {
    match a + b - common {
        0 => 0.0,
        all => common as f64 / all as f64,
    }
}

/// Words, and whether each is the name or number of something.
type Words = BTreeMap<String, bool>;

/// The words of a title that carry meaning, without endings that make no difference.
fn words(title: &str) -> Words {
    let split = title.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    let words = split.map(|word| (word, word.to_lowercase()));
    let words = words.filter(|(_, lower)| !EMPTY_WORDS.contains(&lower.as_str()));
    words.map(|(word, lower)| if is_name(word) { (lower, true) } else { (stem(&lower), false) }).collect()
}

/// Whether a word names something in the code, or is a number: `parse_body`, `parseBody`, `12`.
fn is_name(word: &str) -> bool {
    let inner_capital = word.chars().zip(word.chars().skip(1)).any(|(a, b)| a.is_lowercase() && b.is_uppercase());
    inner_capital || word.contains(|c: char| c == '_' || c.is_ascii_digit())
}

/// `split`, `splits` and `splitting` are one word here, as are `validate` and `validated`; short words stay as they are.
fn stem(word: &str) -> String {
    let ending = ["ing", "ed", "es", "s", "e"].iter().find_map(|ending| word.strip_suffix(ending));
    let Some(rest) = ending.filter(|rest| rest.chars().count() >= 3) else { return word.to_owned() };
    let last = rest.chars().next_back();
    let doubled = last.and_then(|last| rest.strip_suffix(last)).filter(|short| short.chars().next_back() == last);
    doubled.unwrap_or(rest).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: (&str, &[&str]), b: (&str, &[&str])) -> bool {
        let paths = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>();
        is_close(&words(a.0), &paths(a.1), &words(b.0), &paths(b.1))
    }

    #[test]
    fn repeats() {
        let split: (&str, &[&str]) = ("Split the parser into modules", &["src/parse.rs"]);
        for (idea, repeats) in [
            (split, true),
            (("split parser into module", &["src/parse.rs"][..]), true),
            (("Splitting the parser into modules!", &["src/parse.rs"]), true),
            (("Split the parser into smaller modules", &["src/parse.rs", "src/lex.rs"]), true),
            (("Split the parser into modules", &[]), true),
            (("Split the parser into modules", &["src/print.rs"]), false),
            (("Split the printer into modules", &["src/print.rs"]), false),
            (("Test the parser", &["src/parse.rs"]), false),
            (("Make the parser faster", &["src/parse.rs"]), false),
            (("Split the parser", &[]), false),
            (("", &[]), false),
            (("the", &["src/parse.rs"]), false),
            (("Split the parser into modules", &["src/"]), true),
        ] {
            assert_eq!(close(idea, split), repeats, "{idea:?}");
            assert_eq!(close(split, idea), repeats, "{idea:?}, the other way round");
        }
        let two: (&str, &[&str]) = ("Split the parser into modules", &["src/parse.rs", "src/lex.rs"]);
        let padded: (&str, &[&str]) = (two.0, &["src/parse.rs", "src/lex.rs", "a.rs", "b.rs", "c.rs"]);
        assert!(close(padded, two), "further files make it no other idea");
        let file = &["src/parse.rs"][..];
        for (one, other, repeats) in [
            ("Test error paths of parse_header", "Test error paths of parse_body", false),
            ("Test error paths of parseHeader", "Test error paths of parseBody", false),
            ("Fix bug 12 in the parser", "Fix bug 13 in the parser", false),
            ("Fix bug 12 in the parser", "Fix the bug 12 in the parser!", true),
            ("Test error paths of parse_header", "Test the error paths", true),
        ] {
            assert_eq!(close((one, file), (other, file)), repeats, "{one} / {other}");
        }
        assert!(!close(("", &[]), ("", &[])), "nothing says nothing");
    }
}
