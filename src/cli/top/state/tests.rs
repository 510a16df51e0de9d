use super::*;
use crate::engine::overview::sample;

fn state(names: &[&str]) -> State {
    State::new(sample::overview(names))
}

fn press(state: &mut State, code: KeyCode) -> Act {
    state.key(KeyEvent::new(code, KeyModifiers::NONE))
}

fn typed(state: &mut State, c: char) -> Act {
    press(state, KeyCode::Char(c))
}

fn command(words: &str) -> Act {
    Act::Command(words.split(' ').map(str::to_owned).collect())
}

fn names(state: &mut State, height: usize) -> (Vec<String>, usize) {
    let (visible, chosen) = state.visible(height);
    (visible.iter().map(|agent| agent.name.to_string()).collect(), chosen)
}

#[test]
fn keys_on_an_agent() {
    let mut state = state(&["impl-1", "test-1", "pm"]);
    let name = || "impl-1".parse().unwrap();
    assert_eq!(press(&mut state, KeyCode::Enter), Act::Log(name()));
    assert_eq!(typed(&mut state, 'w'), Act::Why(name()));
    assert_eq!(typed(&mut state, 'p'), command("agent pause impl-1"));
    assert_eq!(typed(&mut state, 'r'), command("agent run impl-1"));
    assert_eq!(typed(&mut state, 'x'), Act::Draw);
    press(&mut state, KeyCode::Down);
    assert_eq!(typed(&mut state, 'p'), command("agent resume test-1"));
    assert_eq!(typed(&mut state, 'P'), command("pause"));
    state.overview.pause.paused_by_marker = true;
    assert_eq!(typed(&mut state, 'P'), command("resume"));
    assert_eq!(typed(&mut state, '?'), Act::Help);
    assert_eq!(typed(&mut state, 'q'), Act::Quit);
    let control = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(state.key(control), Act::Quit);
    assert_eq!(State::new(sample::overview(&[])).key(KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE)), Act::Draw);
}

#[test]
fn a_run_is_stopped_only_after_a_yes() {
    let mut state = state(&["impl-1", "test-1"]);
    for no in [KeyCode::Char('n'), KeyCode::Enter, KeyCode::Esc, KeyCode::Char('s')] {
        assert_eq!(typed(&mut state, 's'), Act::Draw);
        assert!(state.asked.as_ref().unwrap().0.contains("impl-1"));
        assert_eq!((press(&mut state, no), state.asked.is_none()), (Act::Draw, true), "{no:?}");
    }
    typed(&mut state, 's');
    assert_eq!(typed(&mut state, 'y'), command("agent stop impl-1"));
    press(&mut state, KeyCode::Down);
    assert_eq!((typed(&mut state, 's'), state.asked.is_none()), (Act::Draw, true));
    assert!(state.note.render(false).contains("test-1: no run"));
}

#[test]
fn the_chosen_agent_stays_in_sight_and_chosen() {
    let all: Vec<String> = (0..100).map(|number| format!("a-{number}")).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let mut state = state(&all);
    assert_eq!(names(&mut state, 3), (vec!["a-0".to_owned(), "a-1".to_owned(), "a-2".to_owned()], 0));
    for (key, first, chosen) in [
        (KeyCode::Up, "a-0", 0),
        (KeyCode::Down, "a-0", 1),
        (KeyCode::PageDown, "a-1", 2),
        (KeyCode::End, "a-97", 2),
        (KeyCode::Down, "a-97", 2),
        (KeyCode::PageUp, "a-97", 0),
        (KeyCode::Up, "a-96", 0),
        (KeyCode::Home, "a-0", 0),
    ] {
        press(&mut state, key);
        let (visible, at) = names(&mut state, 3);
        assert_eq!((visible[0].as_str(), at), (first, chosen), "{key:?}");
    }
    press(&mut state, KeyCode::End);
    assert_eq!(names(&mut state, 50).1, 49, "a larger window");
    assert_eq!(names(&mut state, 1), (vec!["a-99".to_owned()], 0), "a smaller one");
    assert_eq!(names(&mut state, 0).0.len(), 0);
    // It is known by its name, wherever it stands now; one that is gone leaves its place to another.
    state.overview.agents.reverse();
    assert_eq!(state.chosen().unwrap().name.as_str(), "a-99");
    state.overview.agents.clear();
    assert_eq!((state.chosen().is_none(), names(&mut state, 5)), (true, (Vec::new(), 0)));
}

#[test]
fn only_those_at_work_and_the_other_pages() {
    let mut state = state(&["impl-1", "test-1"]);
    press(&mut state, KeyCode::Down);
    typed(&mut state, 'f');
    assert_eq!(names(&mut state, 9), (vec!["impl-1".to_owned()], 0));
    assert_eq!(state.seen().count(), 1);
    typed(&mut state, 'f');
    assert_eq!(press(&mut state, KeyCode::Tab), Act::Queue);
    assert!(matches!(state.page, Page::Queue(_)));
    assert_eq!(typed(&mut state, 's'), Act::Draw);
    assert!(state.asked.is_none(), "nothing is chosen here");
    assert_eq!(typed(&mut state, 'q'), Act::Draw);
    assert!(matches!(state.page, Page::Agents));
    let lines = (0..9).map(|number| Line::new(&number.to_string(), Tone::Plain)).collect();
    state.page = Page::Text("Keys".to_owned(), Pane::new(lines));
    press(&mut state, KeyCode::Down);
    let Page::Text(_, pane) = &mut state.page else { panic!() };
    assert_eq!(pane.window(9, 2)[0].render(false), "0", "nothing was seen yet");
    press(&mut state, KeyCode::PageDown);
    let Page::Text(_, pane) = &mut state.page else { panic!() };
    assert_eq!(pane.window(9, 2)[0].render(false), "1");
    press(&mut state, KeyCode::Esc);
    assert!(matches!(state.page, Page::Agents));
}
