//! The model: agents, tasks and limits as plain values, and what each step does to them.

use super::{Step, judge};
use chrono::{DateTime, Duration, Utc};
use scheduler::internals::domain::{
    config::{self, Config},
    job::Job,
    name::Name,
    schedule::{self, AgentView, Decision, Snapshot, Standing},
    state::{AgentState, Phase},
    task::{self, Task, TaskState},
};
use std::collections::BTreeMap;

const TEAM: &str = "agents:\n\
    - {name: i1, role: implementer, interval_seconds: 60}\n\
    - {name: i2, role: implementer, interval_seconds: 300}\n\
    - {name: i3, role: implementer, interval_seconds: 90}\n\
    - {name: t1, role: tester, interval_seconds: 180}\n\
    - {name: t2, role: tester, interval_seconds: 60}\n\
    - {name: r1, role: reviewer, interval_seconds: 60}\n\
    - {name: pm, role: product_manager, interval_seconds: 600}\n\
    - {name: i4, role: implementer, interval_seconds: 60, paused: true}\n";

/// What is written before the agents.
pub const CONFIGS: [&str; 5] = [
    "",
    "max_running: 1\n",
    "queue_limits: {max_incoming: 3, max_claimed: 2, max_open_prs: 3}\n",
    "max_running: 3\nqueue_limits: {max_claimed: 1}\n",
    "paused: true\n",
];

const ROLES: [&str; 3] = ["implement", "test", "review"];

/// Everything there is.
pub struct World {
    pub config: Config,
    pub now: DateTime<Utc>,
    pub paused: bool,
    pub open_prs: u32,
    pub agents: Vec<AgentView>,
    pub tasks: BTreeMap<Name, (Task, TaskState)>,
    /// How often each task was done: never twice.
    done: BTreeMap<Name, u32>,
}

fn configuration(which: usize) -> Config {
    config::read(&format!("{}{TEAM}", CONFIGS[which])).expect("a configuration of this test").0
}

impl World {
    pub fn new() -> Self {
        let config = configuration(0);
        let idle = || AgentView { standing: Standing::Free, state: AgentState::default() };
        let agents = config.agents.iter().map(|_| idle()).collect();
        let now = "2026-03-29T00:30:00Z".parse().unwrap();
        Self { config, now, paused: false, open_prs: 0, agents, tasks: BTreeMap::new(), done: BTreeMap::new() }
    }

    pub fn take(&mut self, step: &Step) -> Result<(), String> {
        match *step {
            Step::Add(role, priority, blocked) => self.add(role, priority, blocked),
            Step::Tick(seconds) => {
                self.now += Duration::seconds(seconds);
                return self.tick().map(drop);
            }
            Step::Finish(agent, good) => self.finish(agent, good),
            Step::Crash(agent) => {
                if self.agents[agent].standing == Standing::Running {
                    self.agents[agent].standing = Standing::Recovering;
                }
            }
            Step::Jump(seconds) => self.now += Duration::seconds(seconds),
            Step::Sleep(hours) => self.now += Duration::hours(hours),
            Step::Pause(paused) => self.paused = paused,
            Step::Configure(which) => self.config = configuration(which),
            Step::PullRequests(open) => self.open_prs = open,
        }
        Ok(())
    }

    fn add(&mut self, role: usize, priority: u8, blocked: bool) {
        let pending = self.count(TaskState::Incoming) + self.count(TaskState::Claimed);
        if pending >= self.config.queue_limits.max_incoming.get() {
            return;
        }
        let number = self.tasks.len();
        let id: Name = format!("TASK-{number}").parse().unwrap();
        let before = if blocked && number > 0 { format!("BLOCKED_BY: TASK-{}\n", number - 1) } else { String::new() };
        let text = format!("# {id}\n\nROLE: {}\nPRIORITY: P{priority}\n{before}", ROLES[role]);
        let task = task::parse(&id, &text).unwrap();
        self.tasks.insert(id, (task, TaskState::Incoming));
    }

    /// One tick; how many runs it started.
    pub fn tick(&mut self) -> Result<usize, String> {
        let snapshot = self.snapshot();
        let decisions = schedule::decide(&self.config, &snapshot, self.now);
        judge::decisions(self, &snapshot, &decisions)?;
        // The recoveries that this tick has started come to their end after it.
        for agent in 0..self.agents.len() {
            if self.agents[agent].standing == Standing::Recovering {
                self.put_back(agent);
            }
        }
        let mut started = 0;
        for (agent, decision) in decisions.iter().enumerate() {
            if let Decision::Start(job) = decision {
                started += 1;
                self.start(agent, job);
            }
        }
        Ok(started)
    }

    fn snapshot(&self) -> Snapshot {
        let named: Vec<_> = self.named();
        let claimed: Vec<_> = self.of(TaskState::Claimed).cloned().collect();
        let is_in = |id: &Name, wanted| self.tasks.get(id).is_some_and(|(_, state)| *state == wanted);
        let is_free = |task: &&Task| schedule::waiting(task, &is_in, &claimed, &named).is_none();
        let mut claimable: Vec<Task> = self.of(TaskState::Incoming).filter(is_free).cloned().collect();
        schedule::claim_order(&mut claimable);
        Snapshot {
            paused: self.paused,
            agents: self.agents.iter().cloned().map(Into::into).collect(),
            incoming: self.count(TaskState::Incoming),
            claimed: self.count(TaskState::Claimed),
            claimed_opening: u32::try_from(schedule::opening(&claimed)).unwrap(),
            claimable,
            open_prs: Some(self.open_prs),
            ..Snapshot::default()
        }
    }

    fn named(&self) -> Vec<(Name, Name)> {
        let of_agent =
            |(agent, view): (&config::Agent, &AgentView)| Some((agent.name.clone(), view.state.current_task.clone()?));
        self.config.agents.iter().zip(&self.agents).filter_map(of_agent).collect()
    }

    pub fn of(&self, state: TaskState) -> impl Iterator<Item = &Task> {
        self.tasks.values().filter(move |(_, at)| *at == state).map(|(task, _)| task)
    }

    pub fn count(&self, state: TaskState) -> u32 {
        u32::try_from(self.of(state).count()).unwrap()
    }

    fn start(&mut self, agent: usize, job: &Job) {
        let view = &mut self.agents[agent];
        view.standing = Standing::Running;
        view.state.phase = Phase::Running;
        view.state.last_started = Some(self.now);
        view.state.current_task = job.task().cloned();
        if let Job::Task { id, attempt } = job {
            let (task, state) = self.tasks.get_mut(id).unwrap();
            task.attempts = *attempt;
            *state = TaskState::Claimed;
        }
    }

    fn finish(&mut self, agent: usize, good: bool) {
        let view = &mut self.agents[agent];
        if view.standing != Standing::Running {
            return;
        }
        view.state.last_finished = Some(self.now);
        view.state.consecutive_failures = if good { 0 } else { view.state.consecutive_failures + 1 };
        if let Some(id) = self.rest(agent) {
            let (task, state) = self.tasks.get_mut(&id).unwrap();
            *state = match good {
                true => TaskState::Done,
                false if task.attempts >= 3 => TaskState::Failed,
                false => TaskState::Incoming,
            };
            *self.done.entry(id).or_default() += u32::from(good);
        }
    }

    fn put_back(&mut self, agent: usize) {
        if let Some(id) = self.rest(agent) {
            let (task, state) = self.tasks.get_mut(&id).unwrap();
            task.attempts -= 1;
            *state = TaskState::Incoming;
        }
    }

    /// The agent is free from now on; the task that it had.
    fn rest(&mut self, agent: usize) -> Option<Name> {
        let view = &mut self.agents[agent];
        view.standing = Standing::Free;
        view.state.phase = Phase::Idle;
        view.state.current_task.take()
    }

    /// With all obstacles taken away, ticks bring every task to its end, each once.
    pub fn everything_gets_done(mut self) -> Result<(), String> {
        self.config = configuration(0);
        (self.paused, self.open_prs) = (false, 0);
        for _ in 0..4 * (self.tasks.len() + 4) {
            (0..self.agents.len()).for_each(|agent| self.finish(agent, true));
            self.now += Duration::hours(2);
            self.tick()?;
        }
        (0..self.agents.len()).for_each(|agent| self.finish(agent, true));
        // What waits for a failed task waits for a person.
        let is_failed = |number: usize| {
            let id: Name = format!("TASK-{number}").parse().unwrap();
            self.tasks.get(&id).is_some_and(|(_, state)| *state == TaskState::Failed)
        };
        let any_failed = (0..self.tasks.len()).any(is_failed);
        let open: Vec<_> =
            self.of(TaskState::Incoming).chain(self.of(TaskState::Claimed)).map(|task| &task.id).collect();
        if !open.is_empty() && !any_failed {
            return Err(format!("never done: {open:?}"));
        }
        match self.done.iter().find(|(_, count)| **count > 1) {
            Some((id, count)) => Err(format!("{id} was done {count} times")),
            None => Ok(()),
        }
    }
}
