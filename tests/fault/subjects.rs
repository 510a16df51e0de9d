//! What is swept: each command with the project that it is run in, and what must have come of it in the end.

use crate::{
    stage::Stage,
    strace::{Fault, Point, Traced},
    support::Test,
};
use rustix::{
    fd::OwnedFd,
    fs::{FlockOperation, Mode, OFlags, flock},
};

/// The agent of every project here.
pub const AGENT: &str = "impl";
/// The task of every project here.
pub const TASK: &str = "TASK-1";
/// The proposal of every project that has one.
pub const PROPOSAL: &str = "PROP-1";
/// What the agent does. A second attempt finds the work of the first: then there is nothing to commit, and that is well.
const WORKS: &str = "write \"$TASK_ID.txt\" \"work\"; commit \"Work on $TASK_ID\" || true; finish 'It is done.'";
/// What else it leaves in the project with a submodule: files that no commit of the project can hold.
pub const ASIDE: [&str; 2] = ["lib/mine.txt", "git~1"];
/// In agents.yaml: nothing is started, so that only what the command itself does is seen.
const PAUSED: &str = "paused: true";

/// What must have come of a command that was cut off, once ticks have put everything right.
#[derive(Clone, Copy, Debug)]
pub enum End {
    /// The task is done, its work published once.
    WorkIsDone,
    /// The same, and what no commit of the project can hold was set aside.
    WorkIsDoneAndRestAside,
    /// There is one task more, or none.
    OneMoreOrNot,
    /// The task was moved between failed and incoming, or not.
    FailedOrIncoming,
    /// The proposal is promoted and has its one task; or it is active and has none.
    PromotedOrActive,
    /// Each pull request has what was due for it, once.
    MendedOnce,
    /// Each pull request has landed, each issue was taken in or answered, once.
    LandedOnce,
    /// Each file of the inbox was carried out or refused, once.
    CarriedOut,
    /// The project is as `init` makes it.
    SetUp,
}

/// One command in its project.
pub struct Subject {
    /// For the report.
    pub name: &'static str,
    /// Arguments of the program.
    pub args: &'static [&'static str],
    /// Whether its standard input is the agent's lock.
    holds_lock: bool,
    /// What must come of it.
    pub end: End,
    /// The project.
    pub stage: Stage,
}

impl Subject {
    /// A tick that claims a task and starts its run.
    pub fn tick() -> Self {
        Self { name: "tick", args: &[], holds_lock: false, end: End::WorkIsDone, stage: Stage::new(project("")) }
    }

    /// A supervisor from its start to the end of the run.
    pub fn supervise() -> Self {
        Self::tick().supervised("supervise")
    }

    /// The same in a project with a submodule, in which the agent leaves what no commit can hold.
    pub fn supervise_with_submodule() -> Self {
        let stage = Stage::new(project_with_submodule());
        let tick = Self { name: "tick", args: &[], holds_lock: false, end: End::WorkIsDoneAndRestAside, stage };
        tick.supervised("supervise, with a submodule")
    }

    /// A supervisor whose run is carried elsewhere.
    pub fn supervise_elsewhere() -> Self {
        let test = project("");
        test.with_engine(&[(AGENT, "implementer", "cluster")], ", lease_seconds: 6");
        let tick = Self { name: "tick", args: &[], holds_lock: false, end: End::WorkIsDone, stage: Stage::new(test) };
        tick.supervised("supervise, elsewhere")
    }

    /// The keeper of a run that was handed to its runner by a supervisor that is dead. Nobody stands behind it.
    pub fn keep() -> Self {
        let test = project("");
        // Its own beats are so far apart that it does all that it does in order.
        test.with_engine(&[(AGENT, "implementer", "cluster")], ", lease_seconds: 30");
        let tick = Self { name: "tick", args: &[], holds_lock: false, end: End::WorkIsDone, stage: Stage::new(test) };
        let supervise = tick.supervised("supervise, elsewhere");
        let handed_over = supervise.find("the call of the runner", |point| point.args.contains("/runner.log"));
        let end = supervise.end;
        let stage = supervise.cut_at(&handed_over);
        let run = stage.test.runs(AGENT).pop().unwrap();
        let args: [&'static str; 3] = ["keep", "--carry", run.display().to_string().leak()];
        Self { name: "keep", args: Box::leak(Box::new(args)), holds_lock: false, end, stage }
    }

    /// The same where the work is verified: what it is compared with fails as well, so that both are tried.
    pub fn supervise_with_verify() -> Self {
        let stage = Stage::new(project("verify: {command: 'echo made >made.txt; exit 3'}"));
        let tick = Self { name: "tick", args: &[], holds_lock: false, end: End::WorkIsDone, stage };
        tick.supervised("supervise, with verify")
    }

    fn supervised(self, name: &'static str) -> Self {
        let spawn = self.find("the supervisor's start", Point::is_spawn);
        let end = self.end;
        let stage = self.cut_at(&spawn);
        Self { name, args: &["supervise", "--", AGENT], holds_lock: true, end, stage }
    }

    /// The recovery of a run whose claude has ended, and whose supervisor then died.
    pub fn recover() -> Self {
        Self::supervise().recovered("supervise --recover")
    }

    /// The same in a project with a submodule, in which the agent has left what no commit can hold.
    pub fn recover_with_submodule() -> Self {
        Self::supervise_with_submodule().recovered("supervise --recover, with a submodule")
    }

    /// The same of a run that was carried elsewhere.
    pub fn recover_elsewhere() -> Self {
        Self::supervise_elsewhere().recovered("supervise --recover, elsewhere")
    }

    fn recovered(self, name: &'static str) -> Self {
        let record = self.find("the record's rename", |point| {
            point.call.starts_with("rename") && point.args.contains("/record.json")
        });
        let end = self.end;
        let stage = self.cut_at(&record);
        Self { name, args: &["supervise", "--recover", "--", AGENT], holds_lock: true, end, stage }
    }

    /// The addition of a task.
    pub fn add() -> Self {
        let args =
            &["task", "add", "--title", "Another", "--role", "implement", "--context", "C", "--criterion", "It works"];
        Self { name: "task add", args, holds_lock: false, end: End::OneMoreOrNot, stage: Stage::new(project(PAUSED)) }
    }

    /// Another try for a failed task.
    pub fn retry() -> Self {
        let test = project(PAUSED);
        let failed = test.task_path("failed", TASK);
        std::fs::rename(test.task_path("incoming", TASK), failed).unwrap();
        let (args, end) = (&["task", "retry", TASK], End::FailedOrIncoming);
        Self { name: "task retry", args, holds_lock: false, end, stage: Stage::new(test) }
    }

    /// The end of a task that nobody has taken up.
    pub fn cancel() -> Self {
        let args = &["task", "cancel", TASK, "--reason", "no more"];
        let stage = Stage::new(project(PAUSED));
        Self { name: "task cancel", args, holds_lock: false, end: End::FailedOrIncoming, stage }
    }

    /// A proposal becomes a task.
    pub fn promote() -> Self {
        let test = project(PAUSED);
        let text = "# Proposal: Another\n\n**Proposer:** architect\n**Complexity:** S\n\n## Summary\nC\n\n\
                    ## Rationale\nBecause of this.\n\n## Acceptance Criteria\n- [ ] It works\n";
        test.file(&format!(".orchestrator/shared/proposals/active/{PROPOSAL}.md"), text);
        let args = &["proposal", "promote", PROPOSAL];
        Self { name: "proposal promote", args, holds_lock: false, end: End::PromotedOrActive, stage: Stage::new(test) }
    }

    /// The coordinator, with a pull request for each kind of feedback.
    pub fn coordinate() -> Self {
        let end = End::MendedOnce;
        let tick = Self { name: "tick", args: &[], holds_lock: false, end, stage: Stage::new(pull_requests()) };
        tick.supervised("coordinate")
    }

    /// The coordinator, with two pull requests that can land, and two issues, one of which was edited.
    pub fn land() -> Self {
        let end = End::LandedOnce;
        let tick = Self { name: "tick", args: &[], holds_lock: false, end, stage: Stage::new(green()) };
        tick.supervised("land")
    }

    /// A tick that finds a task, an answer, a pause and something without the token in the inbox.
    pub fn inbox() -> Self {
        let stage = Stage::new(dropped());
        Self { name: "tick, with an inbox", args: &[], holds_lock: false, end: End::CarriedOut, stage }
    }

    /// The set-up of a project.
    pub fn init(name: &'static str, test: Test) -> Self {
        Self { name, args: &["init", "-y"], holds_lock: false, end: End::SetUp, stage: Stage::new(test) }
    }

    /// Whether there is something to tell the user even if all goes well.
    pub fn tells(&self) -> bool {
        matches!(self.end, End::WorkIsDoneAndRestAside | End::MendedOnce | End::LandedOnce | End::CarriedOut)
    }

    /// Ticks until all has come to rest. A coordinator never does: it looks again and again.
    pub fn settle(&self) {
        let test = &self.stage.test;
        if !matches!(self.end, End::MendedOnce | End::LandedOnce) {
            return self.stage.settle();
        }
        for _ in 0..6 {
            test.later(3_600).tick();
            test.wait_quiet();
        }
    }

    /// Every change that the command makes, in order. The project is as before afterwards.
    pub fn points(&self) -> Vec<Point> {
        let points = self.traced().points();
        let test = &self.stage.test;
        test.wait_until("every process gone", || test.leftovers().is_empty());
        self.stage.restore();
        points
    }

    /// The command, to be run under strace.
    pub fn traced(&self) -> Traced<'_> {
        let test = &self.stage.test;
        let stdin = self.holds_lock.then(|| agents_lock(test));
        Traced { test, args: self.args, stdin }
    }

    /// The command to its end, however it ends.
    pub fn plainly(&self) {
        let test = &self.stage.test;
        let stdin = self.holds_lock.then(|| agents_lock(test).into());
        test.start_with_stdin(test.command(self.args), stdin.unwrap_or_else(std::process::Stdio::null)).wait();
    }

    /// The first point that is the right one.
    pub fn find(&self, what: &str, is_it: impl Fn(&Point) -> bool) -> Point {
        let points = self.points();
        points.iter().find(|point| is_it(point)).cloned().unwrap_or_else(|| panic!("{what} is not among {points:#?}"))
    }

    /// The project as it is after the command was killed there.
    fn cut_at(self, point: &Point) -> Stage {
        let (output, hit) = self.traced().with(point, Fault::Kill);
        assert!(hit.is_some(), "{point} was not reached: {output}");
        let mut stage = self.stage;
        stage.test.wait_until("no process left", || stage.test.leftovers().is_empty());
        stage.keep();
        stage
    }
}

/// One implementer that does its work, one task, an origin, and GitHub.
fn project(more: &str) -> Test {
    let test = Test::new();
    test.with_origin().agents_and(&[(AGENT, "implementer")], more).task_for(TASK, "implement");
    test.github.install();
    test.claude.plays("implementer", WORKS);
    test
}

/// A pull request of an agent whose run is long over.
fn old_work(test: &Test, number: u32) {
    let branch = push_old_work(test, number);
    test.github.open(&branch, "main", "Old work");
}

fn push_old_work(test: &Test, number: u32) -> String {
    let branch = format!("agent/TASK-old{number}-x");
    test.git(["checkout", "-q", "-B", &branch, "main"]);
    test.committed_file(&format!("{number}.txt"), "work");
    test.git(["push", "-q", "origin", &branch]);
    test.git(["checkout", "-q", "main"]);
    test.git(["branch", "-q", "-D", &branch]);
    branch
}

/// Five pull requests of agents: one whose check fails, one whose job fails twice, one that git can merge with its base, one
/// whose thread waits for its answer, one that had its rounds. A sixth is still to be opened. The agent is the coordinator.
fn pull_requests() -> Test {
    let test = Test::new();
    test.with_origin()
        .agents_and(&[(AGENT, "gatekeeper_coordinator")], "pull_requests: {feedback: true, max_rounds: 1}");
    test.task_for(TASK, "implement").github.install().user("octobot");
    for number in 1..=5 {
        old_work(&test, number);
    }
    push_old_work(&test, 6);
    let wanted = "{\"base\":\"main\",\"title\":\"Old work\",\"body\":\"x\",\"draft\":false}";
    let news = format!("{{\"pull_request\":{{\"branch\":\"agent/TASK-old6-x\",\"wanted\":{wanted},\"receipt\":[]}}}}");
    let left = format!("[{{\"run\":\"old\",\"commit\":\"0\",\"news\":{news}}}]");
    test.file(".orchestrator/shared/unpublished.json", &left);
    test.committed_file("main.txt", "main");
    test.git(["push", "-q", "origin", "main"]);
    test.github.check("1", "cov", "failure", 0).check("2", "unit", "failure", 7).write("runs/7/then", "failure");
    test.github
        .set(3, "mergeable", "CONFLICTING")
        .thread(4, "T1", "mate", "Rename it.")
        .check("5", "cov", "failure", 0);
    for (number, kind, threads) in [(4, "words", "\"PRRT_4_T1\""), (5, "checks", "")] {
        let about = format!("\"about\":{{\"kind\":\"{kind}\",\"remarks\":[\"PRRC_T1_4_1\"],\"threads\":[{threads}]}}");
        let meta = format!(
            "{{\"pr_number\":{number},\"title\":\"Old work\",\"branch\":\"\",\"base\":\"main\",\"author\":\"\",\"head_sha\":\"\",\
             \"status\":\"pending\",\"fix_tasks\":[{{\"task\":\"TASK-pr{number}-old\",\"commit\":\"0\",{about}}}]}}"
        );
        test.file(&format!(".orchestrator/shared/prs/PR-{number}/meta.json"), &meta);
        test.file(&format!(".orchestrator/shared/queue/done/TASK-pr{number}-old.md"), "# Mend it\n");
    }
    test
}

/// As [`project`] with the submodule `lib`, in which the agent leaves a file, and one whose name git refuses.
fn project_with_submodule() -> Test {
    let test = project("");
    test.with_submodule();
    let leaves = ASIDE.map(|path| format!("echo precious >'{path}'")).join("\n");
    test.claude.plays("implementer", &format!("{leaves}\n{WORKS}"));
    test
}

/// The agent's lock, held as a tick holds it when it hands it over.
fn agents_lock(test: &Test) -> OwnedFd {
    let path = test.orchestrator(format!("agents/{AGENT}/lock"));
    let lock = rustix::fs::open(&path, OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC, Mode::from_raw_mode(0o600));
    let lock = lock.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    flock(&lock, FlockOperation::NonBlockingLockExclusive).expect("the agent's lock is held by another");
    lock
}

/// Two pull requests of agents that are green, one issue to be taken in, and one that was edited after it was labelled. The
/// agent is the coordinator.
fn green() -> Test {
    let test = Test::new();
    test.with_origin()
        .agents_and(&[(AGENT, "gatekeeper_coordinator")], "pull_requests: {merge: when_green}\nintake: {}");
    test.task_for(TASK, "implement").github.install().user("octobot");
    for number in 1..=2 {
        old_work(&test, number);
        test.github.check(&number.to_string(), "unit", "success", 0);
    }
    test.github.issue(105, "Add it", "x", "agent-ready", "boss").issue(106, "Edited", "x", "agent-ready", "boss");
    test.github.set_issue(106, "edited", "\"2026-02-01T00:00:05Z\"");
    test
}

/// A project whose inbox has files from a minute ago; the task waits for the answer that is one of them.
fn dropped() -> Test {
    const TOKEN: &str = "a-token-of-the-test";
    let test = project("paused: true\ninbox: {token_env: SCHEDULER_INBOX_TOKEN}");
    test.set_env("SCHEDULER_INBOX_TOKEN", TOKEN).now("2026-03-01T10:00:00Z");
    let ask = ["message", "send", "--type", "question", "--title", "Which?", "--body", "A or B", "--task", TASK];
    test.run(ask).ok();
    for (name, text) in [
        ("add", format!("TOKEN: {TOKEN}\nadd task Another\nC\n- [ ] It works\n")),
        ("answer", format!("TOKEN: {TOKEN}\nreply question-20260301-100000-which\nPostgreSQL.\n")),
        ("odd", "TOKEN: x\nresume\n".to_owned()),
        ("pause", format!("TOKEN: {TOKEN}\npause for the night\n")),
    ] {
        test.file(&format!(".orchestrator/inbox/{name}"), &text);
    }
    test
}
