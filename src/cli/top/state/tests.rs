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

/// The chosen agent.
fn chosen(state: &State) -> &str {
    state.listed()[state.at()].name.as_str()
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
fn an_agent_is_chosen_by_its_name() {
    let all: Vec<String> = (0..100).map(|number| format!("a-{number}")).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let mut state = state(&all);
    state.height = 3;
    for (key, at) in [
        (KeyCode::Up, "a-0"),
        (KeyCode::Down, "a-1"),
        (KeyCode::PageDown, "a-3"),
        (KeyCode::End, "a-99"),
        (KeyCode::Down, "a-99"),
        (KeyCode::PageUp, "a-97"),
        (KeyCode::Up, "a-96"),
        (KeyCode::Home, "a-0"),
        (KeyCode::End, "a-99"),
    ] {
        press(&mut state, key);
        assert_eq!(chosen(&state), at, "{key:?}");
    }
    // It is known by its name, wherever it stands now; one that is gone leaves its place to another.
    state.overview.agents.reverse();
    assert_eq!((chosen(&state), state.at()), ("a-99", 0));
    state.list.select(Some(1));
    state.overview.agents.remove(0);
    assert_eq!(chosen(&state), "a-97");
    state.overview.agents.clear();
    assert_eq!((state.at(), press(&mut state, KeyCode::Enter)), (0, Act::Draw));
}

#[test]
fn only_those_at_work_and_the_other_pages() {
    let mut state = state(&["impl-1", "test-1"]);
    press(&mut state, KeyCode::Down);
    typed(&mut state, 'f');
    assert_eq!((chosen(&state), state.listed().len()), ("impl-1", 1));
    typed(&mut state, 'f');
    assert_eq!(press(&mut state, KeyCode::Tab), Act::Queue);
    let lines = (0..9).map(|number| Line::new(&number.to_string(), Tone::Plain)).collect();
    state.open("Nine", Pane::new(lines), Source::Text);
    assert_eq!((typed(&mut state, 's'), state.asked.is_none()), (Act::Draw, true), "nothing is chosen here");
    let mut first = |key| {
        press(&mut state, key);
        state.page.as_mut().map(|page| page.pane.window(9, 2)[0].render(false))
    };
    assert_eq!(first(KeyCode::Down).unwrap(), "0", "nothing was seen yet");
    assert_eq!(first(KeyCode::PageDown).unwrap(), "1");
    assert_eq!(first(KeyCode::Esc), None);
    assert_eq!((typed(&mut state, '?'), state.page.as_ref().unwrap().title.as_str()), (Act::Draw, "Keys"));
    assert_eq!((typed(&mut state, 'q'), state.page.is_none()), (Act::Draw, true));
}
