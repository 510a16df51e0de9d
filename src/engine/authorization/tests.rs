use super::*;
use crate::domain::job::Job;
use crate::domain::state::{AgentState, Phase};
use crate::domain::{config, time};
use crate::store::paths::Paths;
use crate::store::runs;
use crate::sys::atomic;
use crate::sys::lock::tests::until_free;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

const RUN: &str = "0190d1c2-7f1a-4e5b-8c3d-1a2b3c4d5e6f";
const OTHER: &str = "f190d1c2-7f1a-4e5b-8c3d-1a2b3c4d5e6f";

/// A project in which the agent `a` is in its run, holding its lock, and `b` at rest.
struct World {
    _dir: tempfile::TempDir,
    project: Project,
    lock: Option<Lock>,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let project = Project { paths: Paths::new(dir.path()), common_dir: dir.path().join(".git") };
        for (name, id) in [("a", RUN), ("b", OTHER)] {
            let agent = project.paths.agent(&name.parse().unwrap());
            let run = runs::create(&agent, id).unwrap();
            runs::write_json(&run.assignment(), &assignment(name, id)).unwrap();
            let phase = if name == "a" { Phase::Running } else { Phase::Idle };
            let state = AgentState { phase, run_id: Some(id.to_owned()), total_runs: 1, ..AgentState::default() };
            state::save(&agent, &state).unwrap();
        }
        let lock = Lock::try_take(&project.paths.agent(&"a".parse().unwrap()).lock()).unwrap();
        Self { _dir: dir, project, lock }
    }

    fn agent(&self) -> AgentPaths {
        self.project.paths.agent(&"a".parse().unwrap())
    }

    /// Who calls to change something: a name, `user`, or why the call is refused.
    fn writer(&self, origin: &Origin) -> String {
        self.caller(origin, Access::Write)
    }

    fn caller(&self, origin: &Origin, access: Access) -> String {
        match calling_agent(&self.project, origin, access) {
            Ok(Some(agent)) => agent.assignment.agent.to_string(),
            Ok(None) => "user".to_owned(),
            Err(refused) => format!("{refused:#}"),
        }
    }

    /// The same call, as each of the things that tell of its run tells it.
    fn told_of_the_run(&self) -> [Origin; 3] {
        [tagged(RUN), inherited(RUN), Origin { supervisors: vec![self.agent().dir().to_owned()], ..Origin::default() }]
    }
}

fn assignment(name: &str, id: &str) -> Assignment {
    let (config, _) = config::read(&format!("agents:\n  - {{name: {name}, role: implementer}}\n")).unwrap();
    Assignment {
        run_id: id.to_owned(),
        agent: name.parse().unwrap(),
        role: Role::Implementer,
        focus: None,
        ports: None,
        job: Job::Explore,
        assigned_at: time::parse("2024-01-15T10:30:00Z").unwrap(),
        settings: config.agents[0].settings.clone(),
        test_paths: Vec::new(),
        worktrees: config.worktrees(),
        remote: None,
        max_incoming: 20,
        draft_pull_requests: false,
        gatekeeper: config.gatekeeper,
        debug: false,
    }
}

fn tagged(id: &str) -> Origin {
    Origin { tag: Some(id.to_owned()), ..Origin::default() }
}

fn inherited(id: &str) -> Origin {
    Origin { inherited: vec![id.to_owned()], ..Origin::default() }
}

type Damage = (&'static str, fn(&Path));

/// Ways in which a file comes to harm.
fn damages() -> Vec<Damage> {
    vec![
        ("gone", |path| fs::remove_file(path).unwrap()),
        ("empty", |path| fs::write(path, "").unwrap()),
        ("garbage", |path| fs::write(path, "garbage").unwrap()),
        ("another value", |path| fs::write(path, "[7]").unwrap()),
        ("cut off", |path| {
            let text = fs::read(path).unwrap();
            fs::write(path, &text[..text.len() / 2]).unwrap();
        }),
        ("huge", |path| fs::write(path, vec![b' '; 2 << 20]).unwrap()),
        ("a directory", |path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        }),
        ("a pipe", |path| {
            fs::remove_file(path).unwrap();
            assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
        }),
        ("a link", |path| {
            fs::rename(path, path.with_extension("kept")).unwrap();
            std::os::unix::fs::symlink(path.with_extension("kept"), path).unwrap();
        }),
        ("unreadable", |path| {
            fs::set_permissions(path, fs::Permissions::from_mode(0o000)).unwrap();
            if fs::read(path).is_ok() {
                // Nothing is unreadable to root.
                fs::write(path, "").unwrap();
            }
        }),
    ]
}

#[test]
fn the_processes_say_whose_call_it_is() {
    let world = World::new();
    for origin in world.told_of_the_run() {
        assert_eq!(world.writer(&origin), "a", "{origin:?}");
    }
    assert_eq!(world.writer(&Origin::default()), "user");
    assert_eq!(world.writer(&Origin { inherited: vec![OTHER.to_owned(), RUN.to_owned()], ..tagged(RUN) }), "a");
    // A supervisor, or a run, of another project.
    let elsewhere = Origin { supervisors: vec!["/elsewhere/.orchestrator/agents/a".into()], ..Origin::default() };
    assert_eq!(world.writer(&elsewhere), "user");
    let unknown = "11111111-2222-4333-8444-555555555555";
    assert_eq!(world.writer(&inherited(unknown)), "user");
    for origin in [unknown, OTHER, "", "../..", "x"].map(tagged) {
        assert!(world.writer(&origin).contains("unset SCHEDULER_RUN"), "{origin:?}");
        assert_eq!(world.caller(&origin, Access::Read), "user");
    }
    assert!(world.writer(&inherited(OTHER)).contains("which is over"));
}

#[test]
fn a_run_whose_files_are_harmed_never_passes_for_the_user() {
    for (how, harm) in damages() {
        let world = World::new();
        harm(&world.agent().state());
        for origin in world.told_of_the_run() {
            let said = world.writer(&origin);
            let why = said.contains("it isn't clear who calls") && said.contains("agents/a/state.json");
            assert!(why && said.contains("Nothing was changed"), "{how}, {origin:?}: {said}");
        }
        assert!(world.caller(&tagged(RUN), Access::Read).contains("it isn't clear"), "{how}");
        // A run that this project doesn't know may be that one.
        let unknown = inherited("11111111-2222-4333-8444-555555555555");
        assert!(world.writer(&unknown).contains("it isn't clear"), "{how}");
    }
    for (how, harm) in damages() {
        let world = World::new();
        harm(&world.agent().run(RUN).unwrap().assignment());
        for origin in world.told_of_the_run() {
            let said = world.writer(&origin);
            assert!(said.contains("it isn't clear who calls") && said.contains("assignment.json"), "{how}: {said}");
        }
    }
}

#[test]
fn a_run_can_give_itself_no_other_name() {
    for (name, id) in [("b", RUN), ("a", OTHER), ("B", RUN)] {
        let world = World::new();
        runs::write_json(&world.agent().run(RUN).unwrap().assignment(), &assignment(name, id)).unwrap();
        for origin in world.told_of_the_run() {
            assert!(world.writer(&origin).contains("is that of another run"), "{name} {id} {origin:?}");
        }
    }
    let forged = [
        AgentState::default(),
        AgentState { total_runs: 7, ..AgentState::default() },
        AgentState { phase: Phase::Running, run_id: Some("no-uuid".to_owned()), ..AgentState::default() },
    ];
    for state in forged {
        let world = World::new();
        state::save(&world.agent(), &state).unwrap();
        for origin in world.told_of_the_run() {
            let said = world.writer(&origin);
            assert!(said.contains("othing was changed"), "{state:?}, {origin:?}: {said}");
        }
    }
    let world = World::new();
    fs::remove_dir_all(world.agent().dir()).unwrap();
    let [_, _, supervised] = world.told_of_the_run();
    assert!(world.writer(&supervised).contains("it isn't clear") || world.writer(&supervised).contains("names no run"));
}

#[test]
fn broken_files_keep_no_user_out() {
    for (how, harm) in damages() {
        let mut world = World::new();
        harm(&world.agent().state());
        assert_eq!(world.writer(&Origin::default()), "user", "{how}");
        // Without its lock held, no run is under way.
        world.lock = None;
        until_free(&world.agent().lock());
        assert_eq!(world.caller(&tagged(RUN), Access::Read), "user", "{how}");
        assert_eq!(world.writer(&inherited("11111111-2222-4333-8444-555555555555")), "user", "{how}");
        assert!(world.writer(&tagged(RUN)).contains("unset SCHEDULER_RUN"), "{how}");
    }
    let world = World::new();
    atomic::write(&world.agent().state(), b"garbage").unwrap();
    fs::set_permissions(world.project.paths.agents_dir(), fs::Permissions::from_mode(0o000)).unwrap();
    assert_eq!(world.writer(&Origin::default()), "user");
    fs::set_permissions(world.project.paths.agents_dir(), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_role_may_call_only_its_commands() {
    let world = World::new();
    let call = |command| authorize(&world.project, Some(RUN), command, Access::Write);
    assert_eq!(call("message send").unwrap().name(), "a");
    let refused = call("task add").unwrap_err().to_string();
    assert!(refused.contains("the role implementer may not call `scheduler task add`"), "{refused}");
}
