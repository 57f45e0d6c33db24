//! The board: loads the list, polls the prices, and shows what comes of both.

use std::rc::Rc;

use domain::{Cargo, Etag, Filters};
use gloo_timers::callback::Timeout;
use leptos::{prelude::*, task::spawn_local};

use super::{
    card::{Card, CardView},
    more::More,
    presence::Presence,
    rows::Rows,
    status::{Answered, StatusLine, Trouble},
};
use crate::{
    api::{Api, ApiError},
    clock,
    poll_loop::PollLoop,
    poller::{Event, back_off},
    session::Session,
    telegram::Platform,
    text,
};

/// Cards loaded at a time.
const PAGE: u32 = 20;
/// The most rows that the list answers at once.
const MOST_AT_ONCE: u32 = 100;

/// Where the first load stands.
#[derive(Clone, Debug, Default, PartialEq)]
enum Phase {
    #[default]
    Loading,
    Failed(ApiError),
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
    new: RwSignal<usize>,
    answered: RwSignal<Option<Answered>>,
    trouble: RwSignal<Trouble>,
    etag: StoredValue<Option<Etag>>,
    failures: StoredValue<u32>,
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
        answered: RwSignal::default(),
        trouble: RwSignal::default(),
        etag: StoredValue::new(None),
        failures: StoredValue::new(0),
    };
    let Loader {
        rows,
        phase,
        below,
        total,
        new,
        answered,
        trouble,
        ..
    } = loader;
    let presence = Presence::follow(platform);
    let loader = StoredValue::new_local(loader);
    let retry = StoredValue::new_local(None::<Timeout>);

    let polls = PollLoop::new(move |signal| {
        let loader = loader.get_value();
        async move { loader.poll(signal).await }
    });
    let polls = StoredValue::new_local(polls);

    // The first load: at once, again when the network is back, and by itself after a pause.
    let load = move || {
        let loader = loader.get_value();
        retry.set_value(None);
        spawn_local(async move { loader.load_first().await });
    };
    load();
    Effect::new(move |_| {
        let Phase::Failed(error) = phase.get() else {
            return;
        };
        if error != ApiError::SignedOut && presence.is_online() {
            let failures = loader.with_value(|loader| loader.failures.get_value());
            let pause = back_off(failures, clock::random());
            retry.set_value(Some(Timeout::new(pause, load)));
        }
    });

    // The prices: from the first card on, while somebody can see them.
    Effect::new(move |_| {
        let present = phase.get() == Phase::Loaded && presence.is_present();
        polls.with_value(|polls| polls.on(Event::Present(present)));
    });
    Effect::new(move |_| {
        let offline = !presence.is_online();
        let is = trouble.get_untracked();
        if offline && is != Trouble::SignedOut {
            trouble.set(Trouble::Offline);
        } else if !offline && is == Trouble::Offline {
            trouble.set(Trouble::None);
        }
    });

    let load_more = Callback::new(move |()| {
        let loader = loader.get_value();
        spawn_local(async move { loader.load_more().await });
    });
    let bring_in_new = move |_| {
        platform.tap();
        let loader = loader.get_value();
        spawn_local(async move {
            if loader.reload().await {
                polls.with_value(|polls| polls.on(Event::Reloaded));
                window().scroll_to_with_x_and_y(0.0, 0.0);
            }
        });
    };
    let dismiss = Callback::new(move |id| {
        platform.tap();
        rows.dismiss(id);
    });

    view! {
        <header class="bar">
            <h1>{text::TITLE}</h1>
            <p class="total">{move || (phase.get() == Phase::Loaded).then(|| text::total(total.get()))}</p>
            <StatusLine answered trouble />
        </header>
        <Show when=move || { new.get() > 0 }>
            <div class="pill-place">
                <button type="button" class="pill" on:click=bring_in_new>
                    {move || text::new_cargos(new.get())}
                </button>
            </div>
        </Show>
        <main>
            {move || match phase.get() {
                Phase::Loading => Skeleton().into_any(),
                Phase::Failed(error) => view! { <FirstLoadFailed error presence load /> }.into_any(),
                Phase::Loaded => {
                    view! {
                        <ul class="cards">
                            <For each=move || rows.cards() key=Card::id let(card)>
                                <CardView card on_dismiss=dismiss />
                            </For>
                        </ul>
                        <Show when=move || rows.is_empty()>
                            <Notice words=text::EMPTY />
                        </Show>
                        <More below load_more some=Signal::derive(move || !rows.is_empty()) />
                    }
                        .into_any()
                }
            }}
        </main>
    }
}

impl Loader {
    /// The first rows.
    async fn load_first(self) {
        if let Phase::Failed(_) = self.phase.get_untracked() {
            self.phase.set(Phase::Loading);
        }
        match self.api.list(&self.filters, 0, PAGE).await {
            Ok((list, freshness)) => {
                self.failures.set_value(0);
                self.answered.set(Some(Answered::now(freshness)));
                self.total.set(list.total);
                self.below
                    .set(list.next_offset.map_or(Below::Nothing, Below::At));
                self.rows.replace(list.cargos);
                self.phase.set(Phase::Loaded);
            }
            Err(error) => {
                self.failures
                    .update_value(|failures| *failures = failures.saturating_add(1));
                if error == ApiError::SignedOut {
                    self.trouble.set(Trouble::SignedOut);
                }
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
        match self.api.list(&self.filters, offset, PAGE).await {
            Ok((list, _)) => {
                self.total.set(list.total);
                self.rows.append(list.cargos);
                self.etag.set_value(None);
                self.below
                    .set(list.next_offset.map_or(Below::Nothing, Below::At));
            }
            Err(error) => {
                self.failed(&error);
                self.below.set(Below::Failed(offset));
            }
        }
    }

    /// All loaded rows anew, and the new ones among them. Whether they came.
    async fn reload(self) -> bool {
        let wanted = self.rows.len() + self.new.get_untracked();
        let wanted = u32::try_from(wanted).unwrap_or(u32::MAX);
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
        // The tag names prices that the new cards have not seen.
        self.etag.set_value(None);
        self.below.set(next.map_or(Below::Nothing, Below::At));
        self.new.set(0);
        true
    }

    /// One poll.
    async fn poll(self, signal: web_sys::AbortSignal) -> Event {
        let known = self.etag.get_value();
        let limit = self.rows.poll_limit();
        match self
            .api
            .prices(&self.filters, limit, known.as_ref(), &signal)
            .await
        {
            Ok(polled) => {
                self.answered.set(Some(Answered::now(polled.freshness)));
                self.trouble.set(Trouble::None);
                if let Some(prices) = polled.prices {
                    let patch = self.rows.patch(&prices);
                    self.total.set(prices.total);
                    if self.new.get_untracked() != patch.new {
                        self.new.set(patch.new);
                    }
                    self.etag.set_value(Some(prices.etag));
                }
                Event::Answered(polled.poll_after_ms)
            }
            Err(error) => {
                // Given up: whoever gave it up knows why.
                if !signal.aborted() {
                    self.failed(&error);
                }
                match error {
                    ApiError::SignedOut => Event::Stopped,
                    ApiError::Unavailable { retry_after_ms } => Event::Failed(retry_after_ms),
                    ApiError::NoAnswer => Event::Failed(None),
                }
            }
        }
    }

    fn failed(&self, error: &ApiError) {
        self.trouble.set(match error {
            ApiError::SignedOut => Trouble::SignedOut,
            _ if !window().navigator().on_line() => Trouble::Offline,
            _ => Trouble::Unreachable,
        });
    }
}

/// What stands in place of the list until it comes.
#[component]
fn FirstLoadFailed(
    error: ApiError,
    presence: Presence,
    load: impl Fn() + Copy + Send + 'static,
) -> impl IntoView {
    if error == ApiError::SignedOut {
        return view! { <Notice words=text::SIGNED_OUT /> }.into_any();
    }
    let words = move || {
        if presence.is_online() {
            text::UNREACHABLE
        } else {
            text::NO_NETWORK
        }
    };
    view! {
        {move || view! { <Notice words=words() /> }}
        <p class="act">
            <button type="button" on:click=move |_| load()>
                {text::RETRY}
            </button>
        </p>
    }
    .into_any()
}

/// A title and what follows from it.
#[component]
fn Notice(words: (&'static str, &'static str)) -> impl IntoView {
    view! {
        <div class="notice">
            <h2>{words.0}</h2>
            <p>{words.1}</p>
        </div>
    }
}

/// Cards to come: the same as in index.html, so that nothing moves when the program takes over.
#[component]
fn Skeleton() -> impl IntoView {
    view! {
        <div class="cards" role="img" aria-label=text::LOADING>
            {(0..5).map(|_| view! { <div class="card bones"><i></i><i></i><i></i><i></i></div> }).collect_view()}
        </div>
    }
}
