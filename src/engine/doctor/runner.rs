//! A runner, tried out: what it starts on the other machine answers whether a run would find there what it needs.

pub mod answer;

use super::{Caller, Probe};
use crate::domain::config::Config;
use crate::domain::name::Name;
use crate::domain::runner::Runner;
use crate::domain::runner::files::script;
use crate::domain::sandbox::Mode;
use crate::domain::text::{cut, each_once, one_line, tail};
use crate::engine::project::Project;
use crate::exec::clock::monotonic_now;
use crate::exec::machine;
use crate::exec::runner::{CALL, Calls, Start};
use crate::sys::atomic::{self, Published};
use crate::sys::lock::Lock;
use crate::sys::read;
use answer::{Answer, Files, Question};
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;
use uuid::Uuid;

/// How long the other machine has to answer.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How far its clock may differ, in seconds.
const SKEW: i64 = 60;
/// The most of what is said by others, in characters.
const MAX_SAID: usize = 300;

/// Tries a runner out.
///
/// # Errors
/// There is no such runner; the system's.
pub fn diagnose(
    project: &Project,
    config: &Config,
    name: &Name,
    caller: Caller<'_>,
    environment: &BTreeMap<OsString, OsString>,
) -> Result<Vec<Probe>> {
    let runner = config.runners.get(name).with_context(|| {
        let known: Vec<_> = config.runners.keys().map(Name::as_str).collect();
        format!("there is no runner {name} in agents.yaml; there are: {}", known.join(", "))
    })?;
    let id = Uuid::new_v4().to_string();
    let folder = project.paths.probe(&id);
    atomic::ensure_private_dir(&folder)?;
    let trial = Trial {
        runner,
        files: Files::new(&folder),
        calls: Calls::new(&folder, environment),
        question: question(project, config, name, &id, caller),
        id,
    };
    let probes = trial.probe(caller);
    atomic::discard_dir(&folder)?;
    probes
}

fn question(project: &Project, config: &Config, name: &Name, id: &str, caller: Caller<'_>) -> Question {
    let agents: Vec<_> = config.agents.iter().filter(|agent| agent.settings.runner.as_ref() == Some(name)).collect();
    let commands = agents.iter().filter_map(|agent| agent.settings.command.first().cloned());
    let mut programs = each_once(commands);
    if programs.is_empty() {
        programs.push("claude".to_owned());
    }
    Question {
        nonce: id.to_owned(),
        root: project.root().to_owned(),
        programs,
        path: (caller.env)("PATH").unwrap_or_default().to_owned(),
        home: (caller.env)("HOME").map(PathBuf::from),
        modes: each_once(agents.iter().map(|agent| agent.settings.sandbox.mode)),
    }
}

/// One trial of a runner.
struct Trial<'a> {
    runner: &'a Runner,
    id: String,
    files: Files,
    calls: Calls,
    question: Question,
}

impl Trial<'_> {
    fn probe(&self, caller: Caller<'_>) -> Result<Vec<Probe>> {
        let mut probes = Vec::new();
        if let Some(ping) = self.calls.run(&self.runner.ping, CALL) {
            let failed = match &ping {
                Ok(done) if done.status.success() => None,
                Ok(done) => Some(said(&[&done.stdout[..], &done.stderr].concat())),
                Err(error) => Some(error.to_string()),
            };
            let words = self.runner.ping.join(" ");
            match failed {
                Some(why) => return Ok(vec![Probe::error(format!("`{words}` fails: {why}"), "see to that first")]),
                None => probes.push(Probe::ok(format!("`{words}` works"))),
            }
        }
        atomic::write(&self.files.question(), &atomic::json(&self.question)?)?;
        atomic::create_new(&self.files.taken(), b"")?;
        let lock = Lock::try_take(&self.files.lock())?;
        let start = self.files.start();
        atomic::write_program(&start, script(caller.program, "probe", &self.files.folder).as_bytes())?;
        let (begun, asked) = (monotonic_now(), machine::clock());
        let mut started = self.calls.start(&self.runner.start_words(&self.id, &start), &self.files.log())?;
        let answer = self.wait(&mut started);
        let answered = machine::clock();
        started.end();
        drop(lock);
        let Some(answer) = answer else {
            probes.push(self.silence());
            self.calls.run(&self.runner.cancel_words(&self.id), CALL);
            return Ok(probes);
        };
        let host = &answer.host;
        probes.push(Probe::ok(format!("{host} executed a path after {} s", begun.elapsed().as_secs())));
        let seen_here = atomic::create_new(&self.files.theirs(), b"")? == Published::AlreadyExists;
        probes.extend(judge(&self.question, &answer, seen_here, asked - SKEW..=answered + SKEW));
        Ok(probes)
    }

    /// What came back; `None` if nothing did in time, or the start command failed.
    fn wait(&self, started: &mut Start) -> Option<Answer> {
        let begun = monotonic_now();
        loop {
            let has_failed = started.exit().is_some_and(|exit| exit.code != Some(0));
            // Opening a folder is what makes its changes seen where machines share it.
            drop(read::open_folder(&self.files.folder));
            if let Ok(Some(answer)) = read::read_json(&self.files.answer()) {
                return Some(answer);
            }
            if has_failed || begun.elapsed() > PATIENCE {
                return None;
            }
            thread::sleep(LOOK_EVERY);
        }
    }

    /// Why nothing came back, as far as that can be told.
    fn silence(&self) -> Probe {
        let log = read::read_tail(&self.files.log(), 4 << 10).unwrap_or_default();
        let explained = self.calls.run(&self.runner.explain_words(&self.id), CALL).and_then(Result::ok);
        let explained = explained.map(|done| said(&done.stdout)).filter(|said| !said.is_empty());
        let engine = explained.map_or(String::new(), |said| format!("; its engine says: {said}"));
        let words = self.runner.start.join(" ");
        Probe::error(
            format!("nothing came back from `{words}`: {}{engine}", said(log.as_bytes())),
            "the path of this folder and of the program must be the same there; a run waits longer than this for its turn",
        )
    }
}

fn said(bytes: &[u8]) -> String {
    let text = cut(&one_line(tail(String::from_utf8_lossy(bytes).trim(), MAX_SAID)), MAX_SAID);
    if text.is_empty() { "it says nothing".to_owned() } else { text }
}

/// What the answer means for runs there.
fn judge(question: &Question, answer: &Answer, seen_here: bool, times: std::ops::RangeInclusive<i64>) -> Vec<Probe> {
    let host = &answer.host;
    let mut probes = Vec::new();
    let mut add = |is_well: bool, well: String, ill: Probe| probes.push(if is_well { Probe::ok(well) } else { ill });
    add(
        answer.nonce == question.nonce && seen_here,
        format!("{host} sees this folder, and what it writes is seen here"),
        Probe::error(
            format!("{host} has another folder at this path, or its files come late"),
            "share the folder with it, at the same path",
        ),
    );
    let uid = rustix::process::geteuid().as_raw();
    add(
        answer.uid == uid,
        format!("{host}: the same user, {uid}"),
        Probe::error(
            format!("{host} runs it as user {}, and here it is {uid}", answer.uid),
            "have both be the same: what one writes the other must read and replace",
        ),
    );
    add(
        answer.refused_taken,
        format!("{host}: a file that is there can't be created once more"),
        Probe::error(
            format!("on {host} a file that is there could be created once more: two might carry one run"),
            "keep the project on a file system on which O_EXCL and link() hold",
        ),
    );
    add(
        answer.saw_lock,
        format!("{host}: locks are seen"),
        Probe::warning(
            format!("a lock that is held here looks free on {host}"),
            "runs don't need it; the ticks' machine alone changes states, and others refuse",
        ),
    );
    for (program, version) in &answer.programs {
        add(
            version.is_some(),
            format!("{host}: {program} {}", version.as_deref().unwrap_or_default()),
            Probe::error(
                format!("{program} isn't found on {host}, or doesn't run"),
                "install it there, or name it by its path with `command`",
            ),
        );
    }
    let root = question.root.display();
    add(
        answer.git.is_none(),
        format!("{host}: git works in {root}"),
        Probe::error(
            format!("git on {host}: {}", answer.git.as_deref().unwrap_or_default()),
            format!("if it is about ownership: `git config --global --add safe.directory '{root}'` there"),
        ),
    );
    let own = env!("CARGO_PKG_VERSION");
    add(
        answer.version == own,
        format!("{host}: scheduler {own}, as here"),
        Probe::error(
            format!("scheduler is {} on {host}, and {own} here", answer.version),
            "install the same there: runs are refused otherwise",
        ),
    );
    add(
        times.contains(&answer.at),
        format!("{host}: its clock is right"),
        Probe::warning(
            format!("the clock of {host} differs by more than {SKEW} s"),
            "nothing of a run relies on it, but times of files and builds do: use NTP",
        ),
    );
    let is_confined = question.modes.iter().any(|mode| *mode != Mode::Off);
    let is_required = question.modes.contains(&Mode::Required);
    let why = answer.unconfined.as_deref().unwrap_or_default();
    let ill = format!("agents can't be confined on {host}: {why}");
    if is_confined {
        add(
            answer.unconfined.is_none(),
            format!("{host}: agents are confined"),
            if is_required {
                Probe::error(ill, "`sandbox: {mode: auto}` lets them work there all the same")
            } else {
                Probe::warning(ill, "`sandbox: {mode: required}` keeps them from working there")
            },
        );
    }
    probes
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;

    #[test]
    fn each_fault_is_named() {
        let question = Question { nonce: "n".to_owned(), modes: vec![Mode::Auto], ..Question::default() };
        let well = || Answer {
            nonce: "n".to_owned(),
            host: "node1".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            uid: rustix::process::geteuid().as_raw(),
            at: 100,
            refused_taken: true,
            saw_lock: true,
            programs: vec![("claude".to_owned(), Some("2.1".to_owned()))],
            git: None,
            unconfined: None,
        };
        let ill = |question: &Question, answer: &Answer, seen| {
            let probes = judge(question, answer, seen, 40..=160);
            let ill: Vec<_> = probes.into_iter().filter(|probe| probe.level != Level::Ok).collect();
            ill.into_iter().map(|probe| (probe.level, probe.what)).collect::<Vec<_>>()
        };
        assert!(ill(&question, &well(), true).is_empty());
        assert_eq!(ill(&question, &well(), false).len(), 1);
        let required = Question { modes: vec![Mode::Required], ..question.clone() };
        let off = Question { modes: vec![Mode::Off], ..question.clone() };
        let unconfined = Answer { unconfined: Some("too old".to_owned()), ..well() };
        assert!(ill(&off, &unconfined, true).is_empty());
        for (question, answer, level, what) in [
            (&question, Answer { nonce: "m".to_owned(), ..well() }, Level::Error, "another folder"),
            (&question, Answer { uid: 99_999, ..well() }, Level::Error, "as user 99999"),
            (&question, Answer { refused_taken: false, ..well() }, Level::Error, "created once more"),
            (&question, Answer { saw_lock: false, ..well() }, Level::Warning, "looks free"),
            (&question, Answer { programs: vec![("claude".to_owned(), None)], ..well() }, Level::Error, "isn't found"),
            (&question, Answer { git: Some("dubious ownership".to_owned()), ..well() }, Level::Error, "dubious"),
            (&question, Answer { version: "0.0.1".to_owned(), ..well() }, Level::Error, "0.0.1"),
            (&question, Answer { at: 161, ..well() }, Level::Warning, "clock"),
            (&question, unconfined.clone(), Level::Warning, "too old"),
            (&required, unconfined, Level::Error, "too old"),
        ] {
            let found = ill(question, &answer, true);
            assert!(found.len() == 1 && found[0].0 == level && found[0].1.contains(what), "{what}: {found:?}");
        }
    }
}
