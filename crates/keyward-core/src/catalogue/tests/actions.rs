//! Methods, actions and sets of them.

use super::*;

#[test]
fn methods_are_exact_and_stand_for_actions() {
    for method in Method::ALL {
        assert_eq!(Method::parse(method.as_str()), Some(method));
        assert_eq!(Method::parse(&method.as_str().to_lowercase()), None);
    }
    for text in ["", "GET ", "TRACE", "CONNECT", "PROPFIND", "Get"] {
        assert_eq!(Method::parse(text), None, "{text}");
    }
    let letters: String = Method::ALL
        .into_iter()
        .map(|method| Action::of(method).letter())
        .collect();
    assert_eq!(letters, "rrcuudr", "GET HEAD POST PUT PATCH DELETE OPTIONS");
    for action in Action::ALL {
        assert_eq!(Action::parse(action.as_str()), Some(action));
    }
    assert_eq!(Action::parse("Read"), None);
}

#[test]
fn actions_have_one_spelling_and_are_sets() {
    let sets: Vec<Actions> = (0..16_u8)
        .map(|bits| {
            let chosen = Action::ALL
                .into_iter()
                .enumerate()
                .filter(|(n, _)| bits >> n & 1 == 1);
            chosen.fold(Actions::NONE, |set, (_, action)| set.with(action))
        })
        .collect();
    for one in &sets {
        assert_eq!(Actions::parse(&one.to_string()), Some(*one));
        assert_eq!(one.is_empty(), one.to_string().is_empty());
        for other in &sets {
            let in_both = |action| one.contains(action) && other.contains(action);
            let in_either = |action| one.contains(action) || other.contains(action);
            for action in Action::ALL {
                assert_eq!(one.intersect(*other).contains(action), in_both(action));
                assert_eq!(one.union(*other).contains(action), in_either(action));
            }
            let subset = Action::ALL
                .into_iter()
                .all(|a| !one.contains(a) || other.contains(a));
            assert_eq!(one.is_subset_of(*other), subset, "{one} {other}");
        }
    }
    assert_eq!(Actions::parse("crud"), Some(Actions::ALL));
    assert_eq!(Actions::parse(""), Some(Actions::NONE));
    assert_eq!(Actions::ALL.to_string(), "crud");
    for bad in ["rc", "rr", "R", "x", "crudx", "crudd", " r", "r "] {
        assert_eq!(Actions::parse(bad), None, "{bad}");
    }
}
