//! What each run does at the moment: the last words or the last tool of its output.
//!
//! Of an output that hasn't grown nothing is read, and of one that has, no more than its end.

use crate::{
    domain::{
        name::Name,
        overview::AgentLine,
        stream::parse_line,
        text::{cut, one_line},
        transcript::{self, Kind},
    },
    store::paths::Paths,
    sys::read::open_file,
};
use anyhow::Result;
use std::{
    collections::HashMap,
    io::{Read, Seek, SeekFrom},
    path::Path,
};

/// The most that is read of one output at once, in bytes.
const END: u64 = 64 * 1024;
/// The most that is told, in characters.
const MAX_WORDS: usize = 200;

/// What is known of the outputs.
#[derive(Debug, Default)]
pub struct Actions {
    seen: HashMap<Name, Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    run: String,
    length: u64,
    words: Option<String>,
}

impl Actions {
    /// Reads what is new of these agents' runs; whether anything else is to be told now. The others are forgotten.
    pub fn look<'a>(&mut self, paths: &Paths, agents: impl Iterator<Item = &'a AgentLine>) -> bool {
        let mut changed = false;
        let mut seen = HashMap::new();
        for agent in agents {
            let Some(run) = agent.state.run_id.as_deref() else { continue };
            let Ok(files) = paths.agent(&agent.name).run(run) else { continue };
            let known = self.seen.remove(&agent.name).filter(|seen| seen.run == run);
            let mut now = known.unwrap_or_else(|| Seen { run: run.to_owned(), ..Seen::default() });
            // What can't be read says nothing; `logs` tells why.
            let news = look(&files.output(), &mut now.length).unwrap_or_default();
            if news.is_some() && news != now.words {
                now.words = news;
                changed = true;
            }
            seen.insert(agent.name.clone(), now);
        }
        self.seen = seen;
        changed
    }

    /// What an agent's run does; `None` if that isn't known.
    pub fn of(&self, agent: &Name) -> Option<&str> {
        self.seen.get(agent)?.words.as_deref()
    }
}

/// What the new end of a file tells; `length` is up to where it was read, and is set to that.
fn look(path: &Path, length: &mut u64) -> Result<Option<String>> {
    let there = std::fs::metadata(path).map_or(0, |meta| meta.len());
    if there == *length {
        return Ok(None);
    }
    let begin = there.saturating_sub(END).max(if there < *length { 0 } else { *length });
    let Some(mut file) = open_file(path)? else { return Ok(None) };
    file.seek(SeekFrom::Start(begin))?;
    let mut bytes = Vec::new();
    file.take(END).read_to_end(&mut bytes)?;
    // A line that isn't whole yet is left for the next look, unless it is longer than what is read.
    let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    *length = if whole == 0 && bytes.len() as u64 == END { there } else { begin + whole as u64 };
    Ok(words(&String::from_utf8_lossy(&bytes[..whole])))
}

/// The last thing that lines of output tell of, in one line.
fn words(lines: &str) -> Option<String> {
    let told = lines.lines().rev().filter_map(parse_line).find_map(|event| {
        let told = transcript::tell(&event).into_iter().rev();
        told.into_iter().find(|told| matches!(told.kind, Kind::Said | Kind::Tool | Kind::Note | Kind::End))
    })?;
    let text = cut(&one_line(&told.text), MAX_WORDS);
    Some(if told.kind == Kind::Tool { format!("> {text}") } else { text })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const TOOL: &str = r#"{"type":"assistant","message":{"content":[{"type":"tool_use","name":"Edit","input":{"file_path":"/w/a.rs"}}]}}"#;
    const SAID: &str = r#"{"type":"assistant","message":{"content":[{"type":"text","text":"I look\naround"}]}}"#;

    #[test]
    fn the_last_of_a_growing_output() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("output.jsonl");
        let mut length = 0;
        assert_eq!(look(&path, &mut length).unwrap(), None);
        fs::write(&path, format!("{SAID}\n{}", &TOOL[..20])).unwrap();
        assert_eq!(look(&path, &mut length).unwrap().unwrap(), "I look around");
        assert_eq!(length, SAID.len() as u64 + 1);
        fs::write(&path, format!("{SAID}\n{TOOL}\n")).unwrap();
        assert!(look(&path, &mut length).unwrap().unwrap().starts_with("> Edit "));
        assert_eq!(look(&path, &mut length).unwrap(), None, "nothing is new");
        // Only the end of a long one is read, and a line beyond measure is skipped.
        let long = "x".repeat(usize::try_from(END).unwrap() * 2);
        fs::write(&path, format!("{SAID}\n{TOOL}\n{long}")).unwrap();
        assert_eq!(look(&path, &mut length).unwrap(), None);
        assert_eq!(length, fs::metadata(&path).unwrap().len());
        fs::write(&path, format!("{SAID}\n{TOOL}\n{long}\n{SAID}\n")).unwrap();
        assert_eq!(look(&path, &mut length).unwrap().unwrap(), "I look around");
        fs::write(&path, format!("{TOOL}\n")).unwrap();
        assert!(look(&path, &mut length).unwrap().is_some(), "it was begun anew");
    }
}
