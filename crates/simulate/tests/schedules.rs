//! Part of every test run; `cargo xtask simulate --schedules 10000000` is for a night.

#[test]
fn a_hundred_thousand_schedules_keep_every_invariant() {
    if let Err(failure) = simulate::run(0, 100_000) {
        panic!(
            "seed {} breaks invariant {}\n{}",
            failure.seed,
            failure.broken,
            failure.story.join("\n")
        );
    }
}

#[test]
fn twenty_thousand_schedules_of_a_board_keep_every_invariant() {
    if let Err(failure) = simulate::board::run(0, 20_000) {
        panic!(
            "seed {} breaks invariant {}\n{}",
            failure.seed,
            failure.broken,
            failure.story.join("\n")
        );
    }
}

#[test]
fn a_seed_of_a_board_replays_exactly() {
    for seed in 0..20 {
        let story = simulate::board::story(seed);
        assert!(story.len() > 20, "{story:?}");
        assert_eq!(story, simulate::board::story(seed));
    }
}

#[test]
fn a_seed_replays_exactly() {
    for seed in 0..20 {
        let story = simulate::story(seed);
        assert!(story.len() > 20, "{story:?}");
        assert_eq!(story, simulate::story(seed));
    }
}
