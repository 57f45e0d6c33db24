//! The board: loads the list, polls the prices, and shows what comes of both.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use domain::{
    Cargo, Etag, Filters, PriceDelta,
    messages::{PriceRow, Prices},
};
use gloo_timers::callback::Timeout;
use leptos::prelude::*;

use super::{
    card::{Card, CardView, dismissed},
    more::More,
    notice::Notice,
    presence::Presence,
    rows::Rows,
    status::{Answered, Connection, StatusLine, Trouble},
};
use crate::{
    api::{Api, ApiError, Freshness},
    clock,
    poll_loop::PollLoop,
    poller::{Event, back_off},
    reactive::{class, effect, spawn, tap, words},
    session::Session,
    telegram::Platform,
    text,
};

/// Cards loaded at a time.
const PAGE: u32 = 20;
/// The most rows that the list answers at once.
const MOST_AT_ONCE: u32 = 100;

/// What is seen of a card to come; as in index.html, so that nothing moves when the program takes over.
pub const BONES: &str = "<i></i><i></i><i></i><i></i>";

/// Where the first load stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Phase {
    /// It is under way.
    #[default]
    Loading,
    /// It failed.
    Failed(ApiError),
    /// It came.
    Loaded,
}

/// Where the rows below the last card stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Below {
    /// They begin at this row.
    At(u32),
    /// They are being loaded.
    Loading,
    /// They did not come, and begin at this row.
    Failed(u32),
    /// There are none.
    Nothing,
}

#[derive(Clone)]
struct Loader {
    api: Api,
    filters: Rc<Filters>,
    rows: Rows,
    phase: RwSignal<Phase>,
    below: RwSignal<Below>,
    total: RwSignal<u32>,
    new: RwSignal<u32>,
    connection: RwSignal<Connection>,
    /// What the last poll brought, as long as it is what all cards were last told.
    known: Rc<RefCell<Option<Rc<Known>>>>,
    /// First loads that failed in a row.
    failures: Rc<Cell<u32>>,
    /// The first load, again.
    retry: Rc<RefCell<Option<Timeout>>>,
}

/// A state of the prices.
struct Known {
    etag: Etag,
    rows: Vec<PriceRow>,
}

/// The screen.
#[component]
pub fn Board(
    /// Where the app runs.
    platform: Platform,
) -> impl IntoView {
    let loader = Loader {
        api: Api::new(Session::new(platform)),
        filters: Rc::default(),
        rows: Rows::default(),
        phase: RwSignal::default(),
        below: RwSignal::new(Below::Nothing),
        total: RwSignal::default(),
        new: RwSignal::default(),
        connection: RwSignal::default(),
        known: Rc::default(),
        failures: Rc::default(),
        retry: Rc::default(),
    };
    let Loader {
        rows,
        phase,
        below,
        total,
        new,
        connection,
        ..
    } = loader;
    let presence = Presence::follow(platform);
    let polls = PollLoop::new({
        let loader = loader.clone();
        Box::new(move |signal| Box::pin(loader.clone().poll(signal)))
    });
    let polls = StoredValue::new_local(polls);
    let loader = StoredValue::new_local(loader);
    let owner = StoredValue::new(Owner::new());

    // The first load: at once, again when the network is back, and by itself after a pause.
    let load = move || {
        let loader = loader.get_value();
        owner.with_value(|owner| spawn(owner, loader.load_first()));
    };
    load();
    effect(move || {
        let Phase::Failed(error) = phase.get() else {
            return;
        };
        if error != ApiError::SignedOut && presence.is_online() {
            loader.with_value(|loader| {
                let pause = back_off(loader.failures.get(), clock::random());
                loader.retry.replace(Some(Timeout::new(pause, load)));
            });
        }
    });

    // The prices: from the first card on, while somebody can see them.
    effect(move || {
        let present = phase.with(|phase| *phase == Phase::Loaded) && presence.is_present();
        polls.with_value(|polls| polls.on(Event::Present(present)));
    });
    effect(move || {
        let offline = !presence.is_online();
        let is = connection.get_untracked();
        let trouble = match is.trouble {
            Trouble::None | Trouble::Unreachable if offline => Trouble::Offline,
            Trouble::Offline if !offline => Trouble::None,
            as_before => as_before,
        };
        if trouble != is.trouble {
            connection.set(Connection { trouble, ..is });
        }
    });

    let load_more = move || {
        let loader = loader.get_value();
        owner.with_value(|owner| spawn(owner, loader.load_more()));
    };
    let bring_in_new = tap(move |_| {
        platform.tap();
        let loader = loader.get_value();
        let brought = async move {
            if loader.reload().await {
                polls.with_value(|polls| polls.on(Event::Reloaded));
                window().scroll_to_with_x_and_y(0.0, 0.0);
            }
        };
        owner.with_value(|owner| spawn(owner, brought));
    });
    let dismiss = tap(move |event| {
        if let Some(id) = dismissed(&event) {
            platform.tap();
            rows.dismiss(id);
        }
    });

    let is_loaded = move || phase.with(|phase| *phase == Phase::Loaded);
    let in_all = words(move || match is_loaded() {
        true => text::total(total.get()),
        false => String::new(),
    });
    let pill = class(move || match new.get() {
        0 => "pill-place none",
        _ => "pill-place",
    });
    let skeleton = class(move || match phase.with(|phase| *phase == Phase::Loading) {
        true => "cards",
        false => "none",
    });
    let list = class(move || match is_loaded() {
        true => "cards",
        false => "none",
    });
    view! {
        <header class="bar">
            <h1>{text::TITLE}</h1>
            <p class="total">{in_all}</p>
            <StatusLine connection />
        </header>
        <div class=pill>
            <button type="button" class="pill" on:click=bring_in_new>
                {words(move || text::new_cargos(new.get()))}
            </button>
        </div>
        <main>
            <div class=skeleton role="img" aria-label=text::LOADING inner_html=skeleton_html()></div>
            <Notice
                phase
                is_online=move || presence.is_online()
                is_empty=move || rows.is_empty()
                retry=load
            />
            <ul class=list on:click=dismiss>
                <For each=move || rows.cards() key=Card::id let(card)>
                    <CardView card />
                </For>
            </ul>
            <More below load_more some=move || !rows.is_empty() />
        </main>
    }
}

fn skeleton_html() -> String {
    format!("<div class=\"card bones\">{BONES}</div>").repeat(5)
}

impl Loader {
    /// The first rows.
    async fn load_first(self) {
        self.retry.replace(None);
        if self.phase.with_untracked(|phase| *phase != Phase::Loading) {
            self.phase.set(Phase::Loading);
        }
        match self.api.list(&self.filters, 0, PAGE).await {
            Ok((list, freshness)) => {
                self.failures.set(0);
                self.answered(freshness);
                self.total.set(list.total);
                self.below
                    .set(list.next_offset.map_or(Below::Nothing, Below::At));
                self.rows.replace(list.cargos);
                self.phase.set(Phase::Loaded);
            }
            Err(error) => {
                self.failures.set(self.failures.get().saturating_add(1));
                self.failed(&error);
                self.phase.set(Phase::Failed(error));
            }
        }
    }

    /// The rows below the last card.
    async fn load_more(self) {
        let (Below::At(offset) | Below::Failed(offset)) = self.below.get_untracked() else {
            return;
        };
        self.below.set(Below::Loading);
        // Rows that have left the list since have pulled up those below.
        let above = self.rows.present() + self.new.get_untracked();
        let mut next = Some(offset.min(above));
        while let Some(offset) = next {
            match self.api.list(&self.filters, offset, PAGE).await {
                Ok((list, _)) => {
                    self.total.set(list.total);
                    next = list.next_offset;
                    if self.rows.append(list.cargos) {
                        // The tag names prices that the new cards have not seen.
                        self.known.replace(None);
                        break;
                    }
                }
                Err(error) => {
                    self.failed(&error);
                    self.below.set(Below::Failed(offset));
                    return;
                }
            }
        }
        self.below.set(next.map_or(Below::Nothing, Below::At));
    }

    /// All loaded rows anew, and the new ones among them. Whether they came.
    async fn reload(self) -> bool {
        let wanted = self.rows.len() + self.new.get_untracked();
        let mut cargos: Vec<Cargo> = Vec::new();
        let mut next = Some(0);
        while let Some(offset) = next.filter(|&offset| offset < wanted) {
            let limit = (wanted - offset).clamp(PAGE, MOST_AT_ONCE);
            match self.api.list(&self.filters, offset, limit).await {
                Ok((list, _)) => {
                    self.total.set(list.total);
                    cargos.extend(list.cargos);
                    next = list.next_offset;
                }
                Err(error) => {
                    self.failed(&error);
                    return false;
                }
            }
        }
        self.rows.replace(cargos);
        self.known.replace(None);
        self.below.set(next.map_or(Below::Nothing, Below::At));
        self.new.set(0);
        true
    }

    /// One poll.
    async fn poll(self, signal: web_sys::AbortSignal) -> Event {
        let known = self.known.borrow().clone();
        let tag = known.as_ref().map(|known| &known.etag);
        let limit = self.rows.poll_limit();
        match self.api.prices(&self.filters, limit, tag, &signal).await {
            Ok(polled) => {
                if let Some(mut prices) = polled.prices {
                    if complete(&mut prices, known.as_deref()).is_none() {
                        self.known.replace(None);
                        return Event::Failed(None);
                    }
                    let patch = self.rows.patch(&prices);
                    self.total.set(prices.total);
                    let new = u32::try_from(patch.new).unwrap_or(u32::MAX);
                    if self.new.get_untracked() != new {
                        self.new.set(new);
                    }
                    self.known.replace(Some(Rc::new(Known {
                        etag: prices.etag,
                        rows: prices.prices,
                    })));
                }
                self.answered(polled.freshness);
                Event::Answered(polled.poll_after_ms)
            }
            Err(error) => {
                // Given up: whoever gave it up knows why.
                self.failed(&error);
                match error {
                    ApiError::SignedOut => Event::Stopped,
                    ApiError::Unavailable { retry_after_ms } => Event::Failed(retry_after_ms),
                    ApiError::NoAnswer => Event::Failed(None),
                }
            }
        }
    }

    fn answered(&self, freshness: Freshness) {
        self.connection.set(Connection {
            answered: Some(Answered::now(freshness)),
            trouble: Trouble::None,
        });
    }

    fn failed(&self, error: &ApiError) {
        let trouble = match error {
            ApiError::SignedOut => Trouble::SignedOut,
            _ if !window().navigator().on_line() => Trouble::Offline,
            _ => Trouble::Unreachable,
        };
        let connection = self.connection.get_untracked();
        self.connection.set(Connection {
            trouble,
            ..connection
        });
    }
}

/// Makes the whole of an answer that tells only what has changed since `known`; nothing if it is not of that.
fn complete(prices: &mut Prices, known: Option<&Known>) -> Option<()> {
    let Some(since) = &prices.since else {
        return Some(());
    };
    let known = known.filter(|known| known.etag == *since)?;
    let delta = PriceDelta {
        changed: std::mem::take(&mut prices.prices),
        order: prices.order.take(),
    };
    prices.prices = delta.apply(&known.rows).ok()?;
    Some(())
}
