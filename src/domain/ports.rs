//! The ports of an agent, by its position in agents.yaml.

use serde::{Deserialize, Serialize};

/// The first port of the first agent.
pub const BASE_PORT: u16 = 41_000;
/// How far apart two agents' first ports are.
pub const PORT_STRIDE: u16 = 10;

/// Three ports that no other agent gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ports {
    /// For a development server.
    pub dev: u16,
    /// For an MCP server.
    pub mcp: u16,
    /// For Playwright's websocket.
    pub playwright: u16,
}

/// The ports of the agent at `position`, counted from 0; `None` if they would lie beyond 65535.
pub fn ports(position: usize) -> Option<Ports> {
    let offset = u16::try_from(position).ok()?.checked_mul(PORT_STRIDE)?;
    let dev = BASE_PORT.checked_add(offset)?;
    Some(Ports { dev, mcp: dev.checked_add(1)?, playwright: dev.checked_add(2)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_position() {
        for (position, dev) in
            [(0, Some(41_000)), (1, Some(41_010)), (2_453, Some(65_530)), (2_454, None), (70_000, None)]
        {
            assert_eq!(ports(position).map(|ports| ports.dev), dev, "{position}");
        }
        assert_eq!(ports(2), Some(Ports { dev: 41_020, mcp: 41_021, playwright: 41_022 }));
    }
}
