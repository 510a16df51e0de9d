//! One agent starting, with a worktree that is ready: from the start of the tick to the start of `claude`.

use crate::{
    Bench,
    measure::{self, Subject},
    scene::Scene,
    table::{Limit, Row},
    tools::run,
};
use anyhow::{Context, Result};
use std::{fs, path::Path, process::Command, time::SystemTime};

/// What plain git needs to prepare the same worktree.
const GIT: &str = r#"
set -e
cd "$1"
git fetch --quiet --prune origin
git checkout --quiet --force --detach origin/main
git clean -ffdq
git checkout --quiet --no-track -b agent/TASK-1
"#;
/// Undoes it.
const GIT_BACK: &str = "git -C \"$1\" checkout --quiet --detach && git -C \"$1\" branch --quiet -D agent/TASK-1";
/// The files of the repository.
const FILES: usize = 500;

/// Measures how long the tick takes to spawn the supervisor, and the supervisor to start `claude`.
pub fn measure(bench: &mut Bench) -> Result<()> {
    let scene = Scene::new(&bench.tools, 0, "defaults: {command: ['/bin/true']}\nqueue_limits: {max_open_prs: 1000}")?;
    repository(&scene)?;
    let plain = plain_git(&scene)?;
    let start_and_exit = Subject::new(&bench.tools.floor, &[]);
    let root = scene.root().display().to_string();
    let tick = Subject::new(&bench.tools.scheduler, &["-C", &root]);
    let yaml = fs::read_to_string(scene.dot().join("agents.yaml"))?;
    scene.file("agents.yaml", &format!("{yaml}  - {{name: agent-0, role: implementer, interval_seconds: 1}}\n"))?;
    // The first run makes the worktree.
    start(&scene, &tick)?;
    let mut best = Started { spawn: f64::INFINITY, claude: f64::INFINITY };
    let mut floor = [f64::INFINITY; 2];
    for _ in 0..if bench.quick { 5 } else { 20 } {
        let started = start(&scene, &tick)?;
        best = Started { spawn: best.spawn.min(started.spawn), claude: best.claude.min(started.claude) };
        floor = [floor[0].min(measure::shortest(&plain, 3)?), floor[1].min(measure::shortest(&start_and_exit, 3)?)];
    }
    bench.table.add(Row {
        what: "from the tick's start to the supervisor's / start and exit".to_owned(),
        unit: "ms",
        measured: best.spawn,
        floor: Some(floor[1]),
        limit: Limit::TimesPlus(1.0, 10.0),
    });
    bench.table.add(Row {
        what: format!("from the supervisor's start to claude's, {FILES} files / plain git commands"),
        unit: "ms",
        measured: best.claude,
        floor: Some(floor[0]),
        limit: Limit::TimesPlus(1.2, 50.0),
    });
    confined(bench, &scene, &yaml, &tick)
}

/// What it costs that claude is confined: a program in its place leaves a file as it starts.
fn confined(bench: &mut Bench, scene: &Scene, yaml: &str, tick: &Subject) -> Result<()> {
    let mut best = [f64::INFINITY; 2];
    for _ in 0..if bench.quick { 5 } else { 20 } {
        for (mode, best) in ["off", "auto"].into_iter().zip(&mut best) {
            let agent = format!(
                "  - {{name: agent-0, role: implementer, interval_seconds: 1, sandbox: {{mode: {mode}}}, \
                 command: [/bin/sh, -c, ': >started']}}\n"
            );
            scene.file("agents.yaml", &format!("{yaml}{agent}"))?;
            scene.forget("agents/agent-0/worktree/started")?;
            start(scene, tick)?;
            let log = scene.created("logs", "agent-0-")?;
            let claude = scene.created("agents/agent-0/worktree", "started")?;
            *best = best.min(milliseconds(log, claude));
        }
    }
    bench.table.add(Row {
        what: "from the supervisor's start to claude's first step, confined / not confined".to_owned(),
        unit: "ms",
        measured: best[1],
        floor: Some(best[0]),
        limit: Limit::TimesPlus(1.0, 30.0),
    });
    Ok(())
}

/// Commits and an origin, as a clone has them.
fn repository(scene: &Scene) -> Result<()> {
    for n in 0..FILES {
        let path = scene.root().join(format!("src/part-{}/file-{n}.txt", n % 20));
        fs::create_dir_all(path.parent().context("no folder")?)?;
        fs::write(path, format!("file {n}\n").repeat(50))?;
    }
    fs::write(scene.root().join(".gitignore"), "/.orchestrator/\n/floor.list\n/origin.git\n/plain\n/started\n")?;
    let origin = scene.root().join("origin.git");
    run(scene.git().args(["add", "--all"]))?;
    run(scene.git().args(["commit", "--quiet", "--message=files"]))?;
    run(Command::new("git").args(["clone", "--quiet", "--bare"]).arg(scene.root()).arg(&origin))?;
    run(scene.git().args(["remote", "add", "origin"]).arg(&origin))?;
    run(scene.git().args(["fetch", "--quiet"]))?;
    run(scene.git().args(["remote", "set-head", "origin", "main"])).map(drop)
}

/// The plain commands, in a worktree of their own of the same repository.
fn plain_git(scene: &Scene) -> Result<Subject> {
    let worktree = scene.root().join("plain");
    run(scene.git().args(["worktree", "add", "--quiet", "--detach"]).arg(&worktree))?;
    let (script, back) = (scene.root().join("origin.git/plain.sh"), scene.root().join("origin.git/back.sh"));
    fs::write(&script, GIT)?;
    fs::write(&back, GIT_BACK)?;
    let text = |path: &Path| path.display().to_string();
    let mut plain = Subject::new(Path::new("sh"), &[&text(&script), &text(&worktree)]);
    // The first time there is nothing to undo.
    plain.prepare = Some(format!("sh {} {} 2>/dev/null || true", text(&back), text(&worktree)));
    Ok(plain)
}

/// How long it took, in milliseconds.
struct Started {
    spawn: f64,
    claude: f64,
}

/// One start. When its log and claude's output were created tells when the supervisor and claude were started.
fn start(scene: &Scene, tick: &Subject) -> Result<Started> {
    // As if the last tick were long ago: its run is over, and whatever is fetched once a minute is due.
    for path in ["cache/last-fetch.json", "agents/agent-0/state.json"] {
        scene.forget(path)?;
    }
    for folder in ["logs", "agents/agent-0/runs"] {
        scene.forget_all(folder)?;
    }
    for folder in ["incoming", "claimed", "done", "failed"] {
        scene.forget(&format!("shared/queue/{folder}/TASK-1.md"))?;
    }
    scene.file("shared/queue/incoming/TASK-1.md", "# A task\n\nROLE: implement\n\n## Context\nText.\n")?;
    let begun = SystemTime::now();
    run(Command::new(&tick.program).args(&tick.args))?;
    scene.wait_until_idle()?;
    let log = scene.created("logs", "agent-0-")?;
    let output = scene.created("agents/agent-0/runs", "output.jsonl")?;
    Ok(Started { spawn: milliseconds(begun, log), claude: milliseconds(log, output) })
}

fn milliseconds(from: SystemTime, to: SystemTime) -> f64 {
    to.duration_since(from).unwrap_or_default().as_secs_f64() * 1_000.0
}
