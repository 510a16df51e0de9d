//! Which pocket pays, and what of agents.yaml reaches claude's command line.

use crate::support::Test;

fn project(settings: &str) -> Test {
    let test = Test::new();
    test.claude.implements();
    test.config(&format!("agents:\n- {{name: impl-1, role: implementer, {settings}}}\n"))
        .task_for("TASK-1", "implement");
    test
}

#[test]
fn a_subscription_pays_though_there_is_a_key() {
    let test = project("billing: subscription, env: {ANTHROPIC_BASE_URL: 'http://x.invalid', OWN: y}");
    test.set_env("ANTHROPIC_API_KEY", "sk-1").set_env("CLAUDE_CODE_OAUTH_TOKEN", "login");
    test.tick_and_wait().says("impl-1: started with TASK-1");
    let call = test.claude.only_call();
    assert_eq!((call.env("ANTHROPIC_API_KEY"), call.env("ANTHROPIC_BASE_URL")), (None, None));
    assert_eq!((call.env("CLAUDE_CODE_OAUTH_TOKEN"), call.env("OWN")), (Some("login"), Some("y")));
    test.run(["agent", "show", "impl-1"]).ok().says("Billing   subscription: ").says("(CLAUDE_CODE_OAUTH_TOKEN)");
    test.run(["doctor"]).says("claude: the subscription pays (CLAUDE_CODE_OAUTH_TOKEN)");
}

#[test]
fn without_a_key_nobody_starts_whom_only_a_key_pays_for() {
    let test =
        project("billing: api, fallback_model: haiku, effort: high, claude_args: [--append-system-prompt, Be brief.]");
    test.set_env("CLAUDE_CODE_OAUTH_TOKEN", "login").tick().quiet();
    // What the timer's environment has counts, not that of a terminal.
    test.set_env("ANTHROPIC_API_KEY", "sk-1");
    test.run(["why", "impl-1"]).ok().says("only the API may pay for it").says("agent set impl-1 billing=any");
    assert_eq!((test.task_state("TASK-1"), test.claude.count()), ("incoming", 0));
    test.unset_env("ANTHROPIC_API_KEY").run(["doctor"]).code(1).says("`billing: api`, and no ANTHROPIC_API_KEY");
    test.set_env("ANTHROPIC_API_KEY", "sk-1").tick_and_wait().says("impl-1: started with TASK-1");
    let call = test.claude.last_call();
    assert_eq!(call.env("ANTHROPIC_API_KEY"), Some("sk-1"));
    let flags = ["--fallback-model", "--effort", "--append-system-prompt"].map(|name| call.flag(name));
    assert_eq!(flags, [Some("haiku"), Some("high"), Some("Be brief.")]);
    test.run(["agent", "show", "impl-1", "--json"]).ok().says("the API pays (ANTHROPIC_API_KEY)").says_not("sk-1");
}
