//! Who is due and waits for something of its own: a key, its hours, something new.

use super::*;

#[test]
fn who_pays_by_a_key_starts_only_with_one() {
    for (settings, lacks, expected) in [
        ("billing: api", true, "NoApiKey NoApiKey NoApiKey NoApiKey NoApiKey"),
        ("billing: api", false, "T1#1 NoTask NoTask NoTask explore"),
        ("billing: api, env: {ANTHROPIC_API_KEY: x}", true, "T1#1 NoTask NoTask NoTask explore"),
        ("billing: subscription", true, "T1#1 NoTask NoTask NoTask explore"),
    ] {
        let config = team(&format!("defaults: {{{settings}}}"));
        let mut snapshot = snapshot(&config, &[("T1", IMPLEMENT)]);
        snapshot.lacks_api_key = lacks;
        snapshot.requested.insert(config.agents[0].name.clone());
        assert_eq!(words(&config, &snapshot), expected, "{settings}");
    }
}

#[test]
fn off_hours_only_who_is_asked_for_starts() {
    let weekday = at("12:00:00").with_timezone(&Local).format("%a").to_string().to_lowercase();
    for (days, expected) in [
        (weekday.clone(), "T1#1 NoTask NoTask NoTask explore"),
        (
            if weekday == "mon" { "thu" } else { "mon" }.to_owned(),
            "T1#1 OutsideHours OutsideHours OutsideHours OutsideHours",
        ),
    ] {
        let config = team(&format!("defaults: {{days: [{days}]}}"));
        let mut snapshot = snapshot(&config, &[("T1", IMPLEMENT)]);
        snapshot.requested.insert(config.agents[0].name.clone());
        assert_eq!(words(&config, &snapshot), expected, "{days}");
    }
}

#[test]
fn who_looks_for_work_waits_for_something_new() {
    for (requested, extra, expected) in [
        (false, "", "NoTask NoTask NoTask NoTask Unchanged"),
        (false, "queue_limits: {max_incoming: 0}", "NoTask NoTask NoTask NoTask QueueFull"),
        (true, "", "NoTask NoTask NoTask NoTask explore"),
    ] {
        let config = team(extra);
        let mut snapshot = snapshot(&config, &[]);
        let pm = &config.agents[4].name;
        if requested {
            snapshot.requested.insert(pm.clone());
        }
        let explorers = needs(&config, &snapshot, at("12:00:00")).explorers;
        // What was asked for needs no look at what has changed.
        if explorers == [4] {
            snapshot.unchanged.insert(pm.clone(), at("11:00:00"));
        }
        assert_eq!(words(&config, &snapshot), expected, "{extra}");
    }
}

#[test]
fn without_work_nobody_starts() {
    let config = team("queue_limits: {max_incoming: 1}");
    let mut full = snapshot(&config, &[]);
    full.claimed = 1;
    assert_eq!(words(&config, &full), "NoTask NoTask NoTask NoTask QueueFull");
}
