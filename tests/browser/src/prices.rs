//! What a patch of the price book does to the page, and what it leaves alone.

use app::{
    card::{Card, CardView},
    price_book::PriceBook,
};
use domain::{messages::PriceRow, money::price_text, price_book::PriceCell};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::Node;

use crate::{
    fake_server::row,
    page::{Host, Watch, id, plain, price, text},
};

/// A list of cards with the ids from 1, and its price book.
struct List {
    host: Host,
    book: PriceBook,
    prices: Vec<i64>,
}

impl List {
    fn of(prices: impl IntoIterator<Item = i64>) -> Self {
        let prices: Vec<_> = prices.into_iter().collect();
        let cards: Vec<_> = (1..)
            .zip(&prices)
            .map(|(card, &kopecks)| Card::new(row(card, kopecks), 0.0))
            .collect();
        let mut book = PriceBook::new();
        for card in &cards {
            assert!(book.push(card.id(), card.price.clone()));
        }
        let host = Host::mount(move || {
            view! {
                <ul class="cards">
                    <For each=move || cards.clone() key=Card::id let(card)>
                        <CardView card />
                    </For>
                </ul>
            }
        });
        Self { host, book, prices }
    }

    /// Takes in an answer with these prices and returns how many changed.
    fn patch(&self, prices: &[i64]) -> usize {
        let rows: Vec<_> = (1..)
            .zip(prices)
            .map(|(card, &kopecks)| PriceRow(id(card), price(kopecks)))
            .collect();
        self.book.patch(&rows, 0, rows.len() as u32).changed
    }

    /// The same prices, but for one card.
    fn patch_one(&self, card: usize, kopecks: i64) -> usize {
        let mut prices = self.prices.clone();
        prices[card - 1] = kopecks;
        self.patch(&prices)
    }

    fn class(&self, card: u64) -> String {
        self.host.one(&format!("#cargo-{card} .price")).class_name()
    }

    /// Every card, price and text node of a price.
    fn nodes(&self) -> Vec<Node> {
        let mut nodes = Vec::new();
        for element in self.host.all(".card, .card .price") {
            nodes.extend(element.first_child());
            nodes.push(element.unchecked_into());
        }
        nodes
    }
}

#[wasm_bindgen_test]
fn ten_changes_in_a_thousand_rows_touch_ten_text_nodes() {
    let list = List::of((1..=1_000).map(|i| 1_000_000 + i * 100));
    let mut prices = list.prices.clone();
    let changed: Vec<u64> = (0..10).map(|i| 5 + i * 97).collect();
    for &card in &changed {
        prices[card as usize - 1] += 50_000;
    }
    let nodes = list.nodes();
    assert_eq!(nodes.len(), 4_000);
    let focused = list.host.card(changed[4]);
    focused.set_attribute("tabindex", "-1").unwrap();
    focused.focus().unwrap();
    window().scroll_to_with_x_and_y(0.0, 5_000.0);
    let top = focused.get_bounding_client_rect().top();
    let scroll = window().scroll_y().unwrap();
    assert!(scroll > 4_000.0, "the list is long enough to scroll");

    let watch = Watch::text_and_nodes(&list.host.element);
    assert_eq!(list.patch(&prices), 10);

    let changes = watch.changes();
    assert_eq!(changes.len(), 10);
    for (change, card) in changes.iter().zip(&changed) {
        assert_eq!(change.type_(), "characterData");
        let parent = change.target().unwrap().parent_element().unwrap();
        assert!(parent.is_same_node(Some(&list.host.one(&format!("#cargo-{card} .price")))));
        let kopecks = prices[*card as usize - 1];
        assert_eq!(parent.text_content().unwrap(), price_text(price(kopecks)));
    }
    for (before, after) in nodes.iter().zip(list.nodes()) {
        assert!(before.is_same_node(Some(&after)));
    }
    let active = document().active_element().unwrap();
    assert!(active.is_same_node(Some(&focused)));
    assert_eq!(window().scroll_y().unwrap(), scroll);
    assert_eq!(focused.get_bounding_client_rect().top(), top);
}

#[wasm_bindgen_test]
fn the_same_answer_twice_changes_nothing_at_all() {
    let list = List::of([1_000_000, 2_000_000, 0]);
    let answer = [1_100_000, 0, 3_000_000];
    assert_eq!(list.patch(&answer), 3);
    let watch = Watch::everything(&list.host.element);
    assert_eq!(list.patch(&answer), 0);
    assert!(watch.changes().is_empty());
}

#[wasm_bindgen_test]
fn a_missing_price_shows_as_a_dash() {
    let list = List::of([0, 1_350_000]);
    assert_eq!(list.host.price(1), "—");
    list.patch(&[1_350_000, 0]);
    assert_eq!(list.host.price(1), "13 500 ₽");
    assert_eq!(list.host.price(2), "—");
    // It has appeared or gone: neither up nor down.
    assert_eq!(
        (list.class(1), list.class(2)),
        ("price".into(), "price".into())
    );
}

#[wasm_bindgen_test]
fn every_change_is_highlighted_anew() {
    let list = List::of([1_000_000]);
    assert_eq!(list.class(1), "price");
    list.patch_one(1, 1_100_000);
    let first = list.class(1);
    assert!(first.contains("up-"), "{first}");
    list.patch_one(1, 1_200_000);
    let second = list.class(1);
    assert!(second.contains("up-"), "{second}");
    assert_ne!(
        first, second,
        "the same class would not start the animation again"
    );
    list.patch_one(1, 1_100_000);
    assert!(list.class(1).contains("down-"));
}

#[wasm_bindgen_test]
fn the_page_spells_prices_as_the_domain_does() {
    let list = List::of([1]);
    let round = (1..=2_000).map(|i| i * 49_900);
    let odd = [
        1, 99, 100, 35_250, 99_900, 99_999, 100_000, 100_500, 1_000_000, 1_000_050,
    ];
    let large = [99_999_900, 100_000_000, 123_456_789, 1_000_000_000_000, 0];
    for kopecks in round.chain(odd).chain(large) {
        list.patch(&[kopecks]);
        let shown = text(&list.host.one(".price"));
        assert_eq!(shown, price_text(price(kopecks)), "{kopecks}");
    }
}

#[wasm_bindgen_test]
fn the_price_for_each_kilometre_follows_the_price() {
    let list = List::of([1_000_000]);
    let per_km = || {
        let shown = list.host.one(".price").get_attribute("data-per-km");
        plain(&shown.unwrap())
    };
    assert_eq!(per_km(), "165 ₽/км", "as the list gave it");
    // 815 km.
    list.patch(&[1_630_000]);
    assert_eq!(per_km(), "20 ₽/км");
    list.patch(&[100_000_000]);
    assert_eq!(per_km(), "1 227 ₽/км");
    list.patch(&[0]);
    assert_eq!(per_km(), "");
}

#[wasm_bindgen_test]
fn a_card_that_is_taken_off_hears_no_more() {
    let card = Card::new(row(1, 1_000_000), 0.0);
    let live = card.price.clone();
    let host = Host::mount(move || view! { <CardView card /> });
    let shown = host.one(".price");
    drop(host);
    live.set_price(price(2_000_000));
    assert_eq!(plain(&text(&shown)), "10 000 ₽");
}
