use super::*;
use crate::domain::job::Job;
use crate::domain::run;
use crate::domain::state::{AgentState, Phase};
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

    /// What a call is refused with; `user` if it isn't.
    fn call(&self, origin: &Origin) -> String {
        match refuse_run(&self.project, origin) {
            Ok(()) => "user".to_owned(),
            Err(refused) => format!("{refused:#}"),
        }
    }

    /// Who it is in whose name a request of `a` is answered, or why it isn't.
    fn asking(&self) -> String {
        match AgentCaller::of(&self.project, &"a".parse().unwrap(), RUN, Role::Implementer) {
            Ok(caller) => Caller::Agent(Box::new(caller)).name(),
            Err(refused) => format!("{refused:#}"),
        }
    }

    /// A call by a process of the run, as each of the things that tell of its run tells it.
    fn told_of_the_run(&self) -> [Origin; 2] {
        [inherited(RUN), Origin { supervisors: vec![self.agent().dir().to_owned()], ..Origin::default() }]
    }
}

fn assignment(name: &str, id: &str) -> Assignment {
    Assignment {
        run_id: id.to_owned(),
        agent: name.parse().unwrap(),
        ..run::tests::assignment(Role::Implementer, Job::Explore)
    }
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
fn the_processes_say_whether_it_is_a_run() {
    let world = World::new();
    for origin in world.told_of_the_run() {
        assert!(world.call(&origin).contains("this was started by a run"), "{origin:?}");
    }
    assert!(world.call(&inherited(OTHER)).contains("nothing was done"), "a run that is over");
    let unknown = "11111111-2222-4333-8444-555555555555";
    let both = Origin { inherited: vec![unknown.to_owned(), RUN.to_owned()], ..Origin::default() };
    assert!(world.call(&both).contains(RUN));
    // No process tells of a run; or the run, or the supervisor, is of another project.
    let elsewhere = Origin { supervisors: vec!["/elsewhere/.orchestrator/agents/a".into()], ..Origin::default() };
    for origin in [Origin::default(), elsewhere, inherited(unknown), inherited("../..")] {
        assert_eq!(world.call(&origin), "user", "{origin:?}");
    }
}

#[test]
fn a_run_whose_files_are_harmed_never_passes_for_the_user() {
    for (how, harm) in damages() {
        let world = World::new();
        harm(&world.agent().state());
        for origin in world.told_of_the_run() {
            assert!(world.call(&origin).contains("this was started by a run"), "{how}, {origin:?}");
        }
        // A run that this project doesn't know may be that one.
        let said = world.call(&inherited("11111111-2222-4333-8444-555555555555"));
        assert!(said.contains("it isn't clear") && said.contains("agents/a/state.json"), "{how}: {said}");
        assert!(said.contains("Nothing was changed"), "{how}: {said}");
    }
    let world = World::new();
    fs::remove_dir_all(world.agent().dir()).unwrap();
    let [_, supervised] = world.told_of_the_run();
    assert!(world.call(&supervised).contains("this was started by a run"));
}

#[test]
fn a_run_can_give_itself_no_other_name() {
    assert_eq!(World::new().asking(), "a");
    for (name, id, role) in
        [("b", RUN, "implementer"), ("a", OTHER, "implementer"), ("a", RUN, "curator"), ("B", RUN, "implementer")]
    {
        let world = World::new();
        let forged = Assignment { role: role.parse().unwrap(), ..assignment(name, id) };
        runs::write_json(&world.agent().run(RUN).unwrap().assignment(), &forged).unwrap();
        assert!(world.asking().contains("is that of another run"), "{name} {id} {role}: {}", world.asking());
    }
    for (how, harm) in damages() {
        let world = World::new();
        harm(&world.agent().run(RUN).unwrap().assignment());
        let said = world.asking();
        assert!(said.contains("it isn't clear who calls") && said.contains("assignment.json"), "{how}: {said}");
    }
}

#[test]
fn broken_files_keep_no_user_out() {
    for (how, harm) in damages() {
        let mut world = World::new();
        harm(&world.agent().state());
        assert_eq!(world.call(&Origin::default()), "user", "{how}");
        // Without its lock held, no run is under way.
        world.lock = None;
        until_free(&world.agent().lock());
        assert_eq!(world.call(&inherited("11111111-2222-4333-8444-555555555555")), "user", "{how}");
    }
    let world = World::new();
    atomic::write(&world.agent().state(), b"garbage").unwrap();
    fs::set_permissions(world.project.paths.agents_dir(), fs::Permissions::from_mode(0o000)).unwrap();
    assert_eq!(world.call(&Origin::default()), "user");
    fs::set_permissions(world.project.paths.agents_dir(), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_role_may_call_only_its_commands() {
    let world = World::new();
    let caller = AgentCaller::of(&world.project, &"a".parse().unwrap(), RUN, Role::Implementer).unwrap();
    assert!(caller.authorize("message send").is_ok());
    let refused = caller.authorize("task add").unwrap_err().to_string();
    assert!(refused.contains("the role implementer may not call `scheduler task add`"), "{refused}");
}
