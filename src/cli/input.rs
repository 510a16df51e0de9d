//! Text that is given in an argument, in a file, or on standard input.

use super::usage;
use crate::domain::text::one_line;
use crate::sys::read::{self, Refused};
use anyhow::{Context, Result};
use std::io::{self, Read};

/// The most bytes of one text.
const MAX: u64 = 1 << 20;

/// The text itself, or that of the file; `-` is standard input.
///
/// # Errors
/// The file can't be read; more than 1 MiB; bytes that aren't UTF-8.
pub fn text(inline: Option<&str>, file: Option<&str>) -> Result<Option<String>> {
    let Some(text) = inline else {
        return file.map(|path| strict(path, bytes(path)?)).transpose();
    };
    Ok(Some(text.to_owned()))
}

/// The text of the file; `-` is standard input. Output of other programs is text, whatever bytes are in it.
///
/// # Errors
/// The file can't be read; more than 1 MiB.
pub fn lossy(file: Option<&str>) -> Result<Option<String>> {
    file.map(|path| Ok(String::from_utf8_lossy(&bytes(path)?).into_owned())).transpose()
}

/// The text itself; `-` is standard input.
///
/// # Errors
/// As [`text`].
pub fn text_or_stdin(text: &str) -> Result<String> {
    if text == "-" { strict(text, bytes(text)?) } else { Ok(text.to_owned()) }
}

/// A text that says something, without blanks around it, at most `max` characters; the whole error names `option`.
///
/// # Errors
/// It says nothing or too much.
pub fn said(option: &str, text: &str, max: usize) -> Result<String> {
    let text = text.trim();
    let says_something = text.chars().any(|c| !c.is_whitespace() && !c.is_ascii_punctuation());
    if !says_something || text.chars().count() > max {
        return Err(usage(format!("{option} must say something, in at most {max} characters")));
    }
    Ok(text.to_owned())
}

/// As [`said`], in one line.
///
/// # Errors
/// It says nothing or too much.
pub fn line(option: &str, text: &str, max: usize) -> Result<String> {
    said(option, &one_line(text), max)
}

/// At most `max` of what can be given several times; the whole error names `option`.
///
/// # Errors
/// There are more.
pub fn at_most<T>(option: &str, given: &[T], max: usize, advice: &str) -> Result<()> {
    if given.len() > max {
        return Err(usage(format!("at most {max} {option}: {advice}")));
    }
    Ok(())
}

fn bytes(path: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if path == "-" {
        io::stdin().lock().take(MAX + 1).read_to_end(&mut bytes).context("standard input")?;
    } else {
        bytes = match read::read_linked_bytes(path.as_ref(), MAX as usize) {
            Err(error) if error.is::<Refused>() => return Err(usage(error.to_string())),
            bytes => bytes?.with_context(|| format!("there is no file {path}"))?,
        };
    }
    if bytes.len() as u64 > MAX {
        return Err(usage(format!("{} is larger than 1 MiB: shorten it", named(path))));
    }
    Ok(bytes)
}

fn strict(path: &str, bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes).with_context(|| format!("{} can't be read as UTF-8 text", named(path)))
}

fn named(path: &str) -> &str {
    if path == "-" { "standard input" } else { path }
}
