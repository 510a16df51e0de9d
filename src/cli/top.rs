//! `scheduler top`: a screen that stays open. It only reads and takes no lock; what a key changes is changed by the
//! program's own commands.

mod commands;
mod draw;
mod help;
mod log;
mod pane;
#[cfg(test)]
mod sample;
mod state;
mod terminal;

use super::{
    Context,
    tick::misconfigured,
    usage,
    view::{Line, Tone},
    why,
};
use crate::{
    domain::name::Name,
    engine::{
        live::{self, Actions, Live},
        project::Project,
        why::{self as reasons, Answer},
    },
    exec::{clock, watch},
};
use anyhow::Result;
use commands::Commands;
use log::Log;
use pane::Pane;
use ratatui::crossterm::event::{self, Event, KeyEventKind};
use state::{Act, Page, State};
use std::{sync::atomic::Ordering, time::Duration};
use terminal::Screen;

/// How long a wait for a key is at most: then signals, answers and what has changed are looked for.
const PAUSE: Duration = Duration::from_millis(250);
/// How often what goes on is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Shows what goes on until it is told to quit.
pub fn run(context: &Context) -> Result<()> {
    let (project, _) = context.reading("top")?;
    if !context.interactive() || context.env("TERM").is_none_or(|term| term == "dumb") {
        return Err(usage("`top` needs a terminal: `scheduler status` prints the same once, `--json` for programs"));
    }
    let mut live = Live::new(&project);
    live.look(context.clock())?;
    let Some(overview) = live.overview().cloned() else { return Ok(()) };
    let stop = watch::stop_on_signals()?;
    let commands = Commands::new(context.program()?, project.root());
    let mut top = Top {
        context,
        project: &project,
        state: State::new(overview),
        live,
        actions: Actions::default(),
        log: None,
        commands,
    };
    let mut screen = Screen::open()?;
    let mut looked = None;
    while !stop.load(Ordering::Relaxed) {
        let now = clock::monotonic_now();
        let mut changed = top.answers();
        if looked.is_none_or(|looked| now.duration_since(looked) >= LOOK_EVERY) {
            looked = Some(now);
            top.look();
            changed = true;
        }
        if changed {
            screen.draw(|frame| draw::draw(frame, &mut top.state, &top.actions, context.colours()))?;
        }
        if event::poll(PAUSE)? {
            match top.events()? {
                Some(Act::Quit) => break,
                Some(_) => screen.draw(|frame| draw::draw(frame, &mut top.state, &top.actions, context.colours()))?,
                None => {}
            }
        }
    }
    Ok(())
}

/// Everything behind the screen.
struct Top<'a> {
    context: &'a Context,
    project: &'a Project,
    state: State,
    live: Live<'a>,
    actions: Actions,
    log: Option<Log>,
    commands: Commands,
}

impl Top<'_> {
    /// Takes in what has changed. What can't be read is said, and tried again.
    fn look(&mut self) {
        match self.live.look(self.context.clock()) {
            Ok(true) if matches!(self.state.page, Page::Queue(_)) => self.read_queue(),
            Ok(_) => {}
            Err(error) => self.state.note = Line::new(&format!("{error:#}"), Tone::Bad),
        }
        if let Some(overview) = self.live.overview() {
            self.state.overview.clone_from(overview);
        }
        self.actions.look(&self.project.paths, self.state.seen());
        if let (Page::Log(_, pane), Some(log)) = (&mut self.state.page, &mut self.log) {
            pane.add(log.news(self.project));
        }
    }

    fn read_queue(&mut self) {
        match live::waiting(self.project) {
            Ok(tasks) => self.state.waiting = tasks,
            Err(error) => self.state.note = Line::new(&format!("{error:#}"), Tone::Bad),
        }
    }

    /// Shows the answers of commands; whether there was one.
    fn answers(&mut self) -> bool {
        let Some(answer) = self.commands.answer() else { return false };
        self.state.note = answer;
        self.live.hurry();
        self.look();
        true
    }

    /// Takes the keys that were pressed; what is to be done if there was anything.
    fn events(&mut self) -> Result<Option<Act>> {
        let mut done = None;
        while event::poll(Duration::ZERO)? {
            match event::read()? {
                Event::Key(key) if key.kind != KeyEventKind::Release => {
                    let act = self.state.key(key);
                    if act == Act::Quit {
                        return Ok(Some(act));
                    }
                    self.act(&act);
                    done = Some(Act::Draw);
                }
                Event::Resize(..) => done = Some(Act::Draw),
                _ => {}
            }
        }
        Ok(done)
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::Draw | Act::Quit => {}
            Act::Queue => self.read_queue(),
            Act::Help => self.state.page = Page::Text("Keys".to_owned(), Pane::new(help::lines())),
            Act::Command(words) => self.state.note = self.commands.begin(words.clone()),
            Act::Why(name) => self.explain(name),
            Act::Log(name) => self.open_log(name),
        }
    }

    fn explain(&mut self, name: &Name) {
        let lines = match reasons::why(self.project, Some(name), self.context.clock()) {
            Ok(Answer::Explained(explained)) => explained.iter().flat_map(why::lines).collect(),
            Ok(Answer::Misconfigured(problems)) => {
                vec![Line::new(&misconfigured(self.project, &problems).to_string(), Tone::Bad)]
            }
            Ok(Answer::Unknown(_)) => vec![Line::new(&format!("there is no agent {name} any more"), Tone::Warn)],
            Err(error) => vec![Line::new(&format!("{error:#}"), Tone::Bad)],
        };
        self.state.page = Page::Text(format!("Why {name}"), Pane::new(lines));
    }

    fn open_log(&mut self, name: &Name) {
        match Log::open(self.project, name, self.context.clock()) {
            Ok(Some((log, head))) => {
                self.log = Some(log);
                let mut pane = Pane::following();
                pane.add(head);
                self.state.page = Page::Log(name.clone(), pane);
                self.look();
            }
            Ok(None) => self.state.note = Line::new(&format!("{name} had no run yet; w says why"), Tone::Warn),
            Err(error) => self.state.note = Line::new(&format!("{error:#}"), Tone::Bad),
        }
    }
}
