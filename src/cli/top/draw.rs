//! Draws the screen of `scheduler top` from its state. It decides nothing.

use super::{
    pane::{Pane, wrap},
    state::{Page, State},
};
use crate::{
    cli::{
        status::screen::{self, AgentWidths},
        view::{Line, Tone, fit},
    },
    domain::time::Time,
    engine::{live::Actions, overview::AgentLine},
};
use ratatui::{
    Frame,
    style::{Color, Modifier, Style},
    text::Span,
};

/// Below this width the roles are left out.
const WITH_ROLES: usize = 70;
/// From this width on there is room for the last runs.
const WITH_LAST_RUN: usize = 110;
/// The least number of agents that the queue below leaves room for.
const LEAST_AGENTS: usize = 5;

/// Lines from the top of the screen, each with whether it is chosen.
type Rows = Vec<(Line, bool)>;

fn plain(lines: &[Line]) -> Rows {
    lines.iter().map(|line| (line.clone(), false)).collect()
}

fn blank() -> (Line, bool) {
    (Line::empty(), false)
}

/// Draws everything.
pub fn draw(frame: &mut Frame<'_>, state: &mut State, actions: &Actions, colours: bool) {
    let (width, height) = (usize::from(frame.area().width), usize::from(frame.area().height));
    // The last two lines are for the note and the keys.
    let room = height.saturating_sub(2);
    let mut page = std::mem::replace(&mut state.page, Page::Agents);
    let (mut rows, keys) = match &mut page {
        Page::Agents => (
            agents_page(state, actions, width, room),
            "q quit  ? keys  Enter log  w why  p/P pause  s stop  r run  f filter  Tab queue",
        ),
        Page::Queue(pane) => {
            let mut head = screen::head(&state.overview, width.max(20));
            head.push(Line::empty());
            let parts = [screen::waiting(&state.waiting, width), queue(state, width)];
            let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            pane.replace(parts.join(&Line::empty()));
            (pane_page(&head, pane, width, room), "q back  ? keys  Up/Down scroll")
        }
        Page::Log(name, pane) => {
            let head = [Line::new(&fit(&format!("Log of {name}"), width), Tone::Strong)];
            (pane_page(&head, pane, width, room), "q back  ? keys  Up/Down scroll  End follow")
        }
        Page::Text(title, pane) => {
            let head = [Line::new(&fit(title, width), Tone::Strong)];
            (pane_page(&head, pane, width, room), "q back  Up/Down scroll")
        }
    };
    state.page = page;
    if height > 2 {
        rows.resize(height - 1, blank());
        let note = note(state, width);
        rows.splice((height - 1).saturating_sub(note.len()).., plain(&note));
        rows.truncate(height - 1);
        rows.push((Line::new(keys, Tone::Dim), false));
    }
    for (area, (line, is_chosen)) in frame.area().rows().zip(rows) {
        let spans = line.spans.into_iter().map(|(text, tone)| Span::styled(text, style(tone, colours)));
        frame.render_widget(ratatui::text::Line::from_iter(spans), area);
        if is_chosen {
            frame.buffer_mut().set_style(area, Style::new().add_modifier(Modifier::REVERSED));
        }
    }
}

fn agents_page(state: &mut State, actions: &Actions, width: usize, room: usize) -> Rows {
    let mut rows = plain(&screen::head(&state.overview, width.max(20)));
    rows.push(blank());
    let below = queue(state, width);
    let listed = state.listed().len();
    let left = room.saturating_sub(rows.len() + 1);
    // The agents come first; what they leave, or all but a few lines, is for what waits for the user.
    let for_agents = listed.max(1).min(left.saturating_sub((below.len() + 1).min(left.saturating_sub(LEAST_AGENTS))));
    rows.push((heading(width, listed, state.overview.agents.len(), for_agents), false));
    let now = state.overview.time;
    let (visible, chosen) = state.visible(for_agents);
    let row = |agent: &AgentLine| row(agent, actions.of(&agent.name), width, now);
    rows.extend(visible.into_iter().enumerate().map(|(at, agent)| (row(agent), at == chosen)));
    if listed == 0 {
        rows.push((Line::new("no agent is at work; f shows all", Tone::Dim), false));
    }
    let left = room.saturating_sub(rows.len());
    if left > 1 && !below.is_empty() {
        rows.push(blank());
        rows.extend(plain(&below[..below.len().min(left - 1)]));
    }
    rows
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
    let [claimed, failed, prs, questions, problems] = screen::sections(&state.overview, width);
    let sections = [problems, questions, claimed, failed, prs].into_iter().filter(|section| !section.is_empty());
    sections.collect::<Vec<_>>().join(&Line::empty())
}

/// A text below its head, with how far it is scrolled where it doesn't fit.
fn pane_page(head: &[Line], pane: &mut Pane, width: usize, room: usize) -> Rows {
    let mut rows = plain(head);
    let height = room.saturating_sub(rows.len());
    rows.extend(plain(pane.window(width, height)));
    let (seen, all) = pane.position();
    if seen < all || seen > height {
        rows.resize(room, blank());
        rows.push((Line::new(&fit(&format!("line {seen} of {all}"), width), Tone::Dim), false));
    }
    rows
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
