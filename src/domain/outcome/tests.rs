use super::*;
use crate::domain::time;

fn now() -> Time {
    time::parse("2026-01-15T10:00:00Z").unwrap()
}

/// One line of a table: exit, why stopped, the result line as JSON, began, stderr; and the word expected.
fn outcome(code: i32, stopped: Option<Stopped>, result: &str, stderr: &str) -> Outcome {
    let result: Option<ResultLine> = (!result.is_empty()).then(|| serde_json::from_str(result).unwrap());
    let exit =
        if code < 0 { Exit { code: None, signal: Some(-code) } } else { Exit { code: Some(code), signal: None } };
    let began = !stderr.starts_with("error:");
    classify(&End {
        exit,
        stopped,
        result: result.as_ref(),
        rate_limit: None,
        api_retry: None,
        began,
        stderr,
        now: now(),
        here: &[],
    })
}

#[test]
fn ends_as_recorded() {
    let good = r#"{"subtype":"success","terminal_reason":"completed"}"#;
    let api = |status: &str| {
        format!(
            r#"{{"subtype":"success","is_error":true,"terminal_reason":"api_error","api_error_status":{status},"result":"oops"}}"#
        )
    };
    let said = |text: &str, kind: &str| {
        format!(r#"{{"subtype":"success","is_error":true,"result":"{text}","api_error":"{kind}"}}"#)
    };
    for (code, stopped, result, stderr, word, blame) in [
        (0, None, good.to_owned(), "", "finished", Blame::Nobody),
        (-9, Some(Stopped::Lingered), good.to_owned(), "", "finished", Blame::Nobody),
        (143, Some(Stopped::TimedOut), good.to_owned(), "", "finished", Blame::Nobody),
        (143, Some(Stopped::Interrupted), good.to_owned(), "", "finished", Blame::Nobody),
        (1, None, good.to_owned(), "", "crashed", Blame::Run),
        (
            1,
            None,
            r#"{"subtype":"error_max_turns","is_error":true,"terminal_reason":"max_turns"}"#.to_owned(),
            "",
            "turn_limit",
            Blame::Run,
        ),
        (1, None, r#"{"subtype":"error_max_budget_usd","is_error":true}"#.to_owned(), "", "budget", Blame::Run),
        (
            1,
            None,
            r#"{"subtype":"success","is_error":true,"terminal_reason":"prompt_too_long"}"#.to_owned(),
            "",
            "bad_task",
            Blame::Task,
        ),
        (1, None, api("429"), "", "api_error", Blame::Everybody),
        (1, None, api("529"), "", "api_error", Blame::Everybody),
        (1, None, api("500"), "", "api_error", Blame::Everybody),
        (1, None, api("401"), "", "api_error", Blame::Everybody),
        (1, None, api("403"), "", "api_error", Blame::Everybody),
        (1, None, api("400"), "", "api_error", Blame::Run),
        (1, None, api("404"), "", "api_error", Blame::Agent),
        (1, None, api("null"), "", "crashed", Blame::Run),
        (
            1,
            None,
            r#"{"subtype":"success","is_error":true,"result":"Not logged in · Please run /login"}"#.to_owned(),
            "",
            "api_error",
            Blame::Everybody,
        ),
        (
            1,
            None,
            r#"{"subtype":"success","is_error":true,"terminal_reason":"completed","result":"Unable to connect"}"#
                .to_owned(),
            "",
            "api_error",
            Blame::Everybody,
        ),
        (1, None, said("API Error: Connection error.", "connection_failed"), "", "api_error", Blame::Everybody),
        (1, None, said("", "connection_failed"), "", "api_error", Blame::Everybody),
        (1, None, said("exceeded the 32000 output token maximum", ""), "", "crashed", Blame::Run),
        (
            1,
            None,
            said("unable to respond to this request, which appears to violate our Usage Policy", ""),
            "",
            "bad_task",
            Blame::Task,
        ),
        (
            1,
            None,
            r#"{"subtype":"success","is_error":true,"api_error_status":400,"result":"Credit balance is too low"}"#
                .to_owned(),
            "",
            "api_error",
            Blame::Everybody,
        ),
        (
            1,
            None,
            r#"{"subtype":"success","is_error":true,"result":"Claude AI usage limit reached|1768482000"}"#.to_owned(),
            "",
            "usage_limit",
            Blame::Everybody,
        ),
        (
            0,
            None,
            r#"{"subtype":"error_during_execution","is_error":true,"terminal_reason":"aborted_tools"}"#.to_owned(),
            "",
            "interrupted",
            Blame::Nobody,
        ),
        (143, None, String::new(), "", "interrupted", Blame::Nobody),
        (129, None, String::new(), "", "interrupted", Blame::Nobody),
        (-15, None, String::new(), "", "interrupted", Blame::Nobody),
        (143, Some(Stopped::Interrupted), String::new(), "", "interrupted", Blame::Nobody),
        (143, Some(Stopped::Cancelled), String::new(), "", "cancelled", Blame::Nobody),
        (-9, Some(Stopped::Abandoned), String::new(), "", "lost_contact", Blame::Nobody),
        (143, Some(Stopped::TimedOut), String::new(), "", "timed_out", Blame::Run),
        (-9, Some(Stopped::Stalled), String::new(), "", "stalled", Blame::Run),
        (-9, None, String::new(), "", "crashed", Blame::Run),
        (0, None, String::new(), "", "crashed", Blame::Run),
        (1, None, String::new(), "error: unknown option '--x'", "launch_failed", Blame::Agent),
        (1, None, String::new(), "boom", "crashed", Blame::Run),
    ] {
        let found = outcome(code, stopped, &result, stderr);
        assert_eq!(found.word(), word, "{code} {stopped:?} {result} {stderr}");
        assert_eq!(found.blame(), blame, "{found:?}");
    }
}

#[test]
fn usage_limits_name_their_end() {
    let limit = RateLimit { status: "rejected".to_owned(), resets_at: Some(1_768_482_000), ..RateLimit::default() };
    let end = End {
        exit: Exit { code: Some(1), signal: None },
        stopped: None,
        result: None,
        rate_limit: Some(&limit),
        api_retry: None,
        began: true,
        stderr: "",
        now: now(),
        here: &[],
    };
    let until = Time::from_timestamp(1_768_482_000, 0);
    assert_eq!(classify(&end), Outcome::UsageLimit { until });
    let cooldown = classify(&end).cooldown(now()).unwrap();
    assert_eq!(cooldown.until, until.unwrap() + Duration::seconds(30));
    let in_milliseconds = RateLimit { resets_at: Some(1_768_482_000_000), ..limit.clone() };
    assert_eq!(classify(&End { rate_limit: Some(&in_milliseconds), ..end }), Outcome::UsageLimit { until });
    let absurd = Outcome::UsageLimit { until: Some(now() + Duration::days(400)) };
    assert_eq!(absurd.cooldown(now()).unwrap().until, now() + Duration::minutes(30));
    assert!(cooldown.holds(now()) && !cooldown.holds(cooldown.until));
    assert!(!cooldown.holds(now() - Duration::days(30)), "set under a clock that was wrong");
    let past = Outcome::UsageLimit { until: Some(now() - Duration::hours(1)) };
    assert_eq!(past.cooldown(now()).unwrap().until, now() + Duration::minutes(30));
}

#[test]
fn limits_are_recognized_in_words_of_every_version() {
    for (said, is_limit) in [
        ("You've hit your limit · resets 3am", true),
        ("You've hit your session limit · resets 5:10pm (Europe/Paris)", true),
        ("You've hit your weekly Opus limit", true),
        ("5-hour limit reached ∙ resets 3am", true),
        ("Claude AI usage limit reached|1768482000", true),
        ("It would hit your disk, which has a size limit", false),
    ] {
        let result = ResultLine { is_error: true, subtype: "success".to_owned(), ..ResultLine::default() };
        let json = serde_json::to_string(&ResultLine { result: Some(said.to_owned()), ..result }).unwrap();
        assert_eq!(outcome(1, None, &json, "").word() == "usage_limit", is_limit, "{said}");
    }
}

#[test]
fn the_last_retry_tells_the_status_where_the_result_does_not() {
    let json = r#"{"subtype":"success","is_error":true,"result":"Overloaded"}"#;
    let result: ResultLine = serde_json::from_str(json).unwrap();
    let retry = ApiRetry { status: Some(529), ..ApiRetry::default() };
    let end = End {
        exit: Exit { code: Some(1), signal: None },
        stopped: None,
        result: Some(&result),
        rate_limit: None,
        api_retry: Some(&retry),
        began: true,
        stderr: "",
        now: now(),
        here: &[],
    };
    assert_eq!(classify(&end), Outcome::ApiError { status: Some(529), message: "Overloaded".to_owned() });
}

#[test]
fn who_reads_it_learns_what_to_do() {
    let said = |status| Outcome::ApiError { status, message: "said so".to_owned() }.to_string();
    for (status, advice) in [(Some(401), "setup-token"), (Some(403), "organization"), (Some(404), "claude_model")] {
        let text = said(status);
        assert!(text.contains("said so") && text.contains(advice), "{text}");
    }
    assert_eq!(said(Some(529)), "the model's service answered 529: said so");
}

#[test]
fn stopped_in_its_retries_it_did_not_get_through() {
    let retry = ApiRetry { status: Some(500), error: Some("server_error".to_owned()), ..ApiRetry::default() };
    let end = |stopped, api_retry| End {
        exit: Exit { code: Some(143), signal: None },
        stopped: Some(stopped),
        result: None,
        rate_limit: None,
        api_retry,
        began: true,
        stderr: "",
        now: now(),
        here: &[],
    };
    for stopped in [Stopped::Stalled, Stopped::TimedOut] {
        let outcome = classify(&end(stopped, Some(&retry)));
        assert_eq!((outcome.word(), outcome.blame()), ("api_error", Blame::Everybody), "{outcome}");
        assert_eq!(classify(&end(stopped, None)).blame(), Blame::Run);
    }
    assert_eq!(classify(&end(Stopped::Interrupted, Some(&retry))), Outcome::Interrupted { by: Interruption::Demand });
}
