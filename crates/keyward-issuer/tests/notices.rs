//! Guarantees that each owner is told each thing about a key once, whatever is edited, crashes,
//! or happens to the clock: the keeper of a key as it is, with its storage, its outbox and a
//! world around it that misbehaves.
mod keeper;

use std::cell::RefCell;

use keeper::{Keeper, Sent, Trouble, owner};
use keyward_issuer::notice::{Notice, Outcome, State, Threshold};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

const DAY_S: u64 = 24 * 60 * 60;
const START_S: u64 = 1_800_000_000;

fn told(keeper: &Keeper) -> Vec<u64> {
    let days = keeper.sent.iter().filter_map(|one| match one.notice {
        Notice::Expires { threshold, .. } => Some(threshold.days()),
        _ => None,
    });
    days.collect()
}

#[test]
fn a_key_of_a_year_has_four_notices_of_its_end() {
    let mut keeper = Keeper::made(START_S, 365 * DAY_S, &[1]);
    keeper.pass_to(START_S + 365 * DAY_S - 1);
    assert_eq!(told(&keeper), [90, 30, 7]);
    keeper.pass_to(START_S + 400 * DAY_S);
    assert_eq!(told(&keeper), [90, 30, 7, 0]);
    assert_eq!(keeper.sent[0].notice, Notice::Created);
    for one in &keeper.sent[1..] {
        assert!(one.at_s < START_S + 366 * DAY_S);
    }
    let facts = keeper.facts();
    assert_eq!(facts.next_at_s(&keeper.planned(), keeper.now_s), None);
}

#[test]
fn a_short_life_has_only_what_lies_ahead() {
    for (days, expected) in [
        (91, vec![90, 30, 7, 0]),
        (90, vec![30, 7, 0]),
        (60, vec![30, 7, 0]),
        (30, vec![7, 0]),
        (3, vec![0]),
    ] {
        let mut keeper = Keeper::made(START_S, days * DAY_S, &[1]);
        keeper.pass_to(START_S + 100 * DAY_S);
        assert_eq!(told(&keeper), expected, "{days} days");
    }
}

#[test]
fn another_end_is_planned_anew_and_the_old_one_again_repeats_nothing() {
    let mut keeper = Keeper::made(START_S, 100 * DAY_S, &[1]);
    keeper.pass_to(START_S + 75 * DAY_S);
    assert_eq!(told(&keeper), [90, 30]);
    keeper.edit(|key| key.expires_at_s = START_S + 200 * DAY_S);
    keeper.edit(|key| key.expires_at_s = START_S + 100 * DAY_S);
    keeper.pass_to(START_S + 94 * DAY_S);
    assert_eq!(told(&keeper), [90, 30, 7]);
    keeper.edit(|key| key.expires_at_s = START_S + 200 * DAY_S);
    keeper.pass_to(START_S + 300 * DAY_S);
    assert_eq!(told(&keeper), [90, 30, 7, 90, 30, 7, 0]);
}

#[test]
fn a_new_owner_hears_of_what_lies_ahead_and_an_old_one_of_nothing() {
    let mut keeper = Keeper::made(START_S, 100 * DAY_S, &[1]);
    keeper.pass_to(START_S + 15 * DAY_S);
    keeper.edit(|key| key.recipients = vec![owner(2)]);
    keeper.pass_to(START_S + 200 * DAY_S);
    let of = |number| {
        let mine = keeper.sent.iter().filter(|one| one.to == owner(number));
        mine.count()
    };
    assert_eq!(
        (of(1), of(2)),
        (2, 3),
        "created and 90 days; 30, 7 and the end"
    );
}

#[test]
fn a_jump_over_several_thresholds_tells_the_nearest_to_the_end() {
    let mut keeper = Keeper::made(START_S, 365 * DAY_S, &[1]);
    keeper.wake(Trouble::None);
    keeper.now_s = START_S + 340 * DAY_S;
    keeper.wake(Trouble::None);
    assert_eq!(told(&keeper), [30], "90 has passed");
    keeper.now_s = START_S + 500 * DAY_S;
    keeper.wake(Trouble::None);
    assert_eq!(told(&keeper), [30, 0], "so has 7");
    keeper.now_s = START_S;
    keeper.pass_to(START_S + 500 * DAY_S);
    assert_eq!(
        told(&keeper),
        [30, 0, 90, 7],
        "after the clock was set right, what was not told"
    );
}

#[test]
fn a_removed_key_says_so_and_nothing_of_its_end() {
    let mut keeper = Keeper::made(START_S, 100 * DAY_S, &[1, 2]);
    keeper.pass_to(START_S + 50 * DAY_S);
    keeper.remove();
    keeper.pass_to(START_S + 200 * DAY_S);
    assert_eq!(told(&keeper), [90, 90]);
    let removed = keeper
        .sent
        .iter()
        .filter(|one| one.notice == Notice::Removed);
    assert_eq!(removed.count(), 2);
}

#[test]
fn what_fails_is_tried_for_three_days_and_then_given_up() {
    let mut keeper = Keeper::made(START_S, 365 * DAY_S, &[1]);
    let mut tries = Vec::new();
    while let Some(at_s) = keeper
        .next_at_s()
        .filter(|at_s| *at_s < START_S + 30 * DAY_S)
    {
        keeper.now_s = keeper.now_s.max(at_s);
        tries.push(keeper.now_s - START_S);
        keeper.wake(Trouble::Fails);
    }
    assert_eq!(tries.len(), 10);
    assert!((71 * 3600..=72 * 3600).contains(tries.last().expect("tries")));
    let states: Vec<State> = keeper.planned().iter().map(|one| one.state).collect();
    assert!(states.contains(&State::GivenUp));
    // A clock that goes back makes no retry wait for longer than its delay.
    let mut keeper = Keeper::made(START_S, 365 * DAY_S, &[1]);
    keeper.wake(Trouble::Fails);
    keeper.now_s = START_S - 1_000 * DAY_S;
    assert!(
        keeper
            .next_at_s()
            .is_some_and(|at_s| at_s <= keeper.now_s + 5)
    );
}

#[test]
fn what_is_refused_is_not_tried_again() {
    let keeper = Keeper::made(START_S, 365 * DAY_S, &[1]);
    let first = &keeper.facts().due(&keeper.planned(), START_S)[0];
    assert_eq!(
        first.settled(Outcome::Refused, START_S).state,
        State::GivenUp
    );
}

#[test]
fn an_owner_named_twice_is_told_once() {
    let mut keeper = Keeper::made(START_S, 365 * DAY_S, &[1, 1]);
    keeper.edit(|key| key.recipients = vec![owner(1), keeper::owner_in_capitals(1)]);
    keeper.wake(Trouble::None);
    assert_eq!(keeper.sent.len(), 1);
}

#[test]
fn what_was_not_sent_is_not_kept_for_ever() {
    let mut keeper = Keeper::made(START_S, 365 * DAY_S, &[1]);
    keeper.wake(Trouble::None);
    for edit in 1..1_000 {
        keeper.edit(|key| key.expires_at_s = START_S + edit * DAY_S);
        keeper.edit(|key| key.recipients = vec![owner((edit % 5) as u8)]);
    }
    // The one that was sent, and four thresholds.
    assert_eq!(keeper.planned().len(), 5);
}

#[derive(Clone, Debug)]
enum Step {
    Wake(Trouble),
    /// The clock, by so many seconds.
    Jump(i64),
    Expires(u64),
    Owners(Vec<u8>),
    Rotate,
    Remove,
}

fn step() -> impl Strategy<Value = Step> {
    let day = DAY_S as i64;
    let trouble = prop_oneof![
        3 => Just(Trouble::None),
        1 => Just(Trouble::Fails),
        1 => Just(Trouble::CrashesBefore),
        1 => Just(Trouble::CrashesAfter),
    ];
    prop_oneof![
        8 => trouble.prop_map(Step::Wake),
        4 => (0..40 * day).prop_map(Step::Jump),
        2 => (-300 * day..300 * day).prop_map(Step::Jump),
        2 => (1_u64..200).prop_map(|days| Step::Expires(days * DAY_S)),
        2 => prop::collection::vec(1_u8..5, 0..4).prop_map(Step::Owners),
        1 => Just(Step::Rotate),
        1 => Just(Step::Remove),
    ]
}

fn take(keeper: &mut Keeper, step: &Step) {
    match step {
        Step::Wake(trouble) => keeper.wake(*trouble),
        Step::Jump(by_s) => keeper.now_s = keeper.now_s.saturating_add_signed(*by_s),
        Step::Expires(life_s) => {
            let end_s = keeper.now_s + life_s;
            keeper.edit(|key| key.expires_at_s = end_s);
        }
        Step::Owners(owners) => {
            keeper.edit(|key| key.recipients = owners.iter().map(|one| owner(*one)).collect());
        }
        Step::Rotate => keeper.rotate(),
        Step::Remove => keeper.remove(),
    }
}

/// What holds of what one step sent.
fn check(keeper: &Keeper, new: &[Sent]) -> Result<(), TestCaseError> {
    for one in new {
        let crashes = keeper.crashes_of(&one.id);
        let deliveries = keeper.deliveries_of(one);
        prop_assert!(
            deliveries <= 1 + crashes,
            "repeated without a crash: {one:?}"
        );
        prop_assert!(
            keeper.key.recipients.contains(&one.to),
            "not an owner: {one:?}"
        );
        let Notice::Expires {
            threshold,
            expires_at_s,
        } = one.notice
        else {
            continue;
        };
        prop_assert!(!keeper.key.removed, "of a removed key: {one:?}");
        prop_assert_eq!(expires_at_s, keeper.key.expires_at_s);
        prop_assert!(threshold.at_s(expires_at_s) <= one.at_s, "early: {one:?}");
    }
    Ok(())
}

/// No owner is told of two thresholds at once.
fn is_one_each(new: &[Sent]) -> bool {
    let ends = |one: &&Sent| matches!(one.notice, Notice::Expires { .. });
    let mut told: Vec<_> = new.iter().filter(ends).map(|one| &one.to).collect();
    told.sort();
    told.windows(2).all(|two| two[0] != two[1])
}

#[derive(Default)]
struct Figures {
    lives: usize,
    steps: usize,
    deliveries: usize,
    lost: usize,
    repeats: usize,
}

fn live(
    figures: &RefCell<Figures>,
    (life_days, owners, steps): (u64, Vec<u8>, Vec<Step>),
) -> Result<(), TestCaseError> {
    let mut keeper = Keeper::made(START_S, life_days * DAY_S, &owners);
    for step in &steps {
        let before = keeper.sent.len();
        take(&mut keeper, step);
        let new = &keeper.sent[before..];
        check(&keeper, new)?;
        prop_assert!(is_one_each(new), "two at once: {new:?}");
        // A plan that is right stays as it is.
        let again = keeper.facts().replan(None, &keeper.planned(), keeper.now_s);
        prop_assert_eq!(again.add, []);
    }
    // In the end, with a clock that only goes on, everyone has heard of it.
    let lies_ahead = keeper.now_s < keeper.key.expires_at_s;
    let before = keeper.sent.len();
    keeper.pass_to(keeper.key.expires_at_s.max(keeper.now_s) + 10 * DAY_S);
    check(&keeper, &keeper.sent[before..])?;
    prop_assert_eq!(keeper.next_at_s(), None);
    if lies_ahead && !keeper.key.removed && !keeper.gave_up() {
        let end = Notice::Expires {
            threshold: Threshold::Expiry,
            expires_at_s: keeper.key.expires_at_s,
        };
        for to in &keeper.key.recipients {
            let has_heard = keeper
                .sent
                .iter()
                .any(|one| one.notice == end && one.to == *to);
            prop_assert!(has_heard, "{to} does not know: {:?}", keeper.planned());
        }
    }
    let mut figures = figures.borrow_mut();
    figures.lives += 1;
    figures.steps += steps.len();
    figures.deliveries += keeper.sent.len();
    figures.lost += keeper.crashes();
    figures.repeats += keeper.repeats();
    Ok(())
}

#[test]
fn everyone_is_told_once_whatever_happens() {
    let figures = RefCell::default();
    let lives = (
        1_u64..400,
        prop::collection::vec(1_u8..5, 1..4),
        prop::collection::vec(step(), 1..40),
    );
    let config = ProptestConfig {
        cases: 1_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let result = TestRunner::new(config).run(&lives, |life| live(&figures, life));
    let Figures {
        lives,
        steps,
        deliveries,
        lost,
        repeats,
    } = figures.into_inner();
    println!(
        "{lives} lives, {steps} edits, jumps, crashes and alarms; {deliveries} deliveries, of {lost} \
         the answer was lost in a crash, {repeats} were repeats"
    );
    assert!(repeats <= lost);
    if let Err(error) = result {
        panic!("{error}");
    }
}
