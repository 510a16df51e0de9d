//! Files with every kind of fault that there is, and all that is said of each.

use crate::domain::config::read;

/// Blocks of `===== title`, the file, `-----`, and what is said of it, a line for each problem. Characters that an editor
/// hides are written as `<BOM>`, `␍` and `␉`.
const FAULTY: &str = include_str!("faulty.txt");

#[test]
fn every_fault_is_said_with_line_and_key() {
    let blocks: Vec<_> = FAULTY.split("===== ").skip(1).collect();
    assert!(blocks.len() >= 40);
    let mut wrong = String::new();
    for block in blocks {
        let (title, rest) = block.split_once('\n').unwrap();
        let (file, expected) = rest.split_once("-----\n").unwrap();
        let text = file.replace("<BOM>", "\u{feff}").replace('␍', "\r").replace('␉', "\t");
        let problems = read(&text).map_or_else(|problems| problems, |(_, warnings)| warnings);
        assert!(problems.is_sorted_by_key(|problem| problem.line), "{title}: {problems:?}");
        // The order within one line means nothing.
        let mut found: Vec<_> = problems.iter().map(|problem| format!("{:?} {problem}", problem.severity)).collect();
        let mut expected: Vec<_> = expected.lines().collect();
        found.sort_unstable();
        expected.sort_unstable();
        if found != expected {
            wrong.push_str(&format!("===== {title}\n{file}-----\n{}\n", found.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "these are told otherwise than the table says:\n{wrong}");
}
