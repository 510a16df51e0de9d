//! `scheduler top`: a screen that stays open. It only reads and takes no lock; what a key changes is changed by the
//! program's own commands.

mod commands;
mod draw;
mod help;
mod pane;
mod state;
mod terminal;

use super::{
    Context, logs,
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
        transcript::{self, Progress, Transcript},
        why::{self as reasons, Answer},
    },
    exec::{clock, watch},
};
use anyhow::Result;
use commands::Commands;
use pane::Pane;
use ratatui::crossterm::event::{self, Event, KeyEventKind};
use state::{Act, Page, State};
use std::{sync::atomic::Ordering, time::Duration};
use terminal::Screen;

/// How long a wait for a key is at most: then signals, answers and changes are looked for.
const PAUSE: Duration = Duration::from_millis(250);
/// How often the screen is brought up to date.
const REFRESH_EVERY: Duration = Duration::from_secs(1);

/// Shows what goes on until the user quits.
pub fn run(context: &Context) -> Result<()> {
    let (project, _) = context.reading("top")?;
    if !context.interactive() || context.env("TERM").is_none_or(|term| term == "dumb") {
        return Err(usage("`top` needs a terminal: `scheduler status` prints the same once, `--json` for programs"));
    }
    let mut live = Live::new(&project);
    let Some(overview) = live.overview(context.clock(), true)? else { return Ok(()) };
    let stop = watch::stop_on_signals()?;
    let mut top = Top {
        context,
        project: &project,
        state: State::new(overview),
        live,
        actions: Actions::default(),
        log: None,
        commands: Commands::new(context.program()?, project.root()),
    };
    let mut screen = Screen::open()?;
    let mut refreshed = None;
    while !stop.load(Ordering::Relaxed) {
        let now = clock::monotonic_now();
        let answered = top.commands.answer().map(|answer| top.state.note = answer).is_some();
        let mut changed = answered || refreshed.is_none_or(|at| now.duration_since(at) >= REFRESH_EVERY);
        if changed {
            refreshed = Some(now);
            top.refresh(answered);
        }
        if !changed && event::poll(PAUSE)? {
            match top.events()? {
                Some(Act::Quit) => break,
                acted => changed = acted.is_some(),
            }
        }
        if changed {
            screen.draw(|frame| draw::draw(frame, &mut top.state, &top.actions, context.colours()))?;
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
    log: Option<Transcript>,
    commands: Commands,
}

impl Top<'_> {
    /// Brings up to date what is shown. What can't be read is said, and tried again.
    fn refresh(&mut self, just_changed: bool) {
        let now = self.context.clock();
        match self.live.overview(now, just_changed) {
            Ok(None) => {}
            Ok(Some(overview)) => {
                self.state.overview = overview;
                if matches!(self.state.page, Page::Queue(_)) {
                    self.read_queue();
                }
            }
            Err(error) => self.state.note = failure(&error),
        }
        self.state.overview.time = now;
        self.actions.refresh(&self.project.paths, self.state.seen());
        if let (Page::Log(_, pane), Some(log)) = (&mut self.state.page, &mut self.log) {
            match log.read_new(self.project) {
                Ok((lines, progress)) => {
                    pane.add(lines.iter().flat_map(logs::shown).collect());
                    if let Progress::Ended(record) = progress {
                        pane.add(logs::end(record.as_deref()));
                        self.log = None;
                    }
                }
                Err(error) => {
                    pane.add(vec![failure(&error)]);
                    self.log = None;
                }
            }
        }
    }

    fn read_queue(&mut self) {
        match live::waiting(self.project) {
            Ok(tasks) => self.state.waiting = tasks,
            Err(error) => self.state.note = failure(&error),
        }
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
            Err(error) => vec![failure(&error)],
        };
        self.state.page = Page::Text(format!("Why {name}"), Pane::new(lines));
    }

    fn open_log(&mut self, name: &Name) {
        match transcript::open(self.project, name, None) {
            Ok(Some(log)) => {
                let mut pane = Pane::following();
                pane.add(logs::head(&log, self.context.clock()));
                self.log = Some(log);
                self.state.page = Page::Log(name.clone(), pane);
                self.refresh(false);
            }
            Ok(None) => self.state.note = Line::new(&format!("{name} had no run yet; w says why"), Tone::Warn),
            Err(error) => self.state.note = failure(&error),
        }
    }
}

fn failure(error: &anyhow::Error) -> Line {
    Line::new(&format!("{error:#}"), Tone::Bad)
}
