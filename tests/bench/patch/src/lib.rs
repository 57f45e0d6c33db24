//! The app's own code between the text of a prices answer and the patched page, made callable from a page.

use app::{
    card::{Card, CardView},
    price_book::PriceBook,
};
use cards::card;
use domain::{Cargo, messages::Prices};
use leptos::prelude::*;
use wasm_bindgen::prelude::*;

/// A mounted list of cards and its price book.
#[wasm_bindgen]
pub struct Board {
    book: PriceBook,
    // Unmounts the cards when dropped.
    _mounted: Box<dyn std::any::Any>,
}

#[wasm_bindgen]
impl Board {
    /// Mounts the cards of `cargos`, a JSON list, in `host`.
    ///
    /// # Errors
    /// If `cargos` is no list of cargos.
    #[wasm_bindgen(constructor)]
    pub fn new(host: web_sys::HtmlElement, cargos: &str) -> Result<Board, JsError> {
        let cards: Vec<Card> = serde_json::from_str::<Vec<Cargo>>(cargos)?
            .into_iter()
            .map(|cargo| Card::new(card::row(&cargo, 0), 0.0))
            .collect();
        let mut book = PriceBook::new();
        for card in &cards {
            book.push(card.id(), card.price.clone());
        }
        let mounted = mount_to(host, move || {
            view! {
                <ul class="cards">
                    <For each=move || cards.clone() key=Card::id let(card)>
                        <CardView card />
                    </For>
                </ul>
            }
        });
        Ok(Self {
            book,
            _mounted: Box::new(mounted),
        })
    }

    /// What a poll does with the text of its answer. Returns how many prices changed.
    ///
    /// # Errors
    /// If the text is no answer of the prices endpoint.
    pub fn patch(&self, answer: &str) -> Result<usize, JsError> {
        let prices: Prices = serde_json::from_str(answer)?;
        Ok(self.book.patch(&prices.prices, 0, prices.total).changed)
    }
}
