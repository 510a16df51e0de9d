//! Races: 64 processes add, claim, cancel, retry and move tasks at once, and are killed at random. No task is lost,
//! doubled, or over a limit.

use crate::{sample, stage::Stage, support::Test};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::{
    collections::BTreeSet,
    process::{Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

const PROCESSES: usize = 64;
const MAX_INCOMING: usize = 20;
const MAX_CLAIMED: usize = 2;
/// The directories of the queue.
const STATES: [&str; 4] = ["incoming", "claimed", "done", "failed"];

/// A stream of numbers that a seed decides.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        // SplitMix64: good enough to mix operations, and the same everywhere.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap()
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        if from.is_empty() { None } else { Some(from[self.below(from.len())].clone()) }
    }
}

/// What the racers share.
struct Race<'a> {
    test: &'a Test,
    /// Minutes since the start of the race, as the ticks see them.
    minutes: AtomicI64,
    over: AtomicBool,
    /// Ids whose addition was confirmed.
    added: Mutex<BTreeSet<String>>,
    /// What was over a limit.
    excesses: Mutex<Vec<String>>,
}

impl Race<'_> {
    /// Starts the program, perhaps kills it; what it said if it ended well.
    fn run(&self, args: &[&str], dice: &mut Dice) -> Option<String> {
        let mut command: Command = self.test.command(args);
        let now =
            chrono::DateTime::from_timestamp(1_772_359_200 + self.minutes.load(Ordering::SeqCst) * 60, 0).unwrap();
        command
            .env("SCHEDULER_NOW", now.to_rfc3339())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        if dice.below(8) == 0 {
            thread::sleep(Duration::from_micros(dice.below(30_000) as u64));
            let _ = child.kill();
        }
        let output = child.wait_with_output().unwrap();
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn step(&self, dice: &mut Dice) {
        match dice.below(12) {
            0..=4 => {
                let said =
                    self.run(&["task", "add", "--title", "Another", "--role", "implement", "--context", "C"], dice);
                let id = said.and_then(|said| said.split_once(':').map(|(id, _)| id.to_owned()));
                self.added.lock().unwrap().extend(id);
            }
            5 | 6 => {
                self.minutes.fetch_add(2, Ordering::SeqCst);
                self.run(&[], dice);
            }
            7 => {
                let state = ["incoming", "claimed"][dice.below(2)];
                if let Some(id) = dice.pick(&self.test.queue(state)) {
                    self.run(&["task", "cancel", &id, "--reason", "a race"], dice);
                }
            }
            8 => {
                if let Some(id) = dice.pick(&self.test.queue("failed")) {
                    self.run(&["task", "retry", &id], dice);
                }
            }
            9 => drop(self.run(&["task", "list"], dice)),
            // A person, with a file manager that asks before it replaces a file.
            10 => {
                if let Some(id) = dice.pick(&self.test.queue("incoming")) {
                    let (from, to) = (self.test.task_path("incoming", &id), self.test.task_path("failed", &id));
                    let _ = renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE);
                }
            }
            _ => {
                if let Some(process) = dice.pick(&self.test.leftovers()) {
                    let pid = rustix::process::Pid::from_raw(process.pid).unwrap();
                    let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
                }
            }
        }
    }

    /// Looks at the limits all the time. What is seen once may be two moments in one look; what stays, is.
    fn watch(&self) {
        let mut over = [0, 0];
        while !self.over.load(Ordering::SeqCst) {
            let (incoming, claimed) = (self.test.queue("incoming"), self.test.queue("claimed"));
            let pending = incoming.iter().chain(&claimed).collect::<BTreeSet<_>>().len();
            let counts = [(pending, MAX_INCOMING), (claimed.len(), MAX_CLAIMED)];
            for (over, (count, limit)) in over.iter_mut().zip(counts) {
                *over = if count > limit { *over + 1 } else { 0 };
                if *over == 10 {
                    self.excesses.lock().unwrap().push(format!("{count} of {limit}"));
                }
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

fn project() -> Test {
    let test = Test::new();
    let limits =
        format!("queue_limits: {{max_incoming: {MAX_INCOMING}, max_claimed: {MAX_CLAIMED}, max_open_prs: 1000}}");
    let agents = [("one", "implementer"), ("two", "implementer"), ("three", "implementer")];
    test.with_origin().agents_and(&agents, &limits);
    test.github.install();
    test.claude.implements();
    test
}

/// Every task that was ever confirmed is in one directory, and every file there is whole.
fn check(test: &Test, added: &BTreeSet<String>) {
    assert!(test.doubled_tasks().is_empty(), "in two directories: {:?}", test.doubled_tasks());
    let there: BTreeSet<_> = STATES.iter().flat_map(|state| test.queue(state)).collect();
    let lost: Vec<_> = added.difference(&there).collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
    for id in &there {
        let text = test.task_text(id);
        let whole = text.starts_with(&format!("# [{id}] Another\n"))
            && text.contains("\n## Context\n")
            && text.contains("\nC\n");
        assert!(whole, "{id} is not whole:\n{text}");
    }
    let heads: Vec<_> = test.github.pull_requests().into_iter().map(|pull_request| pull_request.head).collect();
    assert_eq!(heads.iter().collect::<BTreeSet<_>>().len(), heads.len(), "two pull requests of one attempt: {heads:?}");
    assert_eq!(test.git(["status", "--porcelain", "--untracked-files=no"]), "", "the main checkout was changed");
    assert_eq!(test.git(["symbolic-ref", "HEAD"]), "refs/heads/main");
}

fn race(duration: Duration) {
    let test = project();
    let race = Race {
        test: &test,
        minutes: AtomicI64::new(0),
        over: AtomicBool::new(false),
        added: Mutex::default(),
        excesses: Mutex::default(),
    };
    let until = Instant::now() + duration;
    let steps: usize = thread::scope(|scope| {
        let race = &race;
        scope.spawn(|| race.watch());
        let racer = |number: usize| {
            let mut dice = Dice(sample::seed() * 1_000 + number as u64);
            (0..).take_while(|_| Instant::now() < until).map(|_| race.step(&mut dice)).count()
        };
        let racers: Vec<_> = (0..PROCESSES).map(|number| scope.spawn(move || racer(number))).collect();
        let steps = racers.into_iter().map(|racer| racer.join().unwrap()).sum();
        race.over.store(true, Ordering::SeqCst);
        steps
    });
    let (added, excesses) = (race.added.into_inner().unwrap(), race.excesses.into_inner().unwrap());
    assert!(excesses.is_empty(), "over the limit: {excesses:?}");
    // What is left is put right; nothing new begins.
    test.file(".orchestrator/paused", "");
    test.wait_until("the runs' end", || test.leftovers().is_empty());
    test.take_complaints();
    let stage = Stage::new(test);
    stage.test.now("2027-01-01T00:00:00Z");
    stage.settle();
    check(&stage.test, &added);
    assert!(!added.is_empty(), "no task was added");
    sample::report(&format!("races, {} tasks added, steps", added.len()), steps, steps);
}

#[test]
fn sixty_four_at_once() {
    race(Duration::from_secs(if sample::is_full() { 60 } else { 10 }));
}

/// `cargo test --test fault -- --ignored soak`
#[test]
#[ignore = "takes ten minutes"]
fn soak() {
    race(Duration::from_secs(600));
}
