//! `scheduler top`: a screen that stays open. It only reads and takes no lock; what a key changes is changed by the
//! program's own commands.

mod commands;
mod draw;
mod help;
mod pane;
mod state;

use super::view::{Line, Tone};
use super::{Context, logs, usage, why};
use crate::domain::name::Name;
use crate::engine::live::{self, Actions};
use crate::engine::overview;
use crate::engine::project::Project;
use crate::engine::transcript::{self, Progress};
use crate::exec::{clock, watch};
use anyhow::{Context as _, Result};
use commands::Commands;
use pane::Pane;
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyEventKind};
use ratatui::crossterm::terminal::disable_raw_mode;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use state::{Act, Source, State};
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use std::{io, process, thread};

/// How long a wait for a key is at most: then signals, answers and changes are looked for.
const PAUSE: Timespec = Timespec { tv_sec: 0, tv_nsec: 250_000_000 };

/// How long it may take to end once it was told to. A terminal that takes nothing any more would hold it for ever.
const GRACE: Duration = Duration::from_millis(500);

/// Shows what goes on until the user quits.
pub fn run(context: &Context) -> Result<()> {
    let (project, _) = context.enter("top")?;
    if !context.interactive() || context.env("TERM").is_none_or(|term| term == "dumb") {
        return Err(usage("`top` needs a terminal: `scheduler status` prints the same once, `--json` for programs"));
    }
    let mut top = Top {
        context,
        project: &project,
        state: State::new(overview::overview(&project, context.clock())?),
        due: clock::monotonic_now(),
        actions: Actions::default(),
        commands: Commands::new(context.program()?, project.root()),
    };
    let stop = watch::stop_on_signals()?;
    end_in_time(Arc::clone(&stop));
    // A panic gives the terminal back before its message is printed.
    let terminal =
        ratatui::try_init().context("the terminal can't show a full screen; `scheduler status` prints the same once");
    // Dropped, it would complain of a terminal that has gone, there where nothing can be written any more.
    let ended = terminal.map(ManuallyDrop::new).and_then(|mut terminal| {
        let ended = top.show(&mut terminal, &stop);
        let _ = terminal.show_cursor();
        ended
    });
    // A terminal that has gone needs nothing back.
    let _ = ratatui::try_restore();
    ended
}

/// Ends the process soon after `stop`, if it hasn't ended by itself.
fn end_in_time(stop: Arc<AtomicBool>) {
    thread::spawn(move || {
        while !stop.load(Ordering::Relaxed) {
            thread::sleep(GRACE / 2);
        }
        thread::sleep(GRACE);
        let _ = disable_raw_mode();
        #[expect(clippy::disallowed_methods, reason = "main waits for the terminal")]
        process::exit(0);
    });
}

/// Everything behind the screen.
struct Top<'a> {
    context: &'a Context,
    project: &'a Project,
    state: State,
    /// When the project is to be read again.
    due: Instant,
    actions: Actions,
    commands: Commands,
}

impl Top<'_> {
    fn show(&mut self, terminal: &mut DefaultTerminal, stop: &AtomicBool) -> Result<()> {
        let mut changed = true;
        while !stop.load(Ordering::Relaxed) {
            let answered = self.commands.answer().map(|answer| self.state.note = answer).is_some();
            if answered || clock::monotonic_now() >= self.due {
                self.refresh();
                changed = true;
            }
            if changed {
                let (state, colours) = (&mut self.state, self.context.colours());
                let drawn = terminal.draw(|frame| draw::draw(frame, state, &self.actions, colours));
                if drawn.is_err() && await_key() {
                    drawn.context("the terminal")?;
                }
            }
            if !await_key() {
                return Ok(());
            }
            changed = event::poll(Duration::ZERO)?;
            if changed
                && let Event::Key(key) = event::read()?
                && key.kind != KeyEventKind::Release
            {
                match self.state.key(key) {
                    Act::Quit => break,
                    act => self.act(act),
                }
            }
        }
        Ok(())
    }

    /// Brings up to date what is shown. What can't be read is said, and tried again.
    fn refresh(&mut self) {
        let begun = clock::monotonic_now();
        match overview::overview(self.project, self.context.clock()) {
            Ok(overview) => self.state.overview = overview,
            Err(error) => self.state.note = failure(&error),
        }
        self.actions.refresh(&self.project.paths, &self.state.overview.agents);
        self.read_page();
        self.due = begun + live::until_next(begun.elapsed());
    }

    /// Reads what is new of what the open page shows.
    fn read_page(&mut self) {
        let Some(page) = &mut self.state.page else { return };
        let result = match &mut page.source {
            Source::Text => Ok(()),
            Source::Queue(tasks) => live::waiting(self.project).map(|waiting| *tasks = waiting),
            Source::Log(log) => log.read_new(self.project).map(|(lines, progress)| {
                page.pane.add(lines.iter().flat_map(logs::shown).collect());
                if let Progress::Ended(record) = progress {
                    page.pane.add(logs::end(record.as_deref()));
                    page.source = Source::Text;
                }
            }),
        };
        if let Err(error) = result {
            self.state.note = failure(&error);
        }
    }

    fn act(&mut self, act: Act) {
        let done = match act {
            Act::Draw | Act::Quit => Ok(()),
            Act::Command(words) => {
                self.state.note = self.commands.begin(&words);
                Ok(())
            }
            Act::Queue => {
                self.state.open("", Pane::default(), Source::Queue(Vec::new()));
                self.read_page();
                Ok(())
            }
            Act::Why(name) => why::answer(self.project, Some(&name), self.context.clock()).map(|explained| {
                let lines = explained.iter().flat_map(why::lines).collect();
                self.state.open(&format!("Why {name}"), Pane::new(lines), Source::Text);
            }),
            Act::Log(name) => self.open_log(&name),
        };
        if let Err(error) = done {
            self.state.note = failure(&error);
        }
    }

    fn open_log(&mut self, name: &Name) -> Result<()> {
        let log = transcript::open(self.project, name, None)?;
        let log = log.with_context(|| format!("{name} had no run yet; w says why"))?;
        let mut pane = Pane::following();
        pane.add(logs::head(&log, self.context.clock()));
        self.state.open(&format!("Log of {name}"), pane, Source::Log(Box::new(log)));
        self.read_page();
        Ok(())
    }
}

/// Waits for a key or a signal, not for long. False: the terminal has gone. What reads the keys would never notice, and
/// try again without end.
fn await_key() -> bool {
    let keyboard = io::stdin();
    let mut waited = [PollFd::new(&keyboard, PollFlags::IN)];
    match poll(&mut waited, Some(&PAUSE)) {
        Ok(_) => !waited[0].revents().intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL),
        Err(_) => true,
    }
}

fn failure(error: &anyhow::Error) -> Line {
    Line::new(&format!("{error:#}"), Tone::Bad)
}
