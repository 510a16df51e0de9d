//! Files that have come to harm: nothing panics, hangs or swallows the memory, and whatever doesn't depend on the file
//! goes on. The thousands of contents are read by the library itself; what isn't even a file is left to the binary.

mod binary;
mod damage;

use crate::{sample, support::Test};
use damage::{Damaged, every_way};
use scheduler::internals::{
    domain::{
        config,
        job::Job,
        name::Name,
        schedule::Decision,
        task,
        time::{self, Time},
    },
    engine::{history, overview, preview, project::Project, transcript, why},
};
use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::mpsc::channel,
    thread,
    time::Duration,
};

/// How long one sweep may take at most: whatever takes longer hangs.
const DEADLINE: Duration = Duration::from_secs(if cfg!(debug_assertions) { 900 } else { 300 });

/// A project with a past and something to do: two implementers, one of which has done TASK-0; TASK-1 and TASK-2 wait.
struct Bed {
    test: Test,
    project: Project,
    now: Time,
}

impl Bed {
    fn new() -> Self {
        let test = Test::new();
        test.with_origin().agents(&[("one", "implementer"), ("two", "implementer")]).task_for("TASK-0", "implement");
        test.claude.implements();
        test.now("2026-03-01T10:00:00Z").tick_and_wait();
        assert_eq!(test.task_state("TASK-0"), "done");
        test.task_for("TASK-1", "implement").task_for("TASK-2", "implement");
        let project = Project::find(&test.dir()).unwrap();
        Self { test, project, now: time::parse("2026-03-01T12:00:00Z").unwrap() }
    }

    /// A file of the one run there was.
    fn of_run(&self, name: &str) -> PathBuf {
        self.test.runs("one")[0].join(name)
    }

    /// What the next tick would start.
    fn starts(&self) -> Result<Vec<(String, String)>, String> {
        match preview::preview(&self.project, self.now).map_err(|error| format!("{error:#}"))? {
            Err(wrong) => Err(format!("agents.yaml: {:?}", wrong.problems)),
            Ok(preview) => {
                let agents = preview.config.agents.iter().zip(&preview.decisions);
                let started = agents.filter_map(|(agent, decision)| match decision {
                    Decision::Start(Job::Task { id, .. }) => Some((agent.name.to_string(), id.to_string())),
                    _ => None,
                });
                Ok(started.collect())
            }
        }
    }

    /// Everything that only reads: it may refuse, with words.
    fn read_everything(&self) {
        let name = |name: &str| name.parse::<Name>().unwrap();
        let _ = overview::overview(&self.project, self.now);
        for asked in [None, Some(name("one")), Some(name("TASK-1"))] {
            let _ = why::why(&self.project, asked.as_ref(), self.now);
        }
        let _ = history::of_task(&self.project, &name("TASK-0"));
        if let Ok(Some(transcript)) = transcript::open(&self.project, &name("one"), None) {
            let _ = transcript.record();
        }
    }
}

/// Has `check` look at each of these contents in the file; it fails with what is wrong.
fn sweep(
    name: &'static str,
    bed: Bed,
    path: PathBuf,
    all: Vec<Damaged>,
    check: impl Fn(&Bed) -> Result<(), String> + Send + 'static,
) {
    let (sender, receiver) = channel();
    let worker = thread::spawn(move || {
        let before = fs::read(&path).unwrap();
        let (mut swept, mut failures) = (0, Vec::new());
        for damaged in &all {
            fs::write(&path, &damaged.bytes).unwrap();
            let checked = catch_unwind(AssertUnwindSafe(|| check(&bed)));
            swept += 1;
            if let Err(why) = checked.unwrap_or_else(|_| Err("a panic".to_owned())) {
                failures.push(format!("{}: {why}", damaged.how));
            }
        }
        fs::write(&path, before).unwrap();
        let after = check(&bed).err();
        let _ = sender.send((swept, failures, after));
    });
    let (swept, failures, after) = receiver.recv_timeout(DEADLINE).unwrap_or_else(|why| panic!("{name}: {why}"));
    // It tidies its project away, which the end of this process would cut off.
    worker.join().unwrap();
    sample::report(&format!("bad input, {name}"), swept, swept);
    let first: Vec<_> = failures.iter().take(5).collect();
    assert!(failures.is_empty(), "{name}: {} of {swept}: {first:#?}", failures.len());
    assert_eq!(after, None, "{name}: with the right contents again");
}

fn ensure(holds: bool, why: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(why()) }
}

#[test]
fn a_configuration_is_read_or_explained() {
    let bed = Bed::new();
    let path = bed.test.orchestrator("agents.yaml");
    let all = every_way(&fs::read(&path).unwrap());
    sweep("agents.yaml", bed, path, all, |bed| {
        bed.read_everything();
        match preview::preview(&bed.project, bed.now) {
            Ok(Err(preview::Misconfigured { problems, .. })) => {
                let said = problems.iter().all(|problem| problem.line > 0 && !problem.message.is_empty());
                ensure(said && !problems.is_empty(), || format!("{problems:?}"))
            }
            Ok(Ok(preview)) => ensure(!preview.config.agents.is_empty(), || "no agents".to_owned()),
            Err(error) => ensure(format!("{error:#}").contains("agents.yaml"), || format!("{error:#}")),
        }
    });
}

#[test]
fn the_template_of_the_configuration_is_read_or_explained() {
    let template = include_str!("../../templates/agents.yaml");
    let all = sample::choose(&every_way(template.as_bytes()).into_iter().map(|one| one.bytes).collect::<Vec<_>>(), 400);
    for bytes in &all {
        if let Err(problems) = config::read(&String::from_utf8_lossy(bytes)) {
            assert!(!problems.is_empty() && problems.iter().all(|problem| !problem.message.is_empty()));
        }
    }
    sample::report("bad input, template of agents.yaml", all.len(), all.len());
}

#[test]
fn a_state_holds_up_nobody_else() {
    let bed = Bed::new();
    let path = bed.test.orchestrator("agents/one/state.json");
    let all = every_way(&fs::read(&path).unwrap());
    sweep("state.json", bed, path, all, |bed| {
        let started = bed.starts()?;
        ensure(started.iter().any(|(agent, _)| agent == "two"), || format!("two was held up: {started:?}"))
    });
}

#[test]
fn a_task_holds_up_no_other() {
    for state in ["incoming", "claimed", "done", "failed"] {
        let bed = Bed::new();
        let path = bed.test.task_path(state, "TASK-1");
        if state != "incoming" {
            fs::rename(bed.test.task_path("incoming", "TASK-1"), &path).unwrap();
        }
        let mut all = every_way(&fs::read(&path).unwrap());
        if state != "incoming" && !sample::is_full() {
            all.retain(|damaged| !damaged.how.starts_with("bit"));
        }
        let name = if state == "incoming" { "a task" } else { "a task that doesn't wait" };
        sweep(name, bed, path, all, |bed| {
            bed.read_everything();
            let started = bed.starts()?;
            ensure(started.iter().any(|(_, task)| task == "TASK-2"), || format!("TASK-2 was held up: {started:?}"))
        });
    }
}

#[test]
fn an_edit_of_a_task_leaves_the_rest_as_it_is() {
    let bed = Bed::new();
    let text = bed.test.task_text("TASK-0");
    let id: Name = "TASK-0".parse().unwrap();
    let all = every_way(text.as_bytes());
    for damaged in &all {
        let text = String::from_utf8_lossy(&damaged.bytes);
        let edit = task::Edit::new().set(task::key::ATTEMPTS, 2).unclaim().section("Error", "It broke");
        let once = edit.apply(&text);
        let lines = |text: &str| text.replace("\r\n", "\n");
        assert_eq!(lines(&edit.apply(&once)), lines(&once), "{}: an edit done twice", damaged.how);
        if let (Ok(before), Ok(after)) = (task::parse(&id, &text), task::parse(&id, &once)) {
            assert_eq!((after.attempts, &after.title), (2, &before.title), "{}", damaged.how);
        }
    }
    sample::report("bad input, edits of a task", all.len(), all.len());
}

#[test]
fn the_files_of_a_run_hide_no_other_run() {
    for name in ["assignment.json", "record.json"] {
        let bed = Bed::new();
        // The same run once more, under another id: that one must be found.
        let (run, other) = (bed.of_run(""), bed.of_run("../0190d1c2-7f1a-4e5b-8c3d-1a2b3c4d5e6f"));
        fs::create_dir(&other).unwrap();
        for file in ["assignment.json", "record.json"] {
            fs::copy(run.join(file), other.join(file)).unwrap();
        }
        let path = run.join(name);
        let all = every_way(&fs::read(&path).unwrap());
        sweep(name, bed, path, all, |bed| {
            let found =
                history::of_task(&bed.project, &"TASK-0".parse().unwrap()).map_err(|error| error.to_string())?;
            let one = "one".parse().unwrap();
            let transcript = transcript::open(&bed.project, &one, None).map_err(|error| error.to_string())?;
            drop(transcript.map(|transcript| transcript.record()));
            ensure(!found.is_empty(), || "the other run is hidden".to_owned())
        });
    }
}
