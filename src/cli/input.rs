//! Text that is given in an argument, in a file, or on standard input.

use super::{Context, usage};
use crate::domain::request::Input;
use crate::domain::text::one_line;
use crate::sys::read::{self, Refused};
use anyhow::{Context as _, Result, bail};
use std::convert::Infallible;
use std::fs;
use std::io::{self, Read};

/// The most bytes of one text.
const MAX: u64 = 1 << 20;

/// What is given for a text. Nothing else of a command line is ever read: an agent's supervisor gets it with the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// The text itself.
    Text(String),
    /// The file that it is in; `-` is standard input.
    In(String),
}

impl Given {
    /// As the value of an option for a text: `-` is standard input.
    #[expect(clippy::unnecessary_wraps, reason = "clap asks for a result")]
    pub fn text(value: &str) -> Result<Self, Infallible> {
        Ok(if value == "-" { Self::In(value.to_owned()) } else { Self::Text(value.to_owned()) })
    }

    /// As the value of an option for a file.
    #[expect(clippy::unnecessary_wraps, reason = "clap asks for a result")]
    pub fn file(value: &str) -> Result<Self, Infallible> {
        Ok(Self::In(value.to_owned()))
    }

    /// The text.
    ///
    /// # Errors
    /// The file can't be read; more than 1 MiB; bytes that aren't UTF-8.
    pub fn strict(&self, context: &Context) -> Result<String> {
        match self.read(context)? {
            Input { garbled: true, .. } => bail!("{} can't be read as UTF-8 text", self.named()),
            Input { text, .. } => Ok(text),
        }
    }

    /// The text. Output of other programs is text, whatever bytes are in it.
    ///
    /// # Errors
    /// The file can't be read; more than 1 MiB.
    pub fn lossy(&self, context: &Context) -> Result<String> {
        Ok(self.read(context)?.text)
    }

    /// What it is, and where: from the request that is being answered, else from the disk.
    ///
    /// # Errors
    /// The file can't be read; more than 1 MiB.
    pub fn read(&self, context: &Context) -> Result<Input> {
        match (self, context.request()) {
            (Self::Text(text), _) => Ok(Input { text: text.clone(), ..Input::default() }),
            (Self::In(name), Some(request)) => {
                request.inputs.get(name).cloned().with_context(|| format!("the request doesn't hold {}", self.named()))
            }
            (Self::In(name), None) => from_disk(name, self.named()),
        }
    }

    fn named(&self) -> &str {
        match self {
            Self::In(name) if name != "-" => name,
            Self::In(_) | Self::Text(_) => "standard input",
        }
    }
}

fn from_disk(name: &str, named: &str) -> Result<Input> {
    let mut bytes = Vec::new();
    let mut place = None;
    if name == "-" {
        io::stdin().lock().take(MAX + 1).read_to_end(&mut bytes).context("standard input")?;
    } else {
        bytes = match read::read_linked_bytes(name.as_ref(), MAX as usize) {
            Err(error) if error.is::<Refused>() => return Err(usage(error.to_string())),
            bytes => bytes?.with_context(|| format!("there is no file {name}"))?,
        };
        place = fs::canonicalize(name).ok().map(|place| place.to_string_lossy().into_owned());
    }
    if bytes.len() as u64 > MAX {
        return Err(usage(format!("{named} is larger than 1 MiB: shorten it")));
    }
    Ok(Input::new(bytes, place))
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
