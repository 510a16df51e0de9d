//! The binary, with little memory, before things that are no files, and before runs and states that can't be read.

use super::damage::{Thing, encodings};
use crate::{
    sample,
    support::{BINARY, Output, Test},
};
use std::{fs, path::Path, time::Duration};

/// What the program may take: far less than a gigabyte.
const MEMORY_KIB: usize = 512 * 1024;
/// How long a command may take before nothing but a wait for what never comes explains it.
const LONGEST: Duration = Duration::from_secs(60);

/// Runs a command, which says what has failed if anything has.
fn run(test: &Test, args: &[&str]) -> Output {
    let output = with_little_memory(test, args);
    assert!(output.code == Some(0) || !output.stderr.trim().is_empty(), "a failure without a word: {output}");
    output
}

/// Runs the program with little memory; it must end in good order.
fn with_little_memory(test: &Test, args: &[&str]) -> Output {
    let mut command = test.program_command("sh");
    command.args(["-c", &format!("ulimit -v {MEMORY_KIB}; exec \"$0\" \"$@\""), BINARY]).args(args);
    let output = test.finish(command);
    assert!(matches!(output.code, Some(0..=2)) && !output.stderr.contains("panicked"), "{output}");
    assert!(output.elapsed < LONGEST, "it took {:?}: {output}", output.elapsed);
    output
}

/// Every command that reads all there is.
fn reads(test: &Test) {
    for args in [&["status"][..], &["task", "list"], &["agent", "list"], &["why"], &["--dry-run"]] {
        run(test, args);
    }
}

/// A tick, and everything that it started to its end. It says a lasting failure once.
fn tick(test: &Test) -> Output {
    test.later(120);
    let output = with_little_memory(test, &[]);
    test.wait_until("the end of what the tick started", || test.leftovers().is_empty());
    output
}

fn project(agents: &[(&str, &str)]) -> Test {
    let test = Test::new();
    test.with_origin().agents(agents).now("2026-03-01T10:00:00Z");
    test.github.install();
    test.claude.implements();
    test
}

/// How often the human was told that a state can't be read.
fn unreadable_states(test: &Test) -> usize {
    test.messages_of("warning").iter().filter(|text| text.contains(" was unreadable\n")).count()
}

#[test]
fn a_configuration_that_is_no_file() {
    let test = project(&[("one", "implementer")]);
    test.task_for("TASK-1", "implement");
    let path = test.orchestrator("agents.yaml");
    let right = fs::read(&path).unwrap();
    // A link to a configuration is one.
    for thing in Thing::ALL.into_iter().filter(|thing| *thing != Thing::Link) {
        thing.put(&test, &path);
        reads(&test);
        let output = tick(&test);
        assert_eq!(output.code, Some(2), "{thing:?}: {output}");
        assert!(output.stderr.contains("agents.yaml"), "{thing:?}: {output}");
        let told = test.messages_of("error").len();
        assert_eq!(told, 1, "{thing:?}: the human was told {told} times");
        tick(&test);
        assert_eq!(test.messages_of("error").len(), 1, "{thing:?}: told again");
        test.run(["message", "clear", "--all"]);
        thing.remove(&path);
        fs::write(&path, &right).unwrap();
    }
    assert_eq!((test.claude.count(), test.task_state("TASK-1")), (0, "incoming"));
    Thing::Link.put(&test, &path);
    tick(&test).ok();
    assert_eq!(test.task_state("TASK-1"), "done");
    sample::report("bad input, agents.yaml that is no file", Thing::ALL.len(), Thing::ALL.len());
}

#[test]
fn tasks_that_are_no_files() {
    let test = project(&[("one", "implementer")]);
    test.task_for("TASK-9", "implement");
    let good = fs::read(test.task_path("incoming", "TASK-9")).unwrap();
    for thing in Thing::ALL {
        let path = test.task_path("incoming", &format!("{thing:?}"));
        fs::write(&path, &good).unwrap();
        thing.put(&test, &path);
    }
    for (number, damaged) in encodings(&good).iter().enumerate() {
        fs::write(test.task_path("incoming", &format!("damaged-{number}")), &damaged.bytes).unwrap();
    }
    fs::write(test.orchestrator("shared/queue/incoming/empty.md"), "").unwrap();
    // One that can be read, and no longer once it says who has claimed it.
    let brimful = [&good[..], "\nx".repeat((1 << 19) - good.len() / 2 - 8).as_bytes()].concat();
    fs::write(test.task_path("incoming", "brimful"), brimful).unwrap();
    reads(&test);
    for _ in 0..20 {
        tick(&test);
        if test.task_state("TASK-9") == "done" {
            break;
        }
    }
    assert_eq!(test.task_state("TASK-9"), "done");
    assert_eq!((test.queue("claimed").len(), test.task_state("brimful")), (0, "incoming"));
    let listed = run(&test, &["task", "list"]);
    let said = listed.stdout + &listed.stderr;
    for thing in Thing::ALL {
        let path = test.task_path("incoming", &format!("{thing:?}"));
        assert!(fs::symlink_metadata(&path).is_ok(), "{thing:?} was touched");
        assert!(said.contains(&format!("{thing:?}.md")), "{thing:?} is not named: {said}");
        thing.remove(&path);
    }
    sample::report("bad input, tasks that are no files", Thing::ALL.len(), Thing::ALL.len());
}

#[test]
fn states_that_are_no_files_are_set_aside() {
    let names: Vec<_> = Thing::ALL.iter().map(|thing| format!("{thing:?}")).collect();
    let agents: Vec<_> = names.iter().map(|name| (name.as_str(), "implementer")).collect();
    let test = project(&agents);
    for (thing, name) in Thing::ALL.iter().zip(&names) {
        let path = test.orchestrator(format!("agents/{name}/state.json"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "{\"phase\": \"running\"}").unwrap();
        thing.put(&test, &path);
    }
    test.agents(&[&agents[..], &[("good", "implementer")]].concat());
    test.task_for("TASK-1", "implement");
    reads(&test);
    tick(&test);
    assert_eq!(test.task_state("TASK-1"), "done", "the others go on");
    assert_eq!(unreadable_states(&test), names.len(), "{:#?}", test.messages());
    for name in &names {
        test.task_for(&format!("TASK-{name}"), "implement");
    }
    for _ in 0..4 {
        tick(&test);
    }
    for name in &names {
        assert_eq!(test.task_state(&format!("TASK-{name}")), "done");
        let dir = fs::read_dir(test.orchestrator(format!("agents/{name}"))).unwrap().flatten();
        let aside = dir.filter(|entry| entry.file_name().to_string_lossy().starts_with("state.json.corrupt-")).count();
        assert_eq!(aside, 1, "{name}");
        assert!(test.state(name)["total_runs"].as_u64() >= Some(1), "{name} did not go on: {}", test.state(name));
    }
    sample::report("bad input, states that are no files", names.len(), names.len());
}

/// A run of its own agent that was cut off, with its task; `files` are those of a real run of `real` with TASK-0.
fn cut_off_run(test: &Test, number: usize, real: &Path) -> std::path::PathBuf {
    let (agent, task) = (format!("lost-{number}"), format!("TASK-{}", number + 100));
    let run_id = format!("0190d1c2-7f1a-4e5b-8c3d-{number:012x}");
    let old_id = real.file_name().unwrap().to_str().unwrap();
    let dir = test.orchestrator(format!("agents/{agent}/runs/{run_id}"));
    fs::create_dir_all(&dir).unwrap();
    for file in ["assignment.json", "record.json"] {
        let text = fs::read_to_string(real.join(file)).unwrap();
        let text = text.replace(old_id, &run_id).replace("TASK-0", &task).replace("\"real\"", &format!("\"{agent}\""));
        fs::write(dir.join(file), text).unwrap();
    }
    let state = format!("{{\"phase\": \"running\", \"run_id\": \"{run_id}\", \"current_task\": \"{task}\"}}");
    fs::write(test.orchestrator(format!("agents/{agent}/state.json")), state).unwrap();
    test.task_for(&task, "implement");
    let text =
        test.task_text(&task).replace("ROLE:", &format!("CLAIMED_BY: {agent}\nRUN: {run_id}\nATTEMPTS: 1\nROLE:"));
    fs::remove_file(test.task_path("incoming", &task)).unwrap();
    fs::write(test.task_path("claimed", &task), text).unwrap();
    dir
}

/// Runs that were cut off, whose `file` is damaged in every kind of way: each comes to an end and frees its agent.
fn lost_runs(file: &str) {
    let test = project(&[("real", "implementer")]);
    test.task_for("TASK-0", "implement");
    tick(&test);
    let real = test.runs("real").remove(0);
    let kinds = encodings(&fs::read(real.join(file)).unwrap());
    let count = Thing::ALL.len() + kinds.len();
    for number in 0..count {
        let path = cut_off_run(&test, number, &real).join(file);
        match Thing::ALL.get(number) {
            Some(thing) => thing.put(&test, &path),
            None => fs::write(&path, &kinds[number - Thing::ALL.len()].bytes).unwrap(),
        }
    }
    test.task_for("TASK-1", "implement");
    reads(&test);
    for _ in 0..6 {
        tick(&test);
    }
    assert_eq!(test.task_state("TASK-1"), "done", "the others go on");
    let mut failed = 0;
    for number in 0..count {
        let (agent, task) = (format!("lost-{number}"), format!("TASK-{}", number + 100));
        assert_eq!(test.state(&agent)["phase"], "idle", "{agent}");
        assert_ne!(test.task_state(&task), "claimed", "{task}");
        failed += usize::from(test.task_state(&task) == "failed");
    }
    let told = test.messages_of("error").len();
    assert!(failed > 0 && told >= failed, "{failed} failed, the human was told {told} times");
    sample::report(&format!("bad input, {file} of lost runs"), count, count);
}

#[test]
fn assignments_of_lost_runs() {
    lost_runs("assignment.json");
}

#[test]
fn records_of_lost_runs() {
    lost_runs("record.json");
}

/// With neither a state nor an assignment that can be read there is nothing to go on from but the name of the folder.
#[test]
fn a_state_and_an_assignment_that_are_both_lost() {
    let test = project(&[("real", "implementer")]);
    test.task_for("TASK-0", "implement");
    tick(&test);
    let real = test.runs("real").remove(0);
    let dir = cut_off_run(&test, 0, &real);
    fs::write(dir.join("assignment.json"), "{").unwrap();
    fs::remove_file(dir.join("record.json")).unwrap();
    fs::write(test.orchestrator("agents/lost-0/state.json"), "").unwrap();
    reads(&test);
    for _ in 0..4 {
        tick(&test);
    }
    assert_eq!(test.state("lost-0")["phase"], "idle");
    assert_eq!(test.task_state("TASK-100"), "done", "it went back and was done by another");
    assert_eq!(unreadable_states(&test), 1, "{:#?}", test.messages());
}
