//! The list of orders that is looked at: loaded by pages, polled while somebody can see it, patched where it differs.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use domain::orders::{Counts, Cursor, Order, OrderId, Statuses, messages::OrderList};
use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use web_sys::AbortSignal;

use super::{
    api::{Asked, OrdersApi, OrdersError, Read},
    order_book::{OrderBook, OrderCell, Part},
    row::{Lens, Row, id_of, update_if},
};
use crate::{
    api::{ApiError, Freshness},
    clock,
    poll_loop::PollLoop,
    poller::{Event, back_off},
    presence::Presence,
    reactive::{Signal, at_end, effect, spawn},
    status::{Answered, Connection, Trouble},
};

/// Rows of one page.
const PAGE: usize = 50;
/// The most that one answer holds.
const MOST_AT_ONCE: usize = 100;
/// Of so many orders that have left at once it is asked where they went.
const MOST_LOOKED_FOR: usize = 8;

/// How far the first rows have come.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Phase {
    /// On their way.
    #[default]
    Loading,
    /// There.
    Loaded,
    /// They did not come.
    Failed(OrdersError),
}

/// What comes below the last row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Below {
    /// More, from here.
    At(Cursor),
    /// They are on their way.
    Loading,
    /// They did not come.
    Failed(Cursor),
    /// Nothing.
    #[default]
    Nothing,
}

/// The list, and all that is known of it. Copies are the same feed; it ends with its owner.
#[derive(Clone, Copy)]
pub struct OrderFeed {
    /// See [`Phase`].
    pub phase: Signal<Phase>,
    /// See [`Below`].
    pub below: Signal<Below>,
    /// How many orders stand where, as far as that is known.
    pub counts: Signal<Counts>,
    /// How many of the rows are no longer in the list, and how many orders are in it that are no rows.
    pub left_and_new: Signal<(usize, usize)>,
    /// How old it is, and what is wrong.
    pub connection: Signal<Connection>,
    /// Changes when rows come or go.
    pub turned: Signal<u32>,
    /// What rows are shown by.
    pub lens: Lens,
    inner: Signal<Rc<Inner>>,
}

struct Inner {
    api: OrdersApi,
    /// What is loaded is for him.
    owner: Owner,
    asked: RefCell<Asked>,
    /// Counts what was asked for: what comes of an earlier question is thrown away.
    generation: Cell<u32>,
    book: RefCell<OrderBook<Row>>,
    /// The part that the last poll read, and the name of what it brought, as long as all rows have heard of that.
    known: RefCell<Option<(Option<Cursor>, usize, String)>>,
    turn: Cell<usize>,
    /// First loads that failed in a row.
    failures: Cell<u32>,
    /// The first load, again.
    retry: RefCell<Option<Timeout>>,
    polls: RefCell<Option<Rc<PollLoop>>>,
}

impl OrderFeed {
    /// A feed that has yet to be told what to show. It polls while `visible` says that somebody can see it.
    pub fn new(
        api: OrdersApi,
        presence: Presence,
        lens: Lens,
        visible: impl Fn() -> bool + 'static,
    ) -> Self {
        let this = Self {
            phase: Signal::default(),
            below: Signal::default(),
            counts: Signal::default(),
            left_and_new: Signal::default(),
            connection: Signal::default(),
            turned: Signal::default(),
            lens,
            inner: Signal::new(Rc::new(Inner {
                api,
                owner: Owner::new(),
                asked: RefCell::new(Asked {
                    statuses: Statuses::NONE,
                    number: String::new(),
                }),
                generation: Cell::new(0),
                book: RefCell::default(),
                known: RefCell::default(),
                turn: Cell::default(),
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
            if !error.is_final() && presence.is_online() {
                let pause = back_off(this.inner().failures.get(), clock::random());
                let pause = error
                    .retry_after_ms()
                    .map_or(pause, |asked| pause.max(asked));
                let again = Timeout::new(pause, move || this.load());
                this.inner().retry.replace(Some(again));
            }
        });
        // From the first row on, while somebody can see them.
        effect(move || {
            let loaded = this.phase.with(|phase| *phase == Phase::Loaded);
            let present = loaded && visible() && presence.is_present();
            this.tell_polls(Event::Present(present));
        });
        effect(move || {
            let offline = !presence.is_online();
            let is = this.connection.get_untracked();
            let trouble = match is.trouble {
                Trouble::SignedOut => Trouble::SignedOut,
                _ if offline => Trouble::Offline,
                Trouble::Offline => Trouble::None,
                as_before => as_before,
            };
            this.connection.change(Connection { trouble, ..is });
        });
        this
    }

    /// Shows these orders from now on.
    pub fn show(self, asked: Asked) {
        let inner = self.inner();
        inner.generation.set(inner.generation.get() + 1);
        self.lens.statuses.set(asked.statuses);
        inner.asked.replace(asked);
        inner.known.replace(None);
        self.tell_polls(Event::Present(false));
        inner.book.take();
        self.left_and_new.change((0, 0));
        // The age of another list says nothing of this one.
        let connection = self.connection.get_untracked();
        self.connection.set(Connection {
            answered: None,
            ..connection
        });
        self.below.set(Below::Nothing);
        self.turn();
        self.load();
    }

    /// Loads the first rows.
    pub fn load(self) {
        self.run(self.load_first());
    }

    /// Loads the rows below the last one.
    pub fn load_more(self) {
        self.run(self.load_below());
    }

    /// Takes off what has left and brings in what is new, and calls `done` when that is there.
    pub fn tidy(self, done: impl FnOnce() + 'static) {
        self.run(async move {
            if self.reload().await {
                self.tell_polls(Event::Reloaded);
                done();
            }
        });
    }

    /// Polls now: something has happened that the list does not show yet.
    pub fn poll_now(self) {
        self.inner().known.replace(None);
        self.tell_polls(Event::Reloaded);
    }

    /// The rows, newest first.
    pub fn rows(self) -> Vec<Row> {
        self.inner().book.borrow().cells().cloned().collect()
    }

    /// The row of an order.
    pub fn row(self, id: OrderId) -> Option<Row> {
        self.inner().book.borrow().cell(id).cloned()
    }

    /// Counts anew how many rows are no longer in the list, and how many orders are new.
    pub fn count(self) {
        let inner = self.inner();
        let book = inner.book.borrow();
        let is_away = |row: &&Row| row.standing.with_untracked(|is| self.lens.is_away(is));
        let left = book.cells().filter(is_away).count();
        self.left_and_new.change((left, book.new_ones()));
    }

    fn run(self, task: impl Future<Output = ()> + 'static) {
        spawn(&self.inner().owner, task);
    }

    fn inner(self) -> Rc<Inner> {
        self.inner.get_untracked()
    }

    fn turn(self) {
        self.turned.update(|turned| *turned += 1);
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
        let answer = self.page(None, PAGE).await;
        if generation != inner.generation.get() {
            return;
        }
        match answer {
            Ok(list) => {
                inner.failures.set(0);
                self.replace(&list.orders, list.next);
                self.phase.set(Phase::Loaded);
                // What was shown before has stopped the polls.
                self.tell_polls(Event::Reloaded);
            }
            Err(error) => {
                inner.failures.set(inner.failures.get().saturating_add(1));
                self.phase.set(Phase::Failed(error));
            }
        }
    }

    async fn load_below(self) {
        let (Below::At(from) | Below::Failed(from)) = self.below.get_untracked() else {
            return;
        };
        let inner = self.inner();
        let generation = inner.generation.get();
        self.below.set(Below::Loading);
        let answer = self.page(Some(from), PAGE).await;
        if generation != inner.generation.get() {
            return;
        }
        match answer {
            Ok(list) => {
                let goes_on = list.next.is_some();
                let make = self.maker();
                inner.book.borrow_mut().append(&list.orders, goes_on, make);
                // The name is that of what the new rows have not seen.
                inner.known.replace(None);
                self.below.set(list.next.map_or(Below::Nothing, Below::At));
                self.turn();
                self.count();
            }
            Err(_) => self.below.set(Below::Failed(from)),
        }
    }

    /// Whether they came.
    async fn reload(self) -> bool {
        let inner = self.inner();
        let generation = inner.generation.get();
        let wanted = inner.book.borrow().len();
        let mut orders: Vec<Order> = Vec::new();
        let mut next = None;
        loop {
            let left = wanted.saturating_sub(orders.len());
            let limit = if left > PAGE { MOST_AT_ONCE } else { PAGE };
            let answer = self.page(next, limit).await;
            if generation != inner.generation.get() {
                return false;
            }
            let Ok(list) = answer else { return false };
            orders.extend(list.orders);
            next = list.next;
            if next.is_none() || orders.len() >= wanted {
                break;
            }
        }
        self.replace(&orders, next);
        true
    }

    /// A page, with all that it tells besides its orders taken in. Boxed: what awaits it would else hold it whole.
    async fn page(self, below: Option<Cursor>, limit: usize) -> Result<OrderList, OrdersError> {
        let inner = self.inner();
        let generation = inner.generation.get();
        let asked = inner.asked.borrow().clone();
        let read = inner.api.page(&asked, below, limit).await;
        if generation == inner.generation.get() {
            self.heard(&read);
        }
        // Without a name that is known an answer is whole.
        read.and_then(|read| read.answer.ok_or(OrdersError::Api(ApiError::Unavailable)))
    }

    async fn poll(self, signal: AbortSignal) -> Event {
        let inner = self.inner();
        let turn = inner.turn.replace(inner.turn.get() + 1);
        let (below, rows) = {
            let book = inner.book.borrow();
            let in_view = if book.len() > MOST_AT_ONCE {
                in_view(&book)
            } else {
                0
            };
            book.part_to_read(turn, in_view, MOST_AT_ONCE)
        };
        let limit = if rows > PAGE { MOST_AT_ONCE } else { PAGE };
        let cursor = below.map(Cursor);
        let known = inner.known.borrow().clone();
        let known = known.filter(|(of, rows, _)| (*of, *rows) == (cursor, limit));
        let known = known.as_ref().map(|(_, _, etag)| etag.as_str());
        let asked = inner.asked.borrow().clone();
        let began = clock::now();
        let read = inner.api.list(&asked, cursor, limit, known, &signal).await;
        self.heard(&read);
        let read = match read {
            Ok(read) => read,
            Err(error) if error.is_final() => return Event::Stopped,
            Err(error) => return Event::Failed(error.retry_after_ms()),
        };
        if let Some(list) = read.answer {
            let part = Part {
                below,
                orders: &list.orders,
                goes_on: list.next.is_some(),
            };
            let missing = inner.book.borrow_mut().patch(part);
            // What the edge itself doubts proves nothing.
            let shown = list.orders.iter().filter(|_| !list.stale);
            for row in shown.filter_map(|order| self.row(order.id)) {
                update_if(row.standing, |standing| standing.look(began));
            }
            let etag = read.etag.map(|etag| (cursor, limit, etag));
            inner.known.replace(etag);
            self.count();
            if !missing.is_empty() {
                self.run(self.look_for(missing));
            }
        }
        Event::Answered(read.poll_after_ms)
    }

    /// Asks where orders have gone that have left the list.
    async fn look_for(self, missing: Vec<OrderId>) {
        let inner = self.inner();
        let generation = inner.generation.get();
        for id in missing.into_iter().take(MOST_LOOKED_FOR) {
            let read = inner.api.detail(id, None).await;
            if generation != inner.generation.get() {
                return;
            }
            if let (
                Ok(Read {
                    answer: Some(detail),
                    ..
                }),
                Some(row),
            ) = (read, self.row(id))
            {
                row.take(&detail.order);
                self.count();
            }
        }
    }

    fn replace(self, orders: &[Order], next: Option<Cursor>) {
        let inner = self.inner();
        inner.known.replace(None);
        let make = self.maker();
        inner
            .book
            .borrow_mut()
            .replace(orders, next.is_some(), make);
        self.below.set(next.map_or(Below::Nothing, Below::At));
        self.turn();
        self.count();
    }

    fn maker(self) -> impl Fn(&Order) -> Row {
        let inner = self.inner();
        move |order| inner.owner.with(|| Row::new(order, self.lens))
    }

    /// Takes in what an answer tells besides its orders.
    fn heard(self, read: &Result<Read<OrderList>, OrdersError>) {
        match read {
            Ok(read) => {
                if let Some(list) = &read.answer {
                    if let Some(counts) = &list.counts {
                        self.counts.change(counts.clone());
                    }
                    let newest = list.orders.iter().map(|order| order.changed_at).max();
                    self.set_clock(read.now, newest.unwrap_or(0));
                }
                self.answered(read.freshness);
            }
            Err(error) => self.failed(error),
        }
    }

    /// The edge's clock, as far as an answer tells it: if it does not say so, it is not before what has happened.
    pub fn set_clock(self, now: Option<f64>, newest: u64) {
        let ahead = self.lens.ahead;
        match now {
            Some(now) => ahead.set(now - clock::now()),
            None => ahead.update(|ahead| *ahead = ahead.max(newest as f64 - clock::now())),
        }
    }

    /// An answer of this age has come.
    pub fn answered(self, freshness: Freshness) {
        let before = self.connection.with_untracked(|is| is.answered);
        self.connection.set(Connection {
            answered: Some(Answered::after(before, freshness, clock::now())),
            trouble: Trouble::None,
        });
    }

    /// None has.
    pub fn failed(self, error: &OrdersError) {
        let trouble = match error {
            OrdersError::Forbidden => return,
            OrdersError::Api(ApiError::SignedOut) => Trouble::SignedOut,
            _ if !window().navigator().on_line() => Trouble::Offline,
            OrdersError::Api(ApiError::UpstreamDown { .. }) => Trouble::Upstream,
            OrdersError::Api(ApiError::Busy { .. }) => Trouble::Busy,
            OrdersError::Api(_) => Trouble::Unreachable,
        };
        let connection = self.connection.get_untracked();
        self.connection.set(Connection {
            trouble,
            ..connection
        });
    }
}

/// The number of the row in the middle of the window.
fn in_view(book: &OrderBook<Row>) -> usize {
    let middle = |size: Result<wasm_bindgen::JsValue, _>| Some(size.ok()?.as_f64()? as f32 / 2.0);
    let found = || {
        let window = window();
        let (x, y) = (
            middle(window.inner_width())?,
            middle(window.inner_height())?,
        );
        let id = id_of(&document().element_from_point(x, y)?)?;
        let row = book.cell(id)?;
        book.cells().position(|other| other.element == row.element)
    };
    found().unwrap_or(0)
}
