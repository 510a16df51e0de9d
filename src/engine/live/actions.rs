//! What each run does at the moment: the last words or the last tool of its output.
//!
//! Of an output that hasn't grown nothing is read, and of one that is seen for the first time no more than its end.

use crate::domain::name::Name;
use crate::domain::stream::parse_line;
use crate::domain::text::{cut, one_line};
use crate::engine::overview::AgentLine;
use crate::engine::transcript::{self, Kind, Line};
use crate::exec::stream::LineReader;
use crate::store::paths::Paths;
use std::collections::HashMap;

/// How much of an output is read when it is seen for the first time, in bytes.
const END: u64 = 64 * 1024;
/// The most that is shown, in characters.
const MAX_WORDS: usize = 200;

/// What is known of the outputs.
#[derive(Debug, Default)]
pub struct Actions {
    runs: HashMap<Name, Run>,
}

#[derive(Debug)]
struct Run {
    id: String,
    output: LineReader,
    action: Option<String>,
}

impl Actions {
    /// Reads what is new of these agents' runs. The others are forgotten.
    pub fn refresh(&mut self, paths: &Paths, agents: &[AgentLine]) {
        let mut runs = HashMap::new();
        for agent in agents {
            let Some(id) = agent.state.run_id.as_deref() else { continue };
            let Ok(files) = paths.agent(&agent.name).run(id) else { continue };
            let known = self.runs.remove(&agent.name).filter(|run| run.id == id);
            let begin = || Run { id: id.to_owned(), output: LineReader::near_end(&files.output(), END), action: None };
            let mut run = known.unwrap_or_else(begin);
            // What can't be read says nothing; `logs` says why.
            let _ = run.output.read_new(|line| run.action = action(line).or(run.action.take()));
            runs.insert(agent.name.clone(), run);
        }
        self.runs = runs;
    }

    /// What an agent's run does; `None` if that isn't known.
    pub fn of(&self, agent: &Name) -> Option<&str> {
        self.runs.get(agent)?.action.as_deref()
    }
}

/// What a line of output says that its run does, in one line.
fn action(line: &str) -> Option<String> {
    let lines = transcript::of_event(&parse_line(line)?);
    let shown = |line: &&Line| matches!(line.kind, Kind::Said | Kind::Tool | Kind::Note | Kind::End);
    let Line { kind, text } = lines.iter().rfind(shown)?;
    let text = cut(&one_line(text), MAX_WORDS);
    Some(if *kind == Kind::Tool { format!("> {text}") } else { text })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::overview::sample;
    use std::fs;

    const TOOL: &str = r#"{"type":"assistant","message":{"content":[{"type":"tool_use","name":"Edit","input":{"file_path":"/w/a.rs"}}]}}"#;
    const SAID: &str = r#"{"type":"assistant","message":{"content":[{"type":"text","text":"I look\naround"}]}}"#;

    #[test]
    fn the_last_of_a_growing_output() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::new(dir.path());
        let agents = ['1', '2'].map(|digit| {
            let mut agent = sample::overview(&["a"]).agents.remove(0);
            agent.state.run_id = Some(format!("0190d1c2-0000-4000-8000-00000000000{digit}"));
            agent
        });
        let outputs = agents.each_ref().map(|agent| {
            let run = agent.state.run_id.as_deref().unwrap();
            paths.agent(&agent.name).run(run).unwrap().output()
        });
        outputs.iter().for_each(|output| fs::create_dir_all(output.parent().unwrap()).unwrap());
        let mut actions = Actions::default();
        let mut action = |at: usize| {
            actions.refresh(&paths, &agents[at..=at]);
            actions.of(&agents[at].name).map(str::to_owned)
        };
        assert_eq!(action(0), None, "there is no output yet");
        fs::write(&outputs[0], format!("{SAID}\n{}", &TOOL[..20])).unwrap();
        assert_eq!(action(0).unwrap(), "I look around");
        fs::write(&outputs[0], format!("{SAID}\n{TOOL}\n")).unwrap();
        assert!(action(0).unwrap().starts_with("> Edit "));
        assert!(action(0).unwrap().starts_with("> Edit "), "nothing is new");
        // Of another run's long output only the end is read, from its first whole line on.
        let long = "x".repeat(usize::try_from(END).unwrap());
        fs::write(&outputs[1], format!("{TOOL}\n{long}\n")).unwrap();
        assert_eq!(action(1), None);
        fs::write(&outputs[1], format!("{TOOL}\n{long}\n{SAID}\n")).unwrap();
        assert_eq!(action(1).unwrap(), "I look around");
    }
}
