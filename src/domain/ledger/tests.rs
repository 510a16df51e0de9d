use super::*;

pub fn entry(time: &str, agent: &str, cost_usd: Option<f64>) -> Entry {
    Entry {
        time: time::parse(time).unwrap(),
        agent: agent.parse().unwrap(),
        cost_usd,
        tally: Tally::Success,
        billing: None,
        role: Some(Role::Implementer),
        task: Some("TASK-1".parse().unwrap()),
        model: Some("claude-x".to_owned()),
        outcome: "finished".to_owned(),
        run: "0190d1c2-7f1a-4e5b-8c3d-1a2b3c4d5e6f".to_owned(),
        pull_request: Some(7),
        attempt: 1,
        turns: Some(3),
        input_tokens: Some(6_500),
        output_tokens: Some(250),
        cache_read_tokens: Some(6_000),
        cache_write_tokens: None,
        seconds: 12,
        is_estimate: false,
    }
}

fn text(entry: &Entry) -> String {
    serde_json::to_string(entry).unwrap()
}

/// What of a line is summed, as one text.
fn read(line: &str) -> Option<String> {
    Line::read(line.as_bytes(), |line| format!("{:?} {}", line, String::from_utf8_lossy(line.agent)))
}

#[test]
fn a_line_reads_the_same_the_quick_way_and_any_other() {
    let base = entry("2026-03-01T10:00:00Z", "impl-1", Some(0.25));
    let entries = [
        base.clone(),
        Entry { cost_usd: None, billing: Some(Payer::Subscription), tally: Tally::Failure, ..base.clone() },
        Entry { cost_usd: Some(1e-7), role: None, task: None, model: None, ..base.clone() },
        Entry { cost_usd: Some(0.0), is_estimate: true, ..base.clone() },
        Entry { model: Some("a \"b\\c\nd, {e}".to_owned()), ..base.clone() },
        Entry { model: Some("modèle, \"tally\":\"failure\"".to_owned()), ..base.clone() },
        Entry { model: Some("null".to_owned()), ..base },
    ];
    for entry in entries {
        let line = text(&entry);
        assert_eq!(serde_json::from_str::<Entry>(&line).unwrap(), entry, "{line}");
        // By hand: blanks, and another order.
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        let by_hand = value.to_string().replacen('{', "{ ", 1);
        assert!(Line::quick(by_hand.as_bytes()).is_none(), "{by_hand}");
        assert!(read(&line).is_some(), "{line}");
        assert_eq!(read(&line), read(&by_hand), "{line}");
        assert_eq!(read(&line), read(&format!("{line}\r\n")), "{line}");
        for end in 0..line.len() {
            if let Some(cut) = line.get(..end) {
                assert_eq!(read(cut), None, "{cut}");
            }
        }
    }
    for line in ["", "\n", "{}", "}", "[]", "\u{0}", "{\"time\":\"2026-03-01T10:00:00Z\",\"agent\":\"a\"}"] {
        assert_eq!(read(line), None, "{line}");
    }
    assert!(Line::quick(text(&entry("2026-03-01T10:00:00Z", "impl-1", None)).as_bytes()).is_some());
}

#[test]
fn lines_add_up() {
    let base = entry("2026-03-01T10:00:00Z", "impl-1", Some(0.5));
    let lines = [
        text(&base),
        text(&Entry { agent: "pm".parse().unwrap(), cost_usd: Some(2.0), task: None, ..base.clone() }),
        text(&Entry { tally: Tally::Failure, billing: Some(Payer::Subscription), ..base.clone() }),
        text(&Entry { time: time::parse("2026-02-20T23:59:59Z").unwrap(), cost_usd: None, ..base.clone() }),
        "{\"time\":\"2026-03-01T10:".to_owned(),
    ];
    let told = |by, since: Option<&str>| {
        let since = since.and_then(time::parse);
        // In two halves.
        let (mut sums, mut others) = (Sums::new(by, since), Sums::new(by, since));
        for (at, line) in lines.iter().enumerate() {
            let half = if at % 2 == 0 { &mut sums } else { &mut others };
            assert_eq!(half.add(line.as_bytes()), at != 4, "{line}");
        }
        sums.merge(&others);
        let (groups, total) = sums.told();
        let group = |group: &Group| format!("{} {} {:.2}", group.name, group.sum.runs, group.sum.cost_usd);
        (groups.iter().map(group).collect::<Vec<_>>().join(", "), total)
    };
    let (agents, total) = told(By::Agent, None);
    assert_eq!(agents, "pm 1 2.00, impl-1 3 1.00");
    let expected = Sum { runs: 4, cost_usd: 3.0, failed_runs: 1, failed_cost_usd: 0.5, notional_cost_usd: 0.5 };
    assert_eq!(total, expected);
    assert_eq!(told(By::Task, None).0, "- 1 2.00, TASK-1 3 1.00");
    assert_eq!(told(By::Role, None).0, "implementer 4 3.00");
    assert_eq!(told(By::Model, Some("2026-02-21T00:00:00Z")).0, "claude-x 3 3.00");
    assert_eq!(told(By::Agent, Some("2026-03-01T10:00:01Z")), (String::new(), Sum::default()));
    assert_eq!(told(By::Week, None).0, "2026-W08 1 0.00, 2026-W09 3 3.00");
}

#[test]
fn a_day_is_the_local_one_whatever_its_length() {
    let mut days = Days::default();
    // Two years of quarter hours, in which every zone that has them changes its clocks.
    let start = time::parse("2025-01-01T00:00:00Z").unwrap();
    for quarter in 0..2 * 365 * 96 {
        let at = start + chrono::Duration::minutes(15 * quarter);
        let text = time::to_text(at);
        assert_eq!(days.of(text.as_bytes()), Some(time::local_date(at)), "{text}");
    }
    for text in ["", "2026", "yesterday", "2026-13-01T10:00:00Z"] {
        assert_eq!(Days::default().of(text.as_bytes()), None, "{text}");
    }
}
