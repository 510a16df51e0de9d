//! How long tasks take from their creation until their work has landed.

/// The longest of each class in seconds, and what the class is called; what is longer is in the last one.
const CLASSES: [(i64, &str); 6] =
    [(900, "15 min"), (3_600, "1 h"), (4 * 3_600, "4 h"), (86_400, "1 d"), (3 * 86_400, "3 d"), (i64::MAX, "more")];

/// Some tasks' lead times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lead {
    pub count: usize,
    /// Half of them took no longer, in seconds.
    pub median: i64,
    /// Nine of ten took no longer.
    pub ninth: i64,
    pub longest: i64,
    /// How many are in each class, with what the class is called.
    pub classes: Vec<(&'static str, usize)>,
}

/// What lead times in seconds come to; `None` of none.
pub fn lead(mut seconds: Vec<i64>) -> Option<Lead> {
    seconds.sort_unstable();
    let (count, longest) = (seconds.len(), *seconds.last()?);
    // The smallest one that at least so many tenths don't exceed.
    let rank = |tenths: usize| seconds.get((count * tenths).div_ceil(10) - 1).copied().unwrap_or(longest);
    let mut from = 0;
    let classes = CLASSES.map(|(most, name)| {
        let to = seconds.partition_point(|one| *one <= most);
        (name, to - std::mem::replace(&mut from, to))
    });
    Some(Lead { count, median: rank(5), ninth: rank(9), longest, classes: classes.into() })
}
