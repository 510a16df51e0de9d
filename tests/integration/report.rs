//! `scheduler report`, and `report` in agents.yaml: one page with the right sums, in which every text is text.

mod browser;

use crate::support::Test;
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt;

const NOW: &str = "2026-03-02T10:20:00Z";
/// A title that would be markup, a script, an attribute's end, or another order of letters.
const EVIL: &str = "<script>alert(1)</script> \" onload='x' & {{ 7 * 7 }} `rm` \u{202e}evil\u{7}";

/// A project with a few days of history.
fn project() -> Test {
    let test = Test::new();
    test.set_env("TZ", "UTC")
        .now(NOW)
        .agents_and(&[("impl-1", "implementer"), ("pm", "product_manager")], "max_cost_usd_per_day: 20\n");
    let run = |time: &str, agent: &str, cost: f64, tally: &str| {
        let (role, task) =
            if agent == "pm" { ("product_manager", json!(null)) } else { ("implementer", json!("TASK-1")) };
        let outcome = if tally == "failure" { "turn_limit" } else { "finished" };
        let line = json!({
            "time": time, "agent": agent, "cost_usd": cost, "tally": tally, "billing": null, "role": role, "task": task,
            "model": "m", "outcome": outcome, "run": time, "pull_request": null, "attempt": 1, "turns": 1,
            "input_tokens": 1, "output_tokens": 1, "cache_read_tokens": 1, "cache_write_tokens": 1, "seconds": 1_800,
        });
        line.to_string() + "\n"
    };
    let lines = [
        run("2026-02-10T10:00:00Z", "impl-1", 50.0, "success"),
        run("2026-02-27T10:00:00Z", "impl-1", 1.25, "failure"),
        run("2026-03-02T09:00:00Z", "impl-1", 2.5, "success"),
        run("2026-03-02T10:00:00Z", "pm", 0.5, "success"),
    ];
    test.file(".orchestrator/ledger-2026.jsonl", &lines.concat());
    let task = |state: &str, id: &str, title: &str, lines: &str, error: &str| {
        let text = format!("# [{id}] {title}\n\nROLE: implement\n{lines}\n## Context\nC\n{error}");
        test.file(&format!(".orchestrator/shared/queue/{state}/{id}.md"), &text);
    };
    let done = "CREATED: 2026-03-01T08:00:00Z\nRESULT: #7, verify passed\nCOMPLETED_AT: 2026-03-01T09:00:00Z\n";
    task("done", "TASK-1", "Log the import", done, "");
    let old = "CREATED: 2026-01-01T08:00:00Z\nCOMPLETED_AT: 2026-01-02T09:00:00Z\n";
    task("done", "TASK-0", "Long ago", old, "");
    let failed = "CREATED: 2026-02-28T08:00:00Z\nFAILED_AT: 2026-03-01T12:00:00Z\n";
    task("failed", "TASK-2", "Cache it", failed, &format!("\n## Error\ntook too long {EVIL}\n"));
    let question = "question-20260302-081500-which";
    task("incoming", "TASK-3", EVIL, &format!("CREATED: 2026-03-02T08:00:00Z\nWAITS_FOR: {question}\n"), "");
    task("incoming", "TASK-4", "Next", "CREATED: 2026-03-02T09:00:00Z\nBLOCKED_BY: TASK-3\n", "");
    let asked = format!(
        "# {EVIL}\n\n**Type:** question\n**From:** {EVIL}\n**Time:** 2026-03-02T08:15:00Z\n**Task:** TASK-3\n\n---\n\nX\n"
    );
    test.file(&format!(".orchestrator/messages/{question}.md"), &asked);
    let meta = json!({"pr_number": 7, "title": EVIL, "branch": "agent/x", "base": "main", "author": EVIL, "head_sha": "0",
        "status": "closed", "landing": {"landed": {"commit": "0", "at": "2026-03-01T11:00:00Z"}}});
    test.file(".orchestrator/shared/prs/PR-7/meta.json", &meta.to_string());
    test
}

/// The page's own text between two marks.
fn section<'a>(page: &'a str, id: &str) -> &'a str {
    let from = page.find(&format!("<h2 id=\"{id}\">")).unwrap_or_else(|| panic!("no section {id}"));
    let rest = &page[from..];
    &rest[..rest.find("</section>").unwrap()]
}

#[track_caller]
fn assert_says(part: &str, texts: &[&str]) {
    for text in texts {
        assert!(part.contains(text), "{text:?} is missing in {part}");
    }
}

#[test]
fn a_page_tells_what_happened_and_what_waits() {
    let test = project();
    let path = test.root().join("out/status.html");
    test.run(["report", "-o", path.to_str().unwrap()]).ok().quiet().says("status.html");
    let page = fs::read_to_string(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_says(
        &page,
        &["<strong>Not running</strong>", "<code>scheduler install cron</code>", "2026-02-24 00:00 +00:00"],
    );
    assert_says(section(&page, "now"), &["$3.00 of $20.00; $4.25 in seven days"]);
    let answer = "<code>scheduler message reply question-20260302-081500 --body &#x27;TEXT&#x27;</code>";
    assert_says(section(&page, "yours"), &[answer, "1 failed task"]);
    assert_says(
        section(&page, "agents"),
        &["08:30–09:00 TASK-1, finished, $2.50", "1 run, 30 min", "impl-1", "<b>11:00</b>"],
    );
    // From its creation to when its pull request was merged.
    assert_says(section(&page, "landed"), &["TASK-1", "#7, verify passed", "merged 2026-03-01 11:00", "3 h"]);
    assert!(!section(&page, "landed").contains("TASK-0"));
    assert_says(
        section(&page, "failed"),
        &["took too long", "<code>scheduler task retry TASK-2</code>", ">turn limit<"],
    );
    assert_says(section(&page, "waiting"), &["your answer to question-20260302-081500-which", ">TASK-3<", "TASK-4"]);
    assert_says(section(&page, "flow"), &["1 done, 1 failed, 4 added", "2 at the end"]);
    let cost = section(&page, "cost");
    assert_says(
        cost,
        &["$4.25 in 3 runs, $1.25 of it in 1 that failed", ">$3.75<", ">1 ($1.25)<", ">product_manager<"],
    );
    assert!(!cost.contains("$50"), "{cost}");
    assert_says(section(&page, "lead"), &["Half of 1 task took at most 3 h"]);
    // The sums are those of the command for costs.
    let costs = test.run(["cost", "--since", "7d", "--json"]).ok().json();
    assert_eq!((costs["cost_usd"].as_f64(), costs["runs"].as_u64()), (Some(4.25), Some(3)));
    let hours = test.run(["report", "--since", "3h", "-o", "-"]).ok().stdout;
    assert_says(section(&hours, "cost"), &["$3.00 in 2 runs", "Cost, by hour"]);
    let weeks = test.run(["report", "--since", "2025-12-01", "-o", "-"]).ok().stdout;
    assert_says(section(&weeks, "landed"), &["TASK-0", "TASK-1"]);
    assert_says(section(&weeks, "cost"), &["$54.25 in 4 runs", "Cost, by week"]);
}

#[test]
fn no_text_of_others_is_markup_and_nothing_is_loaded() {
    let page = project().run(["report", "-o", "-"]).ok().stdout;
    let escaped = "&lt;script&gt;alert(1)&lt;&#x2f;script&gt; &quot; onload=&#x27;x&#x27; &amp; {{ 7 * 7 }} `rm` evil";
    // The question with who asked it, and the task; its error has commands.
    assert_eq!(page.matches(escaped).count(), 3, "{page}");
    assert_says(&page, &[&format!("took too long {}", escaped.replace("`rm`", "<code>rm</code>"))]);
    let is_odd = |c: char| c.is_control() && c != '\n' || ('\u{202a}'..='\u{202e}').contains(&c);
    assert!(!page.contains(is_odd));
    // No script, nothing from elsewhere: the only addresses are the places of the page itself.
    for part in ["<script", "http:", "https:", " src=", "@import", "url(", " onload=\""] {
        assert!(!page.contains(part), "{part}");
    }
    let links: Vec<_> = page.split("href=\"").skip(1).filter(|rest| !rest.starts_with(['#', 'd'])).collect();
    assert!(links.is_empty() && page.contains("href=\"data:,\""), "{links:?}");
    for place in page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(page.contains(&format!(" id=\"{place}\"")), "{place}");
    }
    let mut ids: Vec<_> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "an id stands twice");
}

#[test]
fn an_empty_project_is_told_what_to_do() {
    let test = Test::new();
    test.agents(&[]).file(".orchestrator/agents.yaml", "agents: [{name: a, role: implementer}]\n");
    let said = test.run(["report"]).ok().quiet().stdout;
    assert_eq!(said.trim_end(), test.orchestrator("report.html").to_str().unwrap());
    let page = fs::read_to_string(test.orchestrator("report.html")).unwrap();
    assert_says(&page, &["Nothing has happened yet", "<code>scheduler task add &#x27;TITLE&#x27;</code>"]);
    assert_says(section(&page, "yours"), &["Nothing does."]);
    // One with an error is told of as well.
    test.file(".orchestrator/agents.yaml", "agents: [{name: a, role: imp}]\n");
    let page = test.run(["report", "-o", "-"]).ok().stdout;
    assert_says(section(&page, "yours"), &["is not a role", "<code>scheduler doctor</code>"]);
}

#[test]
fn a_browser_shows_it() {
    let test = project();
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    test.without_program(opener);
    test.run(["report", "--open"]).code(1).complains("report.html is written, but can't be shown").complains(opener);
    test.program(opener, "#!/bin/sh\necho \"$#:$1\" >opened\n");
    test.run(["report", "-o", "my page.html", "--open"]).ok().quiet();
    let opened = fs::read_to_string(test.path("opened")).unwrap();
    assert_eq!(opened.trim_end(), format!("1:{}", test.path("my page.html").display()));
    test.program(opener, "#!/bin/sh\nexit 3\n");
    test.run(["report", "--open"]).code(1).complains("ended with exit code 3");
    test.run(["report", "-o", "-", "--open"]).code(2).complains("leave out `-o -`");
    test.run(["report", "--since", "soon"]).code(2).complains("write 7d, 12h");
    test.run(["report", "-o", "bin/no/../../.."]).refuses();
}

#[test]
fn ticks_keep_it_fresh() {
    let test = project();
    let agents = [("impl-1", "implementer")];
    test.agents_and(&agents, "paused: true").tick_and_wait();
    assert!(!test.orchestrator("report.html").exists());
    let written = |page: &std::path::Path| {
        let page = fs::read_to_string(page).unwrap();
        page.split("datetime=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    test.agents_and(&agents, "report: {every: 10m, path: site/status.html}\npaused: true");
    let page = test.path("site/status.html");
    for (seconds, expected) in [(0, NOW), (540, NOW), (60, "2026-03-02T10:30:00Z"), (-7_200, "2026-03-02T08:30:00Z")] {
        test.later(seconds).tick_and_wait().quiet();
        assert_eq!(written(&page), expected, "{seconds}");
    }
    assert!(fs::read_to_string(&page).unwrap().contains("anew every 10 min"));
    // Who opened it to others meant it.
    fs::set_permissions(&page, fs::Permissions::from_mode(0o644)).unwrap();
    // It says so if agents.yaml is wrong, and by hand it is written to the same place.
    test.agents_and(&agents, "report: {every: 10m, path: site/status.html}\npausd: true");
    test.later(600).run([] as [&str; 0]).code(2);
    test.wait_quiet();
    let text = fs::read_to_string(&page).unwrap();
    assert!(text.contains("did you mean paused?") && text.contains("Nothing starts"), "{text}");
    assert_eq!(fs::metadata(&page).unwrap().permissions().mode() & 0o777, 0o644);
    test.later(1).run(["report"]).ok().says("site/status.html");
    // What stands in the way is in the log.
    fs::remove_file(&page).unwrap();
    fs::create_dir(&page).unwrap();
    test.agents_and(&agents, "report: {path: site/status.html}");
    test.later(600).tick_and_wait();
    let log = fs::read_to_string(test.orchestrator("logs/scheduler-2026-03-02.log")).unwrap();
    assert!(log.contains("report: ") && log.contains("status.html"), "{log}");
}

#[test]
fn an_agent_may_not_write_it() {
    let test = Test::with_implementer();
    let call = "scheduler report -o page.html >\"$CLAUDE_CONFIG_DIR/debug/said\" 2>&1; write a.txt x; commit Done && finish Done.";
    test.claude.plays("implementer", call);
    test.tick_and_wait();
    let said = fs::read_to_string(test.notes("said")).unwrap();
    assert!(said.contains("may not call `scheduler report`"), "{said}");
}
