//! Draws the screen of `scheduler top` from its state. It decides nothing.

use super::{
    pane::{Pane, wrap},
    state::{Page, State},
};
use crate::{
    cli::{
        status::screen,
        view::{Line, Tone, fit},
    },
    domain::time::Time,
    engine::{live::Actions, overview::AgentLine},
};
use ratatui::{
    Frame,
    layout::Rect,
    style::{Color, Modifier, Style},
    text::Span,
    widgets::Clear,
};
use unicode_width::UnicodeWidthStr;

/// Below this width the roles are left out.
const WITH_ROLES: usize = 70;
/// From this width on there is room for the last runs.
const WITH_LAST_RUN: usize = 110;
/// The least number of agents that the queue below leaves room for.
const LEAST_AGENTS: usize = 5;

/// Where lines are drawn, from the top.
struct Sheet<'a, 'b> {
    frame: &'a mut Frame<'b>,
    colours: bool,
    y: u16,
    width: usize,
}

impl Sheet<'_, '_> {
    /// Draws a line, chosen ones in reverse; nothing below the last line of the screen.
    fn line(&mut self, line: &Line, reverse: bool) {
        let area = self.frame.area();
        if self.y >= area.height {
            return;
        }
        let row = Rect { y: area.y + self.y, height: 1, ..area };
        let spans = line.spans.iter().map(|(text, tone)| Span::styled(text.clone(), style(*tone, self.colours)));
        self.frame.render_widget(ratatui::text::Line::from_iter(spans), row);
        if reverse {
            self.frame.buffer_mut().set_style(row, Style::new().add_modifier(Modifier::REVERSED));
        }
        self.y += 1;
    }

    fn lines(&mut self, lines: &[Line]) {
        lines.iter().for_each(|line| self.line(line, false));
    }

    /// How many lines there are until the last two, which hold the note and the keys.
    fn left(&self) -> usize {
        usize::from(self.frame.area().height).saturating_sub(usize::from(self.y) + 2)
    }
}

/// Draws everything.
pub fn draw(frame: &mut Frame<'_>, state: &mut State, actions: &Actions, colours: bool) {
    let width = usize::from(frame.area().width);
    let mut sheet = Sheet { frame, colours, y: 0, width };
    let mut page = std::mem::replace(&mut state.page, Page::Agents);
    let keys = match &mut page {
        Page::Agents => agents_page(&mut sheet, state, actions),
        Page::Queue(pane) => {
            sheet.lines(&screen::head(&state.overview, width.max(20)));
            sheet.line(&Line::empty(), false);
            let tasks = screen::waiting(&state.waiting, width);
            let parts = [tasks, queue(state, width)].into_iter().filter(|part| !part.is_empty());
            pane.replace(parts.collect::<Vec<_>>().join(&Line::empty()));
            pane_page(&mut sheet, pane);
            "q back  ? keys  Up/Down scroll"
        }
        Page::Log(name, pane) => {
            text_page(&mut sheet, &format!("Log of {name}"), pane);
            "q back  ? keys  Up/Down scroll  End follow"
        }
        Page::Text(title, pane) => {
            text_page(&mut sheet, title, pane);
            "q back  Up/Down scroll"
        }
    };
    state.page = page;
    bottom(&mut sheet, state, keys);
}

fn agents_page(sheet: &mut Sheet<'_, '_>, state: &mut State, actions: &Actions) -> &'static str {
    sheet.lines(&screen::head(&state.overview, sheet.width.max(20)));
    sheet.line(&Line::empty(), false);
    let below = queue(state, sheet.width);
    let listed = state.listed().len();
    let room = sheet.left().saturating_sub(1);
    // The agents come first; what they leave, or all but a few lines, is for what waits for the user.
    let for_agents = listed.max(1).min(room.saturating_sub((below.len() + 1).min(room.saturating_sub(LEAST_AGENTS))));
    sheet.line(&heading(sheet.width, listed, state.overview.agents.len(), for_agents), false);
    let now = state.overview.time;
    let width = sheet.width;
    let (visible, chosen) = state.visible(for_agents);
    let rows: Vec<_> = visible.iter().map(|agent| row(agent, actions.of(&agent.name), width, now)).collect();
    for (at, row) in rows.iter().enumerate() {
        sheet.line(row, at == chosen);
    }
    if listed == 0 {
        sheet.line(&Line::new("no agent is at work; f shows all", Tone::Dim), false);
    }
    let room = sheet.left();
    if room > 1 && !below.is_empty() {
        sheet.line(&Line::empty(), false);
        sheet.lines(&below[..below.len().min(room - 1)]);
    }
    "q quit  ? keys  Enter log  w why  p/P pause  s stop  r run  f filter  Tab queue"
}

fn heading(width: usize, listed: usize, all: usize, shown: usize) -> Line {
    let of = if listed == all { format!("{all}") } else { format!("{listed} of {all}") };
    let now = if listed > shown || listed != all { format!("NOW ({of} agents)") } else { "NOW".to_owned() };
    columns(width, ["AGENT", "ROLE", "LAST RUN"], [Tone::Strong; 3]).and(&now, Tone::Strong)
}

fn columns(width: usize, [name, role, last]: [&str; 3], tones: [Tone; 3]) -> Line {
    let mut line = Line::empty().cell(name, if width < 40 { 10 } else { 16 }, tones[0]);
    if width >= WITH_ROLES {
        line = line.cell(role, 15, tones[1]);
    }
    if width >= WITH_LAST_RUN {
        line = line.cell(last, 22, tones[2]);
    }
    line
}

fn row(agent: &AgentLine, action: Option<&str>, width: usize, now: Time) -> Line {
    let role = agent.role.map_or_else(|| "-".to_owned(), |role| role.to_string());
    let last = if agent.state.consecutive_failures > 0 { Tone::Bad } else { Tone::Dim };
    let last_run = agent.last_run(now);
    let line = columns(width, [agent.name.as_str(), &role, &last_run], [Tone::Plain, Tone::Dim, last]);
    let room = width.saturating_sub(line.spans.iter().map(|(text, _)| text.width()).sum());
    let text = fit(&screen::at_present(agent), room);
    let left = room.saturating_sub(text.width() + 2);
    let line = line.and(&text, screen::tone(agent.doing));
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

fn text_page(sheet: &mut Sheet<'_, '_>, title: &str, pane: &mut Pane) {
    sheet.line(&Line::new(&fit(title, sheet.width), Tone::Strong), false);
    pane_page(sheet, pane);
}

fn pane_page(sheet: &mut Sheet<'_, '_>, pane: &mut Pane) {
    let (width, height) = (sheet.width, sheet.left());
    let lines = pane.window(width, height);
    lines.iter().for_each(|line| sheet.line(line, false));
    let (seen, all) = pane.position();
    if seen < all || seen > height {
        let note = format!("line {seen} of {all}");
        let y = sheet.frame.area().height.saturating_sub(2);
        sheet.y = y;
        sheet.line(&Line::new(&fit(&note, width), Tone::Dim), false);
    }
}

/// The note or the question, and the keys, in the last two lines.
fn bottom(sheet: &mut Sheet<'_, '_>, state: &State, keys: &str) {
    let height = sheet.frame.area().height;
    if height < 3 {
        return;
    }
    let note = match &state.asked {
        Some((question, _)) => Line::new(&format!("{question} (y/n)"), Tone::Warn),
        None => state.note.clone(),
    };
    if note != Line::empty() {
        let lines = wrap(&note, sheet.width);
        sheet.y = (height - 1).saturating_sub(u16::try_from(lines.len()).unwrap_or(height));
        for line in &lines {
            let row = Rect { y: sheet.y, height: 1, ..sheet.frame.area() };
            sheet.frame.render_widget(Clear, row);
            sheet.line(line, false);
        }
    }
    sheet.y = height - 1;
    sheet.line(&Line::new(keys, Tone::Dim), false);
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
