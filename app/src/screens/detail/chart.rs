//! How a price went: steps from change to change, drawn as SVG.

use std::fmt::Write;

use cards::text::{self, words};
use domain::{Kopecks, PriceChange, money::price_text};

/// The picture's size, in its own units.
const WIDTH: i64 = 3_200;
const HEIGHT: i64 = 720;
/// So much is left free for the line's own width.
const EDGE: i64 = 30;

/// What is drawn.
#[derive(Clone, Debug, PartialEq)]
struct Drawn {
    /// The line, in SVG's path language.
    path: String,
    lowest: Kopecks,
    highest: Kopecks,
}

/// The line of a history up to `now`, Unix milliseconds; `None` for fewer than two prices.
fn draw(changes: &[PriceChange], now: u64) -> Option<Drawn> {
    let prices = || changes.iter().filter_map(|change| change.1);
    let (lowest, highest) = (prices().min()?, prices().max()?);
    let range = Some(highest.get() - lowest.get()).filter(|&range| range > 0)?;
    let first = changes.first()?.0;
    let span = now.saturating_sub(first).max(1) as i64;
    let x =
        |at: u64| EDGE + (WIDTH - 2 * EDGE) * (at.saturating_sub(first) as i64).min(span) / span;
    let y =
        |price: Kopecks| HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * (price.get() - lowest.get()) / range;
    let mut path = String::new();
    let mut pen = false;
    let ends = changes.iter().skip(1).map(|change| change.0);
    for (&PriceChange(at, price), end) in changes.iter().zip(ends.chain([now.max(first)])) {
        // Without a price there is a gap.
        let Some(price) = price else {
            pen = false;
            continue;
        };
        let command = if pen { 'L' } else { 'M' };
        // Writing to a String does not fail.
        let _ = write!(path, "{command}{} {}H{}", x(at), y(price), x(end));
        pen = true;
    }
    Some(Drawn {
        path,
        lowest,
        highest,
    })
}

/// The chart; a sentence in its place as long as there is nothing to draw.
pub fn html(changes: &[PriceChange], now: u64) -> String {
    let words = words();
    let title = words.price_went;
    let Some(drawn) = draw(changes, now) else {
        return format!(
            "<p class=\"chart\">{title}: {}</p>",
            words.price_never_moved
        );
    };
    let bounds = format!(
        "{} — {}",
        price_text(Some(drawn.lowest)),
        price_text(Some(drawn.highest))
    );
    let first = changes.first().map_or(now, |change| change.0);
    format!(
        "<figure class=\"chart\"><figcaption>{title} <span>{bounds}</span></figcaption>\
         <svg role=\"img\" aria-label=\"{title}: {bounds}\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" preserveAspectRatio=\"none\">\
         <path d=\"{}\"/></svg><p class=\"axis\"><span>{}</span><span>{}</span></p></figure>",
        drawn.path,
        text::span_ago(now.saturating_sub(first)),
        words.now,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(changes: &[(u64, i64)]) -> Vec<PriceChange> {
        changes
            .iter()
            .map(|&(at, kopecks)| PriceChange(at, Kopecks::new(kopecks)))
            .collect()
    }

    #[test]
    fn a_price_goes_in_steps_from_the_lowest_to_the_highest() {
        let drawn = draw(&changes(&[(0, 100), (50, 200)]), 100).unwrap();
        assert_eq!(drawn.path, "M30 690H1600L1600 30H3170");
        assert_eq!((drawn.lowest.get(), drawn.highest.get()), (100, 200));
    }

    #[test]
    fn without_a_price_there_is_a_gap() {
        let drawn = draw(&changes(&[(0, 100), (25, 0), (50, 200)]), 100).unwrap();
        assert_eq!(drawn.path, "M30 690H815M1600 30H3170");
    }

    #[test]
    fn what_never_moved_is_not_drawn() {
        for flat in [
            &[][..],
            &[(0, 100)],
            &[(0, 0)],
            &[(0, 100), (5, 0), (6, 100)],
        ] {
            assert_eq!(draw(&changes(flat), 100), None);
            assert!(html(&changes(flat), 100).contains(words().price_never_moved));
        }
    }

    #[test]
    fn a_clock_behind_the_last_change_draws_no_nonsense() {
        let drawn = draw(&changes(&[(100, 100), (200, 200)]), 50).unwrap();
        assert!(!drawn.path.contains('-'), "{}", drawn.path);
    }
}
