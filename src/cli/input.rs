//! Text that is given in an argument, in a file, or on standard input.

use super::usage;
use crate::domain::text::one_line;
use anyhow::{Context, Result};
use std::{
    fs::File,
    io::{self, Read},
};

/// The most bytes of one text.
const MAX: u64 = 1 << 20;

/// The text itself, or that of the file; `-` is standard input.
///
/// # Errors
/// The file can't be read; more than 1 MiB; bytes that aren't UTF-8.
pub fn text(inline: Option<&str>, file: Option<&str>) -> Result<Option<String>> {
    match (inline, file) {
        (Some(text), _) => Ok(Some(text.to_owned())),
        (None, Some("-")) => read("standard input", io::stdin().lock()).map(Some),
        (None, Some(path)) => {
            let is_file = std::fs::metadata(path).with_context(|| path.to_owned())?.is_file();
            if !is_file {
                return Err(usage(format!("{path} is not a file")));
            }
            read(path, File::open(path).with_context(|| path.to_owned())?).map(Some)
        }
        (None, None) => Ok(None),
    }
}

/// The text itself; `-` is standard input.
///
/// # Errors
/// As [`text`].
pub fn text_or_stdin(text: &str) -> Result<String> {
    if text == "-" { read("standard input", io::stdin().lock()) } else { Ok(text.to_owned()) }
}

/// A text of one line with something to read in it, at most `max` characters; the whole error names `option`.
///
/// # Errors
/// It says nothing or too much.
pub fn line(option: &str, text: &str, max: usize) -> Result<String> {
    let line = one_line(text);
    let says_something = line.chars().any(char::is_alphanumeric);
    if !says_something || line.chars().count() > max {
        return Err(usage(format!("{option} must say something, in at most {max} characters")));
    }
    Ok(line)
}

fn read(what: &str, from: impl Read) -> Result<String> {
    let mut text = String::new();
    let read = from.take(MAX + 1).read_to_string(&mut text);
    read.with_context(|| format!("{what} can't be read as UTF-8 text"))?;
    if text.len() as u64 > MAX {
        return Err(usage(format!("{what} is larger than 1 MiB: shorten it")));
    }
    Ok(text)
}
