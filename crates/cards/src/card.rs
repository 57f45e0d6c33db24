//! One cargo, as a card of a list.

use domain::{Cargo, Place, messages::CardRow, money::price_text};

use crate::{
    html::Escaped,
    text::{self, words},
};

/// A cargo as a list gives it to whoever shows cards, at this moment, Unix milliseconds.
pub fn row(cargo: &Cargo, now: u64) -> CardRow {
    CardRow {
        id: cargo.id,
        price_kopecks: cargo.price_kopecks,
        price_per_km_kopecks: cargo.price_per_km_kopecks,
        distance_km: cargo.distance_km,
        moved: cargo.moved,
        route: text::route(cargo),
        html: html(cargo, now),
    }
}

/// All that a card holds. What is not known leaves an empty element, which takes no room.
fn html(cargo: &Cargo, now: u64) -> String {
    let words = words();
    let (moved, moved_class) = match cargo.moved {
        Some(moved) => text::moved(moved.was, cargo.price_kopecks, now.saturating_sub(moved.at)),
        None => text::moved(None, None, 0),
    };
    let route = text::route(cargo);
    let route = Escaped(&route);
    format!(
        "<article aria-label=\"{route}\"><p class=\"price\" data-per-km=\"{}\">{}</p>\
         <div class=\"route\">{}<p class=\"distance\">{}</p>{}</div>\
         <p class=\"load\">{}</p><div class=\"foot\"><p class=\"company\">{}</p><p class=\"{moved_class}\">{moved}</p></div>\
         <a class=\"open\" href=\"?cargo={}\" aria-label=\"{route}\"></a>\
         <button type=\"button\" class=\"star\" aria-label=\"{}\" aria-pressed=\"false\"></button>\
         <div class=\"farewell\"><span class=\"badge\">{}</span><button type=\"button\" class=\"dismiss\">{}</button></div></article>",
        text::per_km(cargo.price_per_km_kopecks),
        price_text(cargo.price_kopecks),
        stop(&cargo.from),
        cargo.distance_km.map_or_else(String::new, text::distance),
        stop(&cargo.to),
        Escaped(&text::load(cargo)),
        Escaped(cargo.company.as_deref().unwrap_or_default()),
        cargo.id,
        words.watch,
        words.gone,
        words.dismiss,
    )
}

fn stop(place: &Place) -> String {
    format!(
        "<p class=\"stop\"><span class=\"city\">{}</span><time>{}</time></p>",
        Escaped(text::city(&place.city)),
        place.date.map_or_else(String::new, text::loading_time),
    )
}

#[cfg(test)]
mod tests {
    use domain::{CargoId, Kopecks};

    use super::*;

    fn cargo() -> Cargo {
        Cargo {
            price_kopecks: Kopecks::new(1_350_000),
            price_per_km_kopecks: Kopecks::new(16_500),
            distance_km: Some(82),
            ..Cargo::unknown(CargoId::new(5).unwrap())
        }
    }

    #[test]
    fn a_card_shows_its_price_and_how_it_moved() {
        let mut cargo = cargo();
        let still = row(&cargo, 600_000).html.replace('\u{a0}', "_");
        assert!(still.contains(">13_500_₽<"), "{still}");
        assert!(still.contains("data-per-km=\"165_₽/км\""), "{still}");
        assert!(still.contains("<p class=\"moved\"></p>"), "{still}");
        cargo.moved = Some(domain::cargo::PriceMove {
            at: 420_000,
            was: Kopecks::new(1_230_000),
        });
        let moved = row(&cargo, 600_000).html.replace('\u{a0}', "_");
        assert!(
            moved.contains("<p class=\"moved up\">▲_1_200_₽, 3_мин</p>"),
            "{moved}"
        );
    }

    #[test]
    fn whatever_is_written_stays_text() {
        const ODD: &str = "<img src=x onerror='alert(1)'>\"";
        let mut cargo = cargo();
        cargo.from.city = Some(ODD.to_owned());
        cargo.to.city = Some(ODD.to_owned());
        cargo.company = Some(ODD.to_owned());
        cargo.load_types = vec![ODD.to_owned()];
        cargo.truck_types = vec![ODD.to_owned()];
        let html = row(&cargo, 0).html;
        assert!(
            !html.contains("<img") && !html.contains("x onerror='"),
            "{html}"
        );
        assert_eq!(html.matches("&lt;img").count(), 9, "{html}");
    }
}
