use std::{
    fmt::Debug,
    time::{Duration, Instant},
};

/// How often a condition is looked at. Often enough to measure by, seldom enough to leave the machine to the Worker.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(40);

/// Looks again and again until what is seen satisfies `condition`, and returns that.
///
/// # Panics
/// If the deadline passes first, with what was seen last.
pub async fn until<T: Debug>(
    what: &str,
    deadline: Duration,
    mut look: impl AsyncFnMut() -> T,
    condition: impl Fn(&T) -> bool,
) -> T {
    let began = Instant::now();
    loop {
        let seen = look().await;
        if condition(&seen) {
            return seen;
        }
        assert!(
            began.elapsed() < deadline,
            "not within {deadline:?}: {what}. Seen last: {}",
            excerpt(&seen)
        );
        tokio::time::sleep(LOOK_AGAIN_AFTER).await;
    }
}

/// Looks again and again for as long as told, and expects to see no exception to `rule`.
///
/// # Panics
/// At the first exception, with what was seen.
pub async fn during<T: Debug>(
    what: &str,
    time: Duration,
    mut look: impl AsyncFnMut() -> T,
    rule: impl Fn(&T) -> bool,
) {
    let began = Instant::now();
    while began.elapsed() < time {
        let seen = look().await;
        assert!(
            rule(&seen),
            "after {:?} no longer: {what}. Seen: {}",
            began.elapsed(),
            excerpt(&seen)
        );
        tokio::time::sleep(LOOK_AGAIN_AFTER).await;
    }
}

/// Five hundred prices would bury the first line of a failure.
pub(crate) fn excerpt(seen: &impl Debug) -> String {
    const LONGEST: usize = 1_500;
    let text = format!("{seen:?}");
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text,
    }
}
