//! How two machines tell each other that they live: one changes a file, the other measures by its own clock how long ago it
//! saw the file change. No clock is compared with another one.

use std::time::Duration;

/// How often a file is changed that others take for dead after so many seconds without a change.
pub fn beat_every(lease_seconds: u32) -> Duration {
    Duration::from_secs(u64::from(lease_seconds / 6).clamp(1, 10))
}

/// A file as it is watched. What a moment is, is for who asks: any clock that only goes on.
#[derive(Clone, Debug)]
pub struct Heartbeat {
    content: Option<String>,
    changed: Duration,
}

impl Heartbeat {
    /// A file that nobody has looked at before `now`.
    pub fn new(now: Duration) -> Self {
        Self { content: None, changed: now }
    }

    /// Takes in what the file holds `now`. What can't be read, or isn't there, is no change.
    pub fn observe(&mut self, content: Option<String>, now: Duration) {
        if content.is_some() && content != self.content {
            self.content = content;
            self.changed = now;
        }
    }

    /// How long it hasn't changed.
    pub fn silence(&self, now: Duration) -> Duration {
        now.saturating_sub(self.changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beat_comes_often_enough() {
        for (lease, every) in [(1, 1), (6, 1), (30, 5), (60, 10), (180, 10), (3600, 10)] {
            assert_eq!(beat_every(lease), Duration::from_secs(every), "{lease}");
        }
    }

    #[test]
    fn only_a_change_ends_a_silence() {
        let at = Duration::from_secs;
        let mut beat = Heartbeat::new(at(100));
        for (content, now, silence) in
            [(None, 103, 3), (Some("1"), 104, 0), (Some("1"), 109, 5), (None, 110, 6), (Some("0"), 115, 0)]
        {
            beat.observe(content.map(str::to_owned), at(now));
            assert_eq!(beat.silence(at(now)), at(silence), "{now}");
        }
        // A clock that was read a moment earlier.
        assert_eq!(beat.silence(at(90)), at(0));
    }
}
