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
fn a_seed_replays_exactly() {
    for seed in 0..20 {
        let story = simulate::story(seed);
        assert!(story.len() > 20, "{story:?}");
        assert_eq!(story, simulate::story(seed));
    }
}
