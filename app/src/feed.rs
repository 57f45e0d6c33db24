//! A list of cargos whose prices are live: loads it, polls it, and tells what comes of both.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use domain::{
    CargoId, Etag, Filters, PriceDelta, Window,
    messages::{CardRow, CargoList, PriceRow, Prices},
};
use futures_util::future::LocalBoxFuture;
use gloo_timers::callback::Timeout;
use leptos::prelude::*;

use crate::{
    api::{Api, ApiError, Freshness, Polled},
    clock,
    poll_loop::PollLoop,
    poll_window::Turns,
    poller::{Event, Poller, back_off},
    presence::Presence,
    reactive::{Signal, at_end, effect, spawn},
    rows::Rows,
    status::{Answered, Connection, Trouble},
};

/// Cards loaded at a time.
const PAGE: u32 = 20;
/// The most rows that the list answers at once.
const MOST_AT_ONCE: u32 = 100;
/// Where another order than the list's is wanted, so many rows are put in it.
pub const MOST_SORTED: u32 = 500;

/// Which cargos.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// Those that match.
    List(Rc<Filters>),
    /// These.
    Cargos(Rc<[CargoId]>),
}

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

/// The list and all that is known of it. Copies are the same feed; it ends with its owner.
#[derive(Clone, Copy)]
pub struct Feed {
    /// The cards.
    pub rows: Rows,
    /// See [`Phase`].
    pub phase: Signal<Phase>,
    /// See [`Below`].
    pub below: Signal<Below>,
    /// How many cargos match in all.
    pub total: Signal<u32>,
    /// How many of them are new since the cards were loaded.
    pub new: Signal<u32>,
    /// How old the prices are, and what is wrong.
    pub connection: Signal<Connection>,
    inner: Signal<Rc<Inner>>,
}

struct Inner {
    api: Api,
    /// What is loaded is for him.
    owner: Owner,
    source: RefCell<Source>,
    /// Counts sources: what was asked for another one is thrown away.
    generation: Cell<u32>,
    /// What the last poll brought, as long as it is what all cards were last told.
    known: RefCell<Option<Rc<Known>>>,
    turns: Cell<Turns>,
    /// First loads that failed in a row.
    failures: Cell<u32>,
    /// The first load, again.
    retry: RefCell<Option<Timeout>>,
    polls: RefCell<Option<Rc<PollLoop>>>,
}

/// A state of the prices.
struct Known {
    offset: u32,
    etag: Etag,
    rows: Vec<PriceRow>,
}

impl Feed {
    /// A feed that has yet to be told its source. It polls while `visible` says that somebody can see it.
    pub fn new(api: Api, presence: Presence, visible: impl Fn() -> bool + 'static) -> Self {
        let this = Self {
            rows: Rows::default(),
            phase: Signal::default(),
            below: Signal::new(Below::Nothing),
            total: Signal::default(),
            new: Signal::default(),
            connection: Signal::default(),
            inner: Signal::new(Rc::new(Inner {
                api,
                owner: Owner::new(),
                source: RefCell::new(Source::Cargos(Rc::default())),
                generation: Cell::new(0),
                known: RefCell::default(),
                turns: Cell::default(),
                failures: Cell::default(),
                retry: RefCell::default(),
                polls: RefCell::default(),
            })),
        };
        let polls = PollLoop::new(Box::new(move |signal| Box::pin(this.poll(signal))));
        this.inner().polls.replace(Some(polls));
        let inner = this.inner();
        at_end(move || {
            // Both hold each other.
            inner.polls.take();
            inner.retry.take();
        });

        // The first load comes again by itself: after a pause, and when the network is back.
        effect(move || {
            let Phase::Failed(error) = this.phase.get() else {
                return;
            };
            if error != ApiError::SignedOut && presence.is_online() {
                let pause = back_off(this.inner().failures.get(), clock::random());
                let pause = error
                    .retry_after_ms()
                    .map_or(pause, |asked| pause.max(asked));
                let again = Timeout::new(pause, move || this.load());
                this.inner().retry.replace(Some(again));
            }
        });
        // The prices: from the first card on, while somebody can see them.
        effect(move || {
            let loaded = this.phase.with(|phase| *phase == Phase::Loaded);
            let present = loaded && visible() && presence.is_present();
            this.tell_polls(Event::Present(present));
        });
        effect(move || {
            let offline = !presence.is_online();
            let is = this.connection.get_untracked();
            let trouble = match is.trouble {
                Trouble::None | Trouble::Unreachable | Trouble::Upstream | Trouble::Busy
                    if offline =>
                {
                    Trouble::Offline
                }
                Trouble::Offline if !offline => Trouble::None,
                as_before => as_before,
            };
            this.connection.change(Connection { trouble, ..is });
        });
        this
    }

    /// Shows these cargos from now on.
    pub fn show(self, source: Source) {
        let inner = self.inner();
        inner.generation.set(inner.generation.get() + 1);
        inner.source.replace(source);
        inner.known.replace(None);
        inner.turns.take();
        self.tell_polls(Event::Present(false));
        self.rows.replace(Vec::new(), 0.0);
        self.new.set(0);
        // The age of other cargos' prices says nothing of these.
        let connection = self.connection.get_untracked();
        self.connection.set(Connection {
            answered: None,
            ..connection
        });
        self.below.set(Below::Nothing);
        self.load();
    }

    /// Loads the first rows.
    pub fn load(self) {
        self.run(self.load_first());
    }

    /// Loads the rows below the last card.
    pub fn load_more(self) {
        self.run(async move {
            self.load_below(PAGE).await;
        });
    }

    /// Loads so many rows in all, or all there are.
    pub fn load_up_to(self, rows: u32) {
        self.run(async move {
            let generation = self.inner().generation.get();
            while self.rows.len() < rows
                && generation == self.inner().generation.get()
                && self.load_below(MOST_AT_ONCE).await
            {}
        });
    }

    /// Loads all loaded rows anew, and the new ones among them, and calls `done` when they are there.
    pub fn bring_in_new(self, done: impl FnOnce() + 'static) {
        self.run(async move {
            if self.reload().await {
                self.tell_polls(Event::Reloaded);
                done();
            }
        });
    }

    fn run(self, task: impl Future<Output = ()> + 'static) {
        spawn(&self.inner().owner, task);
    }

    fn inner(self) -> Rc<Inner> {
        self.inner.get_untracked()
    }

    fn tell_polls(self, event: Event) {
        let polls = self.inner().polls.borrow().clone();
        if let Some(polls) = polls {
            polls.on(event);
        }
    }

    async fn load_first(self) {
        let inner = self.inner();
        inner.retry.replace(None);
        self.phase.change(Phase::Loading);
        let generation = inner.generation.get();
        let answer = inner.list(0, PAGE).await;
        if generation != inner.generation.get() {
            return;
        }
        match answer {
            Ok((list, freshness)) => {
                inner.failures.set(0);
                self.answered(freshness);
                self.total.set(list.total);
                self.below
                    .set(list.next_offset.map_or(Below::Nothing, Below::At));
                let now = now_at_edge(&list, freshness);
                self.rows.replace(list.cargos, now);
                self.phase.set(Phase::Loaded);
                // A source that was shown before the present one has stopped the polls.
                self.tell_polls(Event::Reloaded);
            }
            Err(error) => {
                inner.failures.set(inner.failures.get().saturating_add(1));
                self.failed(&error);
                self.phase.set(Phase::Failed(error));
            }
        }
    }

    /// Whether rows came and there are more.
    async fn load_below(self, limit: u32) -> bool {
        let (Below::At(offset) | Below::Failed(offset)) = self.below.get_untracked() else {
            return false;
        };
        let inner = self.inner();
        let generation = inner.generation.get();
        self.below.set(Below::Loading);
        // Rows that have left the list since have pulled up those below.
        let above = self.rows.present() + self.new.get_untracked();
        let mut next = Some(offset.min(above));
        while let Some(offset) = next {
            let answer = inner.list(offset, limit).await;
            if generation != inner.generation.get() {
                return false;
            }
            match answer {
                Ok((list, freshness)) => {
                    self.total.set(list.total);
                    next = list.next_offset;
                    let now = now_at_edge(&list, freshness);
                    if self.rows.append(list.cargos, now) {
                        // The tag names prices that the new cards have not seen.
                        inner.known.replace(None);
                        break;
                    }
                }
                Err(error) => {
                    self.failed(&error);
                    self.below.set(Below::Failed(offset));
                    return false;
                }
            }
        }
        self.below.set(next.map_or(Below::Nothing, Below::At));
        next.is_some()
    }

    /// Whether they came.
    async fn reload(self) -> bool {
        let inner = self.inner();
        let generation = inner.generation.get();
        let wanted = self.rows.len() + self.new.get_untracked();
        let mut cargos: Vec<CardRow> = Vec::new();
        let mut now = 0.0;
        let mut next = Some(0);
        while let Some(offset) = next.filter(|&offset| offset < wanted) {
            let limit = (wanted - offset).clamp(PAGE, MOST_AT_ONCE);
            let answer = inner.list(offset, limit).await;
            if generation != inner.generation.get() {
                return false;
            }
            match answer {
                Ok((list, freshness)) => {
                    self.total.set(list.total);
                    now = now_at_edge(&list, freshness);
                    cargos.extend(list.cargos);
                    next = list.next_offset;
                }
                Err(error) => {
                    self.failed(&error);
                    return false;
                }
            }
        }
        self.rows.replace(cargos, now);
        inner.known.replace(None);
        self.below.set(next.map_or(Below::Nothing, Below::At));
        self.new.set(0);
        true
    }

    async fn poll(self, signal: web_sys::AbortSignal) -> Event {
        let inner = self.inner();
        if matches!(&*inner.source.borrow(), Source::Cargos(ids) if ids.is_empty()) {
            return Event::Answered(Some(Poller::MAX_PACE_MS));
        }
        let mut turns = inner.turns.get();
        let window = turns.take(self.rows.len(), self.rows.in_view());
        inner.turns.set(turns);
        let known = inner.known.borrow().clone();
        let known = known.filter(|known| known.offset == window.offset);
        let tag = known.as_ref().map(|known| &known.etag);
        match inner.prices(window, tag, &signal).await {
            Ok(polled) => {
                if let Some(mut prices) = polled.prices {
                    if complete(&mut prices, known.as_deref()).is_none() {
                        inner.known.replace(None);
                        return Event::Failed(None);
                    }
                    let patch = self.rows.patch(&prices, window.offset);
                    let new = u32::try_from(patch.new).unwrap_or(u32::MAX);
                    if window.offset == 0 {
                        self.new.change(new);
                    }
                    self.total.change(prices.total);
                    inner.known.replace(Some(Rc::new(Known {
                        offset: window.offset,
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
                    other => Event::Failed(other.retry_after_ms()),
                }
            }
        }
    }

    fn answered(self, freshness: Freshness) {
        let before = self.connection.with_untracked(|is| is.answered);
        self.connection.set(Connection {
            answered: Some(Answered::after(before, freshness, clock::now())),
            trouble: Trouble::None,
        });
    }

    fn failed(self, error: &ApiError) {
        let trouble = match error {
            ApiError::SignedOut => Trouble::SignedOut,
            _ if !window().navigator().on_line() => Trouble::Offline,
            ApiError::UpstreamDown { .. } => Trouble::Upstream,
            ApiError::Busy { .. } => Trouble::Busy,
            _ => Trouble::Unreachable,
        };
        let connection = self.connection.get_untracked();
        self.connection.set(Connection {
            trouble,
            ..connection
        });
    }
}

impl Inner {
    /// Boxed: what awaits it would else hold it whole, each in a copy of its own.
    fn list(
        self: &Rc<Self>,
        offset: u32,
        limit: u32,
    ) -> LocalBoxFuture<'static, Result<(CargoList<CardRow>, Freshness), ApiError>> {
        let this = self.clone();
        Box::pin(async move {
            let source = this.source.borrow().clone();
            match source {
                Source::List(filters) => this.api.list(&filters, Window { offset, limit }).await,
                Source::Cargos(ids) if ids.is_empty() => Ok(nothing()),
                Source::Cargos(ids) => this.api.cargos(&ids).await,
            }
        })
    }

    async fn prices(
        &self,
        window: Window,
        tag: Option<&Etag>,
        signal: &web_sys::AbortSignal,
    ) -> Result<Polled, ApiError> {
        let source = self.source.borrow().clone();
        match source {
            Source::List(filters) => self.api.prices(&filters, window, tag, signal).await,
            Source::Cargos(ids) => self.api.prices_of(&ids, tag, signal).await,
        }
    }
}

/// The list of no cargos: nobody need be asked for it.
fn nothing() -> (CargoList<CardRow>, Freshness) {
    let list = CargoList {
        total: 0,
        offset: 0,
        next_offset: None,
        as_of: 0,
        stale: false,
        left_out: 0,
        cargos: Vec::new(),
    };
    (list, Freshness::default())
}

/// The edge's time when it answered, Unix milliseconds: the phone's own may be a day off.
fn now_at_edge(list: &CargoList<CardRow>, freshness: Freshness) -> f64 {
    (list.as_of + freshness.age_ms) as f64
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
