//! The file of MCP servers that the user gives an agent.

use serde_json::Value;

/// How names of tools of MCP servers begin.
pub const PREFIX: &str = "mcp__";

/// The rules that allow all tools of the servers in such a file.
///
/// # Errors
/// It is no such file: what it lacks.
pub fn rules(text: &str) -> Result<Vec<String>, String> {
    let file: Value = serde_json::from_str(text).map_err(|error| format!("no JSON: {error}"))?;
    let servers = file.get("mcpServers").and_then(Value::as_object);
    let servers = servers.ok_or("no object `mcpServers` in it, as .mcp.json has it")?;
    // As claude makes a tool's name of them.
    let plain = |letter: char| if letter.is_ascii_alphanumeric() || letter == '-' { letter } else { '_' };
    Ok(servers.keys().map(|name| format!("{PREFIX}{}", name.chars().map(plain).collect::<String>())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_become_rules() {
        let rules = |text| rules(text).map(|rules| rules.join(" "));
        assert_eq!(
            rules(r#"{"mcpServers": {"a-b": {"command": "x"}, "my db,x": {}}}"#).unwrap(),
            "mcp__a-b mcp__my_db_x"
        );
        assert_eq!(rules(r#"{"mcpServers": {}}"#).unwrap(), "");
        for bad in ["", "[]", "{}", r#"{"mcpServers": []}"#] {
            assert!(rules(bad).is_err(), "{bad}");
        }
    }
}
