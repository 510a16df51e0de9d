//! What the screen of `scheduler top` shows, and what each key does to it. It draws nothing, reads nothing and changes
//! nothing but itself.

use super::help;
use super::pane::{Pane, Scroll};
use crate::cli::view::{Line, Tone};
use crate::domain::name::Name;
use crate::domain::task::Task;
use crate::engine::overview::{Activity, AgentLine, Overview};
use crate::engine::transcript::Transcript;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::widgets::ListState;

/// A text that is open in place of the agents.
#[derive(Debug)]
pub struct Page {
    pub title: String,
    pub pane: Pane,
    pub source: Source,
}

/// What a page shows.
#[derive(Debug)]
pub enum Source {
    /// A text that stays as it is.
    Text,
    /// The queue with these tasks, and everything else that isn't an agent.
    Queue(Vec<Task>),
    /// A run, as far as it was read.
    Log(Box<Transcript>),
}

/// What a key asks the program to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Nothing but to draw again.
    Draw,
    /// To end.
    Quit,
    /// To open the log of an agent's run.
    Log(Name),
    /// To explain an agent.
    Why(Name),
    /// To open the queue.
    Queue,
    /// To run one of the program's own commands, given by its words.
    Command(Vec<String>),
}

/// What is shown, chosen and asked.
#[derive(Debug)]
pub struct State {
    pub overview: Overview,
    /// What is open; none: the agents, with the queue below.
    pub page: Option<Page>,
    /// What was said last: the answer to a command, or what went wrong.
    pub note: Line,
    /// A command that waits for a yes.
    pub asked: Option<(String, Vec<String>)>,
    /// Whether only agents at work are shown.
    pub busy_only: bool,
    /// Where the chosen agent stands in the list, and which was the first one seen.
    pub list: ListState,
    /// How many agents were seen.
    pub height: usize,
    selected: Option<Name>,
}

impl State {
    /// The agents, nothing chosen yet.
    pub fn new(overview: Overview) -> Self {
        Self {
            overview,
            page: None,
            note: Line::empty(),
            asked: None,
            busy_only: false,
            list: ListState::default(),
            height: 50,
            selected: None,
        }
    }

    /// Opens a page.
    pub fn open(&mut self, title: &str, pane: Pane, source: Source) {
        self.page = Some(Page { title: title.to_owned(), pane, source });
    }

    /// The agents that the list has, whether they fit or not.
    pub fn listed(&self) -> Vec<&AgentLine> {
        self.overview.agents.iter().filter(|agent| !self.busy_only || is_busy(agent)).collect()
    }

    /// Where the chosen agent stands in the list. One that has left it leaves its place to the next.
    pub fn at(&self) -> usize {
        let listed = self.listed();
        let found = self.selected.as_ref().and_then(|name| listed.iter().position(|agent| agent.name == *name));
        found.or(self.list.selected()).unwrap_or(0).min(listed.len().saturating_sub(1))
    }

    /// Takes a key.
    pub fn key(&mut self, key: KeyEvent) -> Act {
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return if key.code == KeyCode::Char('c') { Act::Quit } else { Act::Draw };
        }
        if let Some((_, words)) = self.asked.take() {
            let yes = matches!(key.code, KeyCode::Char('y' | 'Y'));
            return if yes { Act::Command(words) } else { Act::Draw };
        }
        self.note = Line::empty();
        match (&mut self.page, key.code, scroll(key.code)) {
            (_, KeyCode::Char('?' | 'h'), _) => self.open("Keys", Pane::new(help::lines()), Source::Text),
            (None, KeyCode::Char('q'), _) => return Act::Quit,
            (None, KeyCode::Tab, _) => return Act::Queue,
            (None, _, Some(scroll)) => self.choose(scroll),
            (None, code, None) => return self.agent_key(code),
            (Some(_), KeyCode::Char('q') | KeyCode::Esc | KeyCode::Tab, _) => self.page = None,
            (Some(page), _, scroll) => scroll.into_iter().for_each(|scroll| page.pane.scroll(scroll)),
        }
        Act::Draw
    }

    fn choose(&mut self, scroll: Scroll) {
        let listed = self.listed();
        let at = scroll.from(self.at(), listed.len().saturating_sub(1), self.height);
        self.selected = listed.get(at).map(|agent| agent.name.clone());
    }

    fn agent_key(&mut self, code: KeyCode) -> Act {
        let words = |words: &[&str]| Act::Command(words.iter().map(|word| (*word).to_owned()).collect());
        match code {
            KeyCode::Char('P') if self.overview.pause.paused_by_marker => return words(&["resume"]),
            KeyCode::Char('P') => return words(&["pause"]),
            KeyCode::Char('f') => {
                self.busy_only = !self.busy_only;
                return Act::Draw;
            }
            _ => {}
        }
        let Some(agent) = self.listed().get(self.at()).copied() else { return Act::Draw };
        let name = agent.name.clone();
        match code {
            KeyCode::Enter | KeyCode::Char('l') => Act::Log(name),
            KeyCode::Char('w') => Act::Why(name),
            KeyCode::Char('p') if agent.paused => words(&["agent", "resume", name.as_str()]),
            KeyCode::Char('p') => words(&["agent", "pause", name.as_str()]),
            KeyCode::Char('r') => words(&["agent", "run", name.as_str()]),
            KeyCode::Char('s') if !is_busy(agent) => {
                self.note = Line::new(&format!("{name}: no run is under way"), Tone::Warn);
                Act::Draw
            }
            KeyCode::Char('s') => {
                let question = format!("Stop the run of {name}? Its work is saved, its task goes back.");
                self.asked = Some((question, ["agent", "stop", name.as_str()].map(str::to_owned).to_vec()));
                Act::Draw
            }
            _ => Act::Draw,
        }
    }
}

/// Whether a run of it is under way.
fn is_busy(agent: &AgentLine) -> bool {
    matches!(agent.doing, Activity::Running | Activity::Recovering) || agent.state.run_id.is_some()
}

fn scroll(code: KeyCode) -> Option<Scroll> {
    Some(match code {
        KeyCode::Up | KeyCode::Char('k') => Scroll::Lines(-1),
        KeyCode::Down | KeyCode::Char('j') => Scroll::Lines(1),
        KeyCode::PageUp => Scroll::Pages(-1),
        KeyCode::PageDown | KeyCode::Char(' ') => Scroll::Pages(1),
        KeyCode::Home | KeyCode::Char('g') => Scroll::Start,
        KeyCode::End | KeyCode::Char('G') => Scroll::End,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
