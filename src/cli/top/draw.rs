//! Draws the screen of `scheduler top` from its state. It decides nothing.

use super::state::{Page, Source, State};
use crate::cli::status::screen::{self, AgentWidths};
use crate::cli::view::{Line, Tone, fit, wrap};
use crate::domain::time::Time;
use crate::engine::live::Actions;
use crate::engine::overview::AgentLine;
use ratatui::Frame;
use ratatui::layout::Constraint::{Fill, Length};
use ratatui::layout::{Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Span, Text};
use ratatui::widgets::List;

/// Below this width the roles are left out.
const WITH_ROLES: usize = 70;
/// From this width on there is room for the last runs.
const WITH_LAST_RUN: usize = 110;
/// The least number of agents that the queue below leaves room for.
const LEAST_AGENTS: usize = 5;

/// Draws everything.
pub fn draw(frame: &mut Frame<'_>, state: &mut State, actions: &Actions, colours: bool) {
    let mut screen = Screen { frame, colours };
    let width = usize::from(screen.frame.area().width);
    let note = note(state, width);
    // A line is left for the note even where there is none.
    let parts = [Fill(1), length(note.len().max(1)), Length(1)];
    let [body, below, last] = Layout::vertical(parts).areas(screen.frame.area());
    let keys = match state.page.take() {
        None => {
            screen.agents(body, state, actions);
            "q quit  ? keys  Enter log  w why  p/P pause  s stop  r run  f filter  Tab queue"
        }
        Some(mut page) => {
            if let Source::Queue(tasks) = &page.source {
                let head = screen::head(&state.overview, width.max(20));
                let parts = [head, screen::waiting(tasks, width), queue(state, width)];
                let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
                page.pane.replace(parts.join(&Line::empty()));
            }
            screen.page(body, below, &mut page);
            state.page = Some(page);
            "q back  ? keys  Up/Down scroll  End follow"
        }
    };
    if !note.is_empty() {
        screen.lines(below, &note);
    }
    screen.lines(last, &[Line::new(keys, Tone::Dim)]);
}

struct Screen<'a, 'f> {
    frame: &'a mut Frame<'f>,
    colours: bool,
}

impl Screen<'_, '_> {
    fn lines(&mut self, area: Rect, lines: &[Line]) {
        self.frame.render_widget(lines.iter().map(|line| self.line(line)).collect::<Text<'_>>(), area);
    }

    fn line<'l>(&self, line: &'l Line) -> ratatui::text::Line<'l> {
        line.spans.iter().map(|(text, tone)| Span::styled(text, style(*tone, self.colours))).collect()
    }

    fn agents(&mut self, area: Rect, state: &mut State, actions: &Actions) {
        let width = usize::from(area.width);
        let head = screen::head(&state.overview, width.max(20));
        let below = queue(state, width);
        let listed = state.listed();
        // The agents come first; what they leave, or all but a few lines, is for what waits for the user.
        let left = usize::from(area.height).saturating_sub(head.len() + 2);
        let for_below = (below.len() + 1).min(left.saturating_sub(LEAST_AGENTS));
        let shown = listed.len().max(1).min(left.saturating_sub(for_below));
        let parts = [length(head.len() + 1), Length(1), length(shown), Length(1), Fill(1)];
        let [top, title, list, _, rest] = Layout::vertical(parts).areas(area);
        self.lines(top, &head);
        self.lines(title, &[heading(width, listed.len(), state.overview.agents.len(), shown)]);
        self.lines(rest, &below);
        if listed.is_empty() {
            return self.lines(list, &[Line::new("no agent is at work; f shows all", Tone::Dim)]);
        }
        let row = |agent: &AgentLine| row(agent, actions.of(&agent.name), width, state.overview.time);
        let rows: Vec<_> = listed.into_iter().map(row).collect();
        let rows = List::new(rows.iter().map(|row| self.line(row))).highlight_style(Modifier::REVERSED);
        let at = state.at();
        state.list.select(Some(at));
        state.height = shown;
        self.frame.render_stateful_widget(rows, list, &mut state.list);
    }

    /// A text below its title, with how far it is scrolled where it doesn't fit.
    fn page(&mut self, area: Rect, below: Rect, page: &mut Page) {
        let width = usize::from(area.width);
        let title = if page.title.is_empty() { 0 } else { 1 };
        let [top, text] = Layout::vertical([Length(title), Fill(1)]).areas(area);
        self.lines(top, &[Line::new(&fit(&page.title, width), Tone::Strong)]);
        let height = usize::from(text.height);
        self.lines(text, page.pane.window(width, height));
        let (seen, all) = page.pane.position();
        if all > height {
            self.lines(below, &[Line::new(&fit(&format!("line {seen} of {all}"), width), Tone::Dim)]);
        }
    }
}

fn length(lines: usize) -> ratatui::layout::Constraint {
    Length(u16::try_from(lines).unwrap_or(u16::MAX))
}

fn heading(width: usize, listed: usize, all: usize, shown: usize) -> Line {
    let of = if listed == all { format!("{all}") } else { format!("{listed} of {all}") };
    let now = if listed > shown || listed != all { format!("NOW ({of} agents)") } else { "NOW".to_owned() };
    screen::agents_heading(widths(width), &now)
}

fn widths(width: usize) -> AgentWidths {
    let name = if width < 40 { 10 } else { 16 };
    [name, if width < WITH_ROLES { 0 } else { 15 }, if width < WITH_LAST_RUN { 0 } else { 22 }]
}

fn row(agent: &AgentLine, action: Option<&str>, width: usize, now: Time) -> Line {
    let line = screen::agent_row(agent, now, widths(width), width);
    let left = width.saturating_sub(line.width() + 2);
    match action {
        Some(action) if left > 4 => line.and("  ", Tone::Plain).and(&fit(action, left), Tone::Plain),
        _ => line,
    }
}

/// Everything that isn't an agent, what waits for the user first.
fn queue(state: &State, width: usize) -> Vec<Line> {
    let [claimed, done, failed, prs, questions, problems] = screen::sections(&state.overview, width);
    let sections = [problems, questions, claimed, done, failed, prs].into_iter().filter(|section| !section.is_empty());
    sections.collect::<Vec<_>>().join(&Line::empty())
}

/// The question, or the note, as the lines that it takes.
fn note(state: &State, width: usize) -> Vec<Line> {
    match &state.asked {
        Some((question, _)) => wrap(&Line::new(&format!("{question} (y/n)"), Tone::Warn), width),
        None if state.note == Line::empty() => Vec::new(),
        None => wrap(&state.note, width),
    }
}

/// A tone on a screen. Without colours only what needs none is left.
fn style(tone: Tone, colours: bool) -> Style {
    let colour = |colour: Color| if colours { Style::new().fg(colour) } else { Style::new() };
    match tone {
        Tone::Plain => Style::new(),
        Tone::Strong => Style::new().add_modifier(Modifier::BOLD),
        Tone::Dim => Style::new().add_modifier(Modifier::DIM),
        Tone::Good => colour(Color::Green),
        Tone::Warn => colour(Color::Yellow),
        Tone::Bad => colour(Color::Red),
    }
}

#[cfg(test)]
mod tests;
