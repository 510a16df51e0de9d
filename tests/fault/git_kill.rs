//! The programs that a run starts die, too: each `git` of a run is killed at every call that changes the repository,
//! alone or, as when the power fails, with its supervisor.

use crate::{
    invariants::{self, Told},
    strace::{CHANGES, Point, call, counted},
    subjects::Subject,
    support::Test,
    sweep::{Swept, sweep},
};
use std::{fs, path::PathBuf};

/// Stands before git on PATH. While `on` is there it counts the calls; it has each traced, or the wanted one killed.
const SHIM: &str = r#"#!/bin/sh
stage='@STAGE@'
if [ ! -e "$stage/on" ]; then exec '@GIT@' "$@"; fi
number=1
while ! mkdir "$stage/call.$number" 2>/dev/null; do number=$((number + 1)); done
if [ -e "$stage/trace" ]; then exec '@STRACE@' -y -o "$stage/log.$number" -e trace="$(cat "$stage/trace")" '@GIT@' "$@"; fi
read -r wanted call ordinal whom <"$stage/kill"
if [ "$number" != "$wanted" ]; then exec '@GIT@' "$@"; fi
'@STRACE@' -o "$stage/hit" -e trace="$call" -e inject="$call:signal=SIGKILL:when=$ordinal" '@GIT@' "$@"
code=$?
grep -q 'killed by SIGKILL' "$stage/hit" || exit "$code"
if [ "$whom" = alone ]; then exit 137; fi
# Everything between this one and its supervisor goes, and the supervisor.
process=$PPID
while [ "$process" -gt 1 ] && [ "$(cat "/proc/$process/comm")" != scheduler ]; do
  parent=$(sed -n 's/^PPid:[^0-9]*//p' "/proc/$process/status")
  kill -KILL "$process"
  process=$parent
done
if [ "$process" -gt 1 ]; then kill -KILL "$process"; fi
exit 137
"#;

/// A change that one git of a run makes.
#[derive(Clone, Debug)]
struct Call {
    /// Which git of the run it is, counted from 1.
    git: usize,
    point: Point,
}

impl std::fmt::Display for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "git {}, {}", self.git, self.point)
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

/// The subject with the shim before git.
fn with_shim(mut subject: Subject) -> Subject {
    let test = &subject.stage.test;
    fs::create_dir(stage(test)).unwrap();
    let text = SHIM.replace("@STAGE@", stage(test).to_str().unwrap());
    test.program("git", &text.replace("@GIT@", &program("git")).replace("@STRACE@", &program("strace")));
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
    for git in 1.. {
        let Ok(text) = fs::read_to_string(stage(test).join(format!("log.{git}"))) else { break };
        let points = counted(text.lines().filter_map(call), &dir);
        found.extend(points.into_iter().map(|point| Call { git, point }));
    }
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
    kill(Subject::supervise_with_submodule(), "all", Told::Anything, 4);
}

#[test]
fn with_its_recovery() {
    kill(Subject::recover(), "all", Told::Nothing, 3);
}
