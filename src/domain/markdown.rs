//! The form that the program's markdown files share: header lines below a title, then sections.
//!
//! Which words there are, and what they mean, is for the modules of the files to know.

use super::name::Name;
use super::text::one_line;
use super::time::{self, Time};
use clap::ValueEnum;
use std::fmt::Display;
use std::ops::Range;
use std::str::FromStr;

/// The header lines of one file, and what is wrong in them.
pub struct Header<'a> {
    lines: Vec<(&'a str, &'a str)>,
    pub problems: Vec<String>,
}

impl<'a> Header<'a> {
    /// Takes in what stands in the lines of a header. A word without a value counts as not there.
    pub fn new(lines: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut header = Self { lines: Vec::new(), problems: Vec::new() };
        for (word, value) in lines.filter(|(_, value)| !value.is_empty()) {
            if header.value(word).is_some() {
                header.problems.push(format!("{word}: duplicate key, keep one"));
            } else {
                header.lines.push((word, value));
            }
        }
        header
    }

    pub fn value(&self, word: &str) -> Option<&'a str> {
        self.lines.iter().find(|(known, _)| *known == word).map(|(_, value)| *value)
    }

    pub fn text(&self, word: &str) -> Option<String> {
        self.value(word).map(str::to_owned)
    }

    /// What `read` makes of the value. What it refuses is a problem, and counts as not there.
    pub fn read<T, E: Display>(&mut self, word: &str, read: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        let read = read(self.value(word)?);
        read.map_err(|problem| self.problems.push(format!("{word}: {problem}"))).ok()
    }

    /// One of a few words, in whatever case the user wrote it.
    pub fn word<T: ValueEnum>(&mut self, word: &str) -> Option<T> {
        self.read(word, |value| T::from_str(value, true))
    }

    pub fn name(&mut self, word: &str) -> Option<Name> {
        self.read(word, Name::from_str)
    }

    /// A number, as `42` or `#42`.
    pub fn number<T: FromStr>(&mut self, word: &str) -> Option<T> {
        self.read(word, |value| value.trim_start_matches('#').parse().map_err(|_| format!("{value:?} is not a number")))
    }

    pub fn time(&mut self, word: &str) -> Option<Time> {
        self.read(word, |value| {
            time::parse(value).ok_or_else(|| format!("{value:?} is not a time such as 2024-01-15T10:30:00Z"))
        })
    }

    /// The words of a list, separated by commas or blanks; `none` is none.
    pub fn list(&self, word: &str) -> Vec<String> {
        let words = self.value(word).unwrap_or_default().split([',', ' ']);
        words.filter(|word| !word.is_empty() && !word.eq_ignore_ascii_case("none")).map(str::to_owned).collect()
    }

    /// As [`Header::list`], of names.
    pub fn names(&mut self, word: &str) -> Vec<Name> {
        let (mut names, list) = (Vec::new(), self.list(word));
        for item in list {
            match item.parse() {
                Ok(name) => names.push(name),
                Err(problem) => self.problems.push(format!("{word}: {problem}")),
            }
        }
        names
    }
}

/// `**Word:** value` → both, trimmed.
pub fn field(line: &str) -> Option<(&str, &str)> {
    let (word, value) = line.strip_prefix("**")?.split_once(":**")?;
    Some((word.trim(), value.trim()))
}

/// The line of a field.
pub fn to_field(word: &str, value: &str) -> String {
    format!("**{word}:** {}", one_line(value))
}

/// The lines of the fields that have a value.
pub fn to_fields<const N: usize>(fields: [(&str, Option<&str>); N]) -> String {
    fields.into_iter().filter_map(|(word, value)| Some(to_field(word, value?) + "\n")).collect()
}

/// The value of the first field of that word.
pub fn field_in<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    text.lines().filter_map(field).find(|(known, _)| *known == word).map(|(_, value)| value)
}

/// The sections `## Name` of a text: their names, and where they begin and end, the heading included.
pub fn sections(text: &str) -> Vec<(&str, Range<usize>)> {
    let mut sections: Vec<(&str, Range<usize>)> = Vec::new();
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        if let Some(name) = line.strip_prefix("## ") {
            if let Some((_, before)) = sections.last_mut() {
                before.end = offset;
            }
            sections.push((name.trim(), offset..text.len()));
        }
        offset += line.len();
    }
    sections
}

/// What stands in the section at `range`, below its heading.
pub fn below_heading(text: &str, range: Range<usize>) -> &str {
    text[range].split_once('\n').map_or("", |(_, below)| below).trim()
}

/// Text for a section: a heading in it would begin a section of its own for the next reader.
pub fn without_headings(text: &str) -> String {
    let lines = text.lines().map(|line| if line.starts_with('#') { format!("\\{line}") } else { line.to_owned() });
    lines.collect::<Vec<_>>().join("\n")
}

/// `- [ ] one` and so on, an item each in one line.
pub fn checklist(items: &[String]) -> String {
    items.iter().map(|item| format!("- [ ] {}", one_line(item))).collect::<Vec<_>>().join("\n")
}

/// How the lines of a text end.
pub fn newline_of(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_ends_where_the_next_one_begins() {
        let text = "# T\nA: b\n## One\nx\n### y\n\n##  Two \r\nz";
        let found: Vec<_> = sections(text).into_iter().map(|(name, at)| (name, below_heading(text, at))).collect();
        assert_eq!(found, [("One", "x\n### y"), ("Two", "z")]);
        assert_eq!(sections("no heading"), []);
        assert_eq!(sections(&without_headings("## One\nx")), []);
    }

    #[test]
    fn fields_come_back() {
        assert_eq!(field(&to_field("Word", " two\nlines ")), Some(("Word", "two lines")));
        assert_eq!(field_in("x\n**A:**\r\n**B:** 1\r\n**B:** 2", "B"), Some("1"));
        assert_eq!(field_in("**A:**", "A"), Some(""));
        assert_eq!(field_in("  **A:** 1", "A"), None);
    }

    #[test]
    fn a_header_says_what_is_wrong_in_it() {
        let mut header = Header::new([("A", ""), ("A", "1"), ("A", "2"), ("B", "x, ../y z")].into_iter());
        assert_eq!((header.value("A"), header.number("A")), (Some("1"), Some(1)));
        assert_eq!(header.number::<u32>("B"), None);
        assert_eq!(header.names("B"), ["x", "z"].map(|name| name.parse::<Name>().unwrap()));
        let problems = header.problems.join("\n");
        for problem in ["A: duplicate key, keep one", "B: \"x, ../y z\" is not a number", "B: \"../y\" is not a name"] {
            assert!(problems.contains(problem), "{problems}");
        }
    }
}
