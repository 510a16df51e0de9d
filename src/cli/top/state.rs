//! What the screen of `scheduler top` shows, and what each key does to it. It draws nothing, reads nothing and changes
//! nothing but itself.

use super::pane::{Pane, Scroll};
use crate::{
    cli::view::{Line, Tone},
    domain::{name::Name, task::Task},
    engine::overview::{Activity, AgentLine, Overview},
};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What is open on the screen.
#[derive(Debug)]
pub enum Page {
    /// The agents, with the queue below.
    Agents,
    /// The queue and everything else that isn't an agent.
    Queue(Pane),
    /// The run of an agent.
    Log(Name, Pane),
    /// A text under a heading.
    Text(String, Pane),
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
    /// To read which tasks wait, for the queue is open now.
    Queue,
    /// To explain the keys.
    Help,
    /// To run one of the program's own commands, given by its words.
    Command(Vec<String>),
}

/// What is shown, chosen and asked.
#[derive(Debug)]
pub struct State {
    /// What goes on.
    pub overview: Overview,
    /// The tasks that wait, as far as the user has asked for them.
    pub waiting: Vec<Task>,
    /// What is open.
    pub page: Page,
    /// What was said last: the answer to a command, or what went wrong.
    pub note: Line,
    /// A command that waits for a yes.
    pub asked: Option<(String, Vec<String>)>,
    /// Whether only agents at work are shown.
    pub busy_only: bool,
    selected: Option<Name>,
    first: usize,
    height: usize,
}

impl State {
    /// The agents, nothing chosen yet.
    pub fn new(overview: Overview) -> Self {
        Self {
            overview,
            waiting: Vec::new(),
            page: Page::Agents,
            note: Line::empty(),
            asked: None,
            busy_only: false,
            selected: None,
            first: 0,
            height: 50,
        }
    }

    /// The agents that the list has, whether they fit or not.
    pub fn listed(&self) -> Vec<&AgentLine> {
        self.overview.agents.iter().filter(|agent| !self.busy_only || is_busy(agent)).collect()
    }

    /// The agents that fit into `height` lines, the chosen one among them, and where that stands.
    pub fn visible(&mut self, height: usize) -> (Vec<&AgentLine>, usize) {
        let (at, all) = (self.at(), self.listed().len());
        self.height = height;
        self.first = self.first.min(all.saturating_sub(height)).min(at).max((at + 1).saturating_sub(height));
        let first = self.first;
        (self.listed().into_iter().skip(first).take(height).collect(), at.saturating_sub(first))
    }

    /// The agents that were seen the last time.
    pub fn seen(&self) -> impl Iterator<Item = &AgentLine> {
        self.listed().into_iter().skip(self.first).take(self.height)
    }

    /// The chosen agent; none if the list is empty.
    pub fn chosen(&self) -> Option<&AgentLine> {
        self.listed().get(self.at()).copied()
    }

    /// Where the chosen agent stands in the list. One that has left it leaves its place to the next.
    fn at(&self) -> usize {
        let listed = self.listed();
        let found = self.selected.as_ref().and_then(|name| listed.iter().position(|agent| agent.name == *name));
        found.unwrap_or(self.first).min(listed.len().saturating_sub(1))
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
        let scroll = scroll(key.code);
        match (&mut self.page, key.code) {
            (_, KeyCode::Char('?' | 'h')) => Act::Help,
            (Page::Agents, KeyCode::Char('q')) => Act::Quit,
            (Page::Agents, KeyCode::Tab) => {
                self.page = Page::Queue(Pane::default());
                Act::Queue
            }
            (Page::Agents, code) => match scroll {
                Some(scroll) => self.choose(scroll),
                None => self.agent_key(code),
            },
            (_, KeyCode::Char('q') | KeyCode::Esc | KeyCode::Tab) => {
                self.page = Page::Agents;
                Act::Draw
            }
            (Page::Queue(pane) | Page::Log(_, pane) | Page::Text(_, pane), _) => {
                scroll.into_iter().for_each(|scroll| pane.scroll(scroll));
                Act::Draw
            }
        }
    }

    fn choose(&mut self, scroll: Scroll) -> Act {
        let listed = self.listed();
        let at = scroll.from(self.at(), listed.len().saturating_sub(1), self.height);
        self.selected = listed.get(at).map(|agent| agent.name.clone());
        Act::Draw
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
        let Some(agent) = self.chosen() else { return Act::Draw };
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
