//! `scheduler prompt`: the built-in prompts.

use super::support::Test;
use std::fs;

#[test]
fn listed_shown_and_ejected() {
    let test = Test::new();
    test.agents(&[("impl", "implementer")]);
    for name in ["test_quality", "code_structure", "features", "plans", "security", "documentation", "curator"] {
        test.run(["prompt", "list"]).ok().says(name).quiet();
    }
    let shown = test.run(["prompt", "show", "security"]).ok().says("Secrets in the repository").stdout;
    test.run(["prompt", "eject", "security"]).ok().says("prompts/security.md");
    let path = test.orchestrator("prompts/security.md");
    assert_eq!(fs::read_to_string(&path).unwrap(), shown);
    fs::write(&path, "mine").unwrap();
    test.run(["prompt", "eject", "security"]).refuses().complains("left as it is");
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    let json = test.run(["prompt", "list", "--json"]).ok().json();
    let yours: Vec<_> = json.as_array().unwrap().iter().filter(|one| !one["replaced_by"].is_null()).collect();
    // Proposers and gatekeepers both have one of that name, and one file replaces both.
    assert_eq!((yours.len(), &yours[0]["name"]), (2, &"security".into()));
    test.run(["prompt", "show", "sekurity"]).code(2).complains("Did you mean security?");
    test.run(["prompt", "eject", "../../x"]).code(2).complains("no built-in prompt");
}
