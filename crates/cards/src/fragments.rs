//! Fragments of HTML for a page that htmx keeps up to date: what the front end before this one swaps in, under the same names.
//!
//! | `id` | what |
//! |---|---|
//! | `cargo-card-{id}` | a card; deleted out of band when its cargo is certainly gone |
//! | `cargo-price-{id}` | the price on it; replaced out of band by each poll |
//! | `cargo-count` | how many cards are loaded, of how many; replaced out of band by each list |
//! | `cargo-more` | the button behind the last card: it is replaced by the cards that follow and the next button |

use std::{collections::HashSet, fmt::Write};

use domain::{Cargo, CargoId, Kopecks, messages::CargoList, money::price_text};

use crate::{html::Escaped, text};

const SHOW_MORE: &str = "Показать ещё";
const NO_CARGOS: &str = "Грузов не найдено";
const OF: &str = "из";

/// What a poll of prices swaps in: a price for each of these cargos, and the end of each card that is gone. Nothing swaps
/// nothing.
pub fn prices(
    prices: impl IntoIterator<Item = (CargoId, Option<Kopecks>)>,
    gone: impl IntoIterator<Item = CargoId>,
) -> String {
    let mut html = String::new();
    for (id, price) in prices {
        push_price(&mut html, id, price, " hx-swap-oob=\"outerHTML\"");
    }
    for id in gone {
        let _ = write!(
            html,
            "<div id=\"cargo-card-{id}\" hx-swap-oob=\"delete\"></div>"
        );
    }
    html
}

/// Cards of a list, how many of how many that makes, and a button for the next ones, which asks at the address `more`.
pub fn list(list: &CargoList<Cargo>, more: Option<&str>) -> String {
    let mut html = String::new();
    let mut written = HashSet::new();
    for cargo in &list.cargos {
        // One that moved to the next page between the readings of the two stands in both.
        if written.insert(cargo.id) {
            push_card(&mut html, cargo);
        }
    }
    if list.total == 0 {
        let _ = write!(html, "<p class=\"cargo-empty\">{NO_CARGOS}</p>");
    }
    if let Some(more) = more {
        let _ = write!(
            html,
            "<button type=\"button\" id=\"cargo-more\" class=\"cargo-more\" hx-get=\"{}\" hx-target=\"this\" \
             hx-swap=\"outerHTML\">{SHOW_MORE}</button>",
            Escaped(more)
        );
    }
    let loaded = list.next_offset.unwrap_or(list.total);
    let _ = write!(
        html,
        "<span id=\"cargo-count\" class=\"cargo-count\" hx-swap-oob=\"outerHTML\">{loaded} {OF} {}</span>",
        list.total
    );
    html
}

/// The address of the rows that follow: this path and query, from another row on, or rather behind the cargo that is the last
/// one here, wherever that stands by then.
pub fn address_from(path: &str, query: &str, offset: u32, last: Option<CargoId>) -> String {
    let kept = form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| !matches!(&**name, "offset" | "after" | "_rid"));
    let mut query = form_urlencoded::Serializer::new(String::new());
    query
        .extend_pairs(kept)
        .append_pair("offset", &offset.to_string());
    if let Some(last) = last {
        query.append_pair("after", &last.to_string());
    }
    format!("{path}?{}", query.finish())
}

fn push_card(html: &mut String, cargo: &Cargo) {
    let id = cargo.id;
    let _ = write!(
        html,
        "<article id=\"cargo-card-{id}\" class=\"cargo-card\" data-cargo-id=\"{id}\"><h3 class=\"cargo-route\">{}</h3>",
        Escaped(&text::route(cargo))
    );
    push_price(html, id, cargo.price_kopecks, "");
    let facts = [
        (
            "cargo-dates",
            [&cargo.from, &cargo.to]
                .into_iter()
                .filter_map(|place| place.date.map(text::loading_time))
                .collect::<Vec<_>>()
                .join(" — "),
        ),
        (
            "cargo-distance",
            cargo.distance_km.map_or_else(String::new, text::distance),
        ),
        ("cargo-load", text::load(cargo)),
        ("cargo-company", cargo.company.clone().unwrap_or_default()),
    ];
    for (class, fact) in facts.iter().filter(|(_, fact)| !fact.is_empty()) {
        let _ = write!(html, "<p class=\"{class}\">{}</p>", Escaped(fact));
    }
    html.push_str("</article>");
}

fn push_price(html: &mut String, id: CargoId, price: Option<Kopecks>, swap: &str) {
    // As that front end writes it, with spaces that may break.
    let price = price_text(price).replace('\u{a0}', " ");
    let _ = write!(
        html,
        "<span id=\"cargo-price-{id}\" class=\"cargo-price cargo-price-inline\"{swap}>{price}</span>"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    const ODD: &str = "<img src=x onerror='alert(1)'>\"&";

    fn id(id: u64) -> CargoId {
        CargoId::new(id).unwrap()
    }

    fn cargo(number: u64) -> Cargo {
        Cargo {
            price_kopecks: Kopecks::new(1_350_000),
            ..Cargo::unknown(id(number))
        }
    }

    fn cargos(total: u32, next_offset: Option<u32>, cargos: Vec<Cargo>) -> CargoList<Cargo> {
        CargoList {
            total,
            offset: 0,
            next_offset,
            as_of: 0,
            stale: false,
            left_out: 0,
            cargos,
        }
    }

    #[test]
    fn a_poll_replaces_prices_and_takes_off_what_is_gone() {
        let html = prices(
            [
                (id(5), Kopecks::new(1_350_000)),
                (id(6), Kopecks::new(35_250)),
                (id(7), None),
            ],
            [id(8)],
        );
        assert_eq!(
            html,
            "<span id=\"cargo-price-5\" class=\"cargo-price cargo-price-inline\" hx-swap-oob=\"outerHTML\">13 500 ₽</span>\
             <span id=\"cargo-price-6\" class=\"cargo-price cargo-price-inline\" hx-swap-oob=\"outerHTML\">352,50 ₽</span>\
             <span id=\"cargo-price-7\" class=\"cargo-price cargo-price-inline\" hx-swap-oob=\"outerHTML\">—</span>\
             <div id=\"cargo-card-8\" hx-swap-oob=\"delete\"></div>"
        );
        assert_eq!(prices([], []), "");
    }

    #[test]
    fn a_list_counts_and_leads_on() {
        let html = list(
            &cargos(3, Some(1), vec![cargo(5), cargo(5)]),
            Some("/api/cargos/?mode=all&offset=1"),
        );
        assert!(
            html.starts_with("<article id=\"cargo-card-5\" class=\"cargo-card\""),
            "{html}"
        );
        assert_eq!(
            html.matches("<article").count(),
            1,
            "each card once: {html}"
        );
        assert!(
            html.contains("<span id=\"cargo-price-5\" class=\"cargo-price cargo-price-inline\">13 500 ₽</span>"),
            "in its place, not out of band: {html}"
        );
        assert!(
            html.contains("hx-get=\"/api/cargos/?mode=all&amp;offset=1\""),
            "{html}"
        );
        assert!(html.contains(">1 из 3</span>"), "{html}");

        let last = list(&cargos(3, None, vec![cargo(7)]), None);
        assert!(!last.contains("cargo-more"), "{last}");
        assert!(last.contains(">3 из 3</span>"), "{last}");
        assert!(list(&cargos(0, None, vec![]), None).contains(NO_CARGOS));
    }

    #[test]
    fn whatever_is_written_stays_text() {
        let mut odd = cargo(5);
        odd.from.city = Some(ODD.to_owned());
        odd.company = Some(ODD.to_owned());
        odd.truck_types = vec![ODD.to_owned()];
        let html = list(&cargos(1, None, vec![odd]), Some(ODD));
        assert!(!html.contains("<img"), "{html}");
        assert_eq!(html.matches("&lt;img").count(), 4, "{html}");
    }

    #[test]
    fn the_next_rows_are_asked_for_as_these_were() {
        let next = |query| address_from("/api/v1/cargos/", query, 40, Some(id(7)));
        assert_eq!(next(""), "/api/v1/cargos/?offset=40&after=7");
        assert_eq!(
            next("_rid=7&offset=20&after=5&weight_volume=20-83&load_types=1%2C2"),
            "/api/v1/cargos/?weight_volume=20-83&load_types=1%2C2&offset=40&after=7"
        );
        assert_eq!(
            next("x=%22%3E"),
            "/api/v1/cargos/?x=%22%3E&offset=40&after=7"
        );
        assert_eq!(
            address_from("/api/cargos/", "", 20, None),
            "/api/cargos/?offset=20"
        );
    }
}
