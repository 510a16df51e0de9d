//! The programs that a run starts die, too: each `git` of a run, and each that another git starts, is killed at every call
//! that changes the repository, alone or, as when the power fails, with its supervisor.

use crate::{
    invariants::{self, Told},
    strace::{CHANGES, Point, call, counted},
    subjects::{AGENT, Subject},
    support::Test,
    sweep::{Swept, sweep},
};
use std::{fs, os::unix::fs::symlink, path::PathBuf};

/// Stands in for git, on PATH and in the folder where git finds its own commands. While `on` is there it names each git by
/// what it does and who started it, and has all traced, or the wanted one killed.
const SHIM: &str = r#"#!/bin/sh
stage='@STAGE@'
if [ ! -e "$stage/on" ]; then exec '@GIT@' "$@"; fi
command= skip=
for word; do
  case $skip$word in
    -c | -C) skip=value: ;;
    -* | value:*) skip= ;;
    *) command=$word; break ;;
  esac
done
name=${FAULT_GIT:+$FAULT_GIT,}$command number=1
while ! mkdir "$stage/call.$name.$number" 2>/dev/null; do number=$((number + 1)); done
export FAULT_GIT="$name.$number"
set -- '@GIT@' --exec-path="$stage/commands" "$@"
if [ -e "$stage/trace" ]; then exec '@STRACE@' -y -o "$stage/log.$FAULT_GIT" -e trace="$(cat "$stage/trace")" "$@"; fi
read -r wanted call ordinal whom <"$stage/kill"
if [ "$FAULT_GIT" != "$wanted" ]; then exec "$@"; fi
'@STRACE@' -o "$stage/hit" -e trace="$call" -e inject="$call:signal=SIGKILL:when=$ordinal" "$@"
code=$?
grep -q 'killed by SIGKILL' "$stage/hit" || exit "$code"
if [ "$whom" = alone ]; then exit 137; fi
# The supervisor goes, first of all so that it sees no other go, then all below it, and what was started beside this one.
process=$PPID all=
while [ "$process" -gt 1 ] && [ "$(cat "/proc/$process/comm")" != scheduler ]; do
  all="$process $all"
  process=$(sed -n 's/^PPid:[^0-9]*//p' "/proc/$process/status")
done
if [ "$process" -gt 1 ]; then all="$process $all"; fi
kill -KILL $all
kill -KILL 0
"#;

/// A change that one git of a run makes.
#[derive(Clone, Debug)]
struct Call {
    /// Which git of the run it is: what it does, counted, after those that started it.
    git: String,
    point: Point,
}

impl std::fmt::Display for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "git {}: {}", self.git, self.point)
    }
}

fn stage(test: &Test) -> PathBuf {
    test.root().join("git-shim")
}

fn program(name: &str) -> String {
    let path = std::env::var("PATH").unwrap_or_default();
    let found = path.split(':').map(|dir| format!("{dir}/{name}")).find(|path| fs::metadata(path).is_ok());
    found.unwrap_or_else(|| panic!("{name} is not installed: apt-get install {name} (or your system's way)"))
}

/// The subject with the shim in place of git.
fn with_shim(mut subject: Subject) -> Subject {
    let test = &subject.stage.test;
    let (stage, git) = (stage(test), program("git"));
    let text = SHIM.replace("@STAGE@", stage.to_str().unwrap());
    test.program("git", &text.replace("@GIT@", &git).replace("@STRACE@", &program("strace")));
    let commands = stage.join("commands");
    fs::create_dir_all(&commands).unwrap();
    symlink(test.root().join("bin/git"), commands.join("git")).unwrap();
    for entry in fs::read_dir(test.git(["--exec-path"])).unwrap().flatten().filter(|entry| entry.file_name() != "git") {
        symlink(entry.path(), commands.join(entry.file_name())).unwrap();
    }
    // The agent's own gits die, too, and tell of it where a confined run may not write.
    for run in test.runs(AGENT) {
        let path = run.join("assignment.json");
        let mut assignment: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assignment["settings"]["sandbox"]["mode"] = "off".into();
        fs::write(&path, assignment.to_string()).unwrap();
    }
    subject.stage.keep();
    subject
}

/// Runs the command with the shim switched on by this order; it is off afterwards.
fn run(subject: &Subject, name: &str, order: &str) {
    let test = &subject.stage.test;
    fs::write(stage(test).join(name), order).unwrap();
    fs::write(stage(test).join("on"), "").unwrap();
    subject.plainly();
    test.wait_until("the command's end", || test.leftovers().is_empty());
    fs::remove_file(stage(test).join("on")).unwrap();
}

/// Every change that a git of the run makes to a repository.
fn calls(subject: &Subject) -> Vec<Call> {
    let test = &subject.stage.test;
    run(subject, "trace", &CHANGES.join(","));
    let dir = test.dir().to_str().unwrap().to_owned();
    let mut found = Vec::new();
    for path in fs::read_dir(stage(test)).unwrap().flatten().map(|entry| entry.path()) {
        let Some(git) = path.file_name().and_then(|name| name.to_str()?.strip_prefix("log.")) else { continue };
        let points = counted(fs::read_to_string(&path).unwrap().lines().filter_map(call), &dir);
        found.extend(points.into_iter().map(|point| Call { git: git.to_owned(), point }));
    }
    // In an order that is the same the next time.
    found.sort_by(|one, other| one.git.cmp(&other.git));
    subject.stage.restore();
    found
}

fn kill(subject: Subject, whom: &str, told: Told, count: usize) {
    let subject = with_shim(subject);
    let calls = calls(&subject);
    sweep(&format!("kill git ({whom}) of"), &subject, &calls, count, |call| {
        let test = &subject.stage.test;
        run(&subject, "kill", &format!("{} {} {} {whom}\n", call.git, call.point.call, call.point.ordinal));
        let hit = fs::read_to_string(stage(test).join("hit")).is_ok_and(|text| text.contains("killed by SIGKILL"));
        subject.stage.settle();
        invariants::check(&subject, told);
        if hit { Swept::Hit } else { Swept::Missed }
    });
}

#[test]
fn of_a_supervisor_that_goes_on() {
    kill(Subject::supervise(), "alone", Told::Anything, 4);
}

#[test]
fn with_its_supervisor() {
    kill(Subject::supervise(), "all", Told::Nothing, 5);
}

#[test]
fn with_a_submodule() {
    kill(Subject::supervise_with_submodule(), "alone", Told::Anything, 4);
}

#[test]
fn with_a_submodule_and_its_supervisor() {
    kill(Subject::supervise_with_submodule(), "all", Told::Anything, 4);
}

#[test]
fn with_its_recovery() {
    kill(Subject::recover(), "all", Told::Nothing, 3);
}
