//! What the first request of each role carries, counted at the far end of the wire: the real claude talks to a server of this
//! test, which takes its requests and has nothing to say.
//!
//! ```sh
//! SCHEDULER_CLAUDE=$(which claude) cargo test --locked --test integration -- --ignored --nocapture tokens
//! ```

use super::support::{Test, proposals::architect};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What stands in the list beside the tools that were asked for.
const OF_CLAUDE: [&str; 2] = ["StructuredOutput", "DeferredToolPlaceholder"];

const ANSWER: &str = concat!(
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}\n\n",
    "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"done\"}}\n\n",
    "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":1}}\n\n",
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
);

type Requests = Arc<Mutex<Vec<String>>>;

/// The server, and what it was sent.
fn serve() -> (u16, Requests) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (port, requests) = (listener.local_addr().unwrap().port(), Requests::default());
    let sent = requests.clone();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let sent = sent.clone();
            thread::spawn(move || answer(stream, &sent));
        }
    });
    (port, requests)
}

fn answer(mut stream: TcpStream, sent: &Requests) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut head = String::new();
    while reader.read_line(&mut head).ok()? > 2 {}
    let length = head.to_lowercase().split("content-length:").nth(1)?.split_whitespace().next()?.parse().ok()?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    if head.starts_with("POST /v1/messages?") || head.starts_with("POST /v1/messages ") {
        sent.lock().ok()?.push(String::from_utf8_lossy(&body).into_owned());
    }
    let kind = "Content-Type: text/event-stream\r\nConnection: close";
    write!(stream, "HTTP/1.1 200 OK\r\n{kind}\r\n\r\n{ANSWER}").ok()
}

/// The first request of an agent whose runs these are: how many tokens, and which tools.
fn first(requests: &Requests, agent: &str) -> (usize, BTreeSet<String>) {
    let requests = requests.lock().unwrap();
    let request = requests.iter().find(|request| request.contains(&format!("You are **{agent}**"))).unwrap();
    let body: Value = serde_json::from_str(request).unwrap();
    let tools = body["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap().to_owned());
    (request.len() / 4, tools.filter(|tool| !OF_CLAUDE.contains(&tool.as_str())).collect())
}

fn with_claude(test: &Test, claude: &str, port: u16) {
    test.set_env("ANTHROPIC_BASE_URL", format!("http://127.0.0.1:{port}"));
    test.set_env("ANTHROPIC_API_KEY", "none").set_env("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1");
    test.program("claude", &format!("#!/bin/sh\nexec '{claude}' \"$@\"\n"));
}

#[test]
#[ignore = "needs the real claude, named by SCHEDULER_CLAUDE"]
fn tokens_of_the_first_request_of_each_role() {
    let claude = std::env::var("SCHEDULER_CLAUDE").unwrap();
    let (port, requests) = serve();
    let look = ["Bash", "Glob", "Grep", "Read", "Skill"].as_slice();
    let work = ["Bash", "Edit", "Glob", "Grep", "Read", "Skill", "Write"].as_slice();
    let off = "sandbox: {mode: off}, interval_seconds: 60";
    let agents = |agents: &[(&str, &str)]| -> String {
        agents.iter().map(|(name, role)| format!("- {{name: {name}, role: {role}, {off}}}\n")).collect()
    };
    let tasks = Test::new();
    let names = ["product_manager", "implementer", "tester", "reviewer"];
    tasks.with_origin().config(&format!("agents:\n{}", agents(&names.map(|name| (name, name)))));
    tasks.github.install();
    for role in ["implement", "test", "review"] {
        tasks.task_for(&format!("TASK-{role}"), role);
    }
    let proposals = Test::new();
    let names = ["proposer", "curator"];
    proposals.config(&format!("model: proposal\nagents:\n{}", agents(&names.map(|name| (name, name)))));
    architect("Mend it", "debt", &[]).add(&proposals);
    let gated = Test::gated_with(
        "",
        &format!(
            "agents:\n- {{name: coordinator, role: gatekeeper_coordinator, interval_seconds: 60}}\n- {{name: gatekeeper, role: gatekeeper, focus: lint, {off}}}\n"
        ),
    );
    gated.pull_request("a");
    for test in [&tasks, &proposals, &gated] {
        with_claude(test, &claude, port);
        test.tick_and_wait();
        test.later(60).tick_and_wait();
    }
    println!("| Role | Tokens | Tools |\n| --- | --- | --- |");
    for (agent, expected) in [
        ("product_manager", look),
        ("proposer", look),
        ("curator", &["Bash", "Read"]),
        ("implementer", work),
        ("tester", work),
        ("reviewer", look),
        ("gatekeeper", look),
    ] {
        let (tokens, tools) = first(&requests, agent);
        assert!(tools.iter().eq(expected.iter()), "{agent}: {tools:?}");
        println!("| `{agent}` | {tokens} | {} |", expected.join(", "));
    }
}
