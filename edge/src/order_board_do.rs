//! The object of one order board: per status the newest orders, details and counts, right the moment they change. What it
//! decides is decided in [`swr::board`]; here it is saved, and the MES is read.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    pin::pin,
    rc::Rc,
    time::Duration,
};

use domain::orders::{
    Counts, Cursor, DeliveryName, Filter, Order, OrderId, OrdersQuery, Rank, Site, Status, Statuses,
};
use futures_channel::oneshot;
use futures_util::{
    FutureExt,
    future::{Either, Shared, select},
};
use mes::ListRequest;
use serde_json::{json, value::to_raw_value};
use swr::{
    Ask, Class, Ticket, UnixMillis,
    board::{Arrival, Board, Doubt, Landed, List, Loaded, Look, Mark, Reading},
};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use worker::{Delay, DurableObject, Env, Error, Request, Response, Result, State, durable_object};

use crate::{
    clock, config,
    log::{self, Level},
    metrics::Family,
    objects,
    orders::{
        self, OrdersConfig,
        board::{DetailTold, Forgetting, ListTold, Message, Told, What},
        entry::{self, Load, Orders, Row, Story},
        shelf::Shelf,
    },
    tally,
};

#[wasm_bindgen(module = "/src/border.js")]
extern "C" {
    #[wasm_bindgen(js_name = endObject)]
    fn end_object(state: &JsValue, after_ms: f64);
}

/// By then an answer has left.
const ANSWERED_WITHIN_MS: f64 = 20.0;

/// See the module.
#[durable_object]
pub struct OrderBoard {
    object: Rc<Object>,
}

struct Object {
    state: State,
    env: Env,
    shelf: Shelf,
    /// `None` until it was read from storage.
    board: RefCell<Option<Orders>>,
    /// Nothing is read from storage any more.
    is_ending: Cell<bool>,
    /// Readings under way: each resolves when it has landed.
    landings: RefCell<HashMap<Load, Shared<oneshot::Receiver<Landed>>>>,
}

/// How a reader's look at the board ended.
enum Seen<T> {
    Here(T),
    Wait,
    Nothing,
}

impl DurableObject for OrderBoard {
    fn new(state: State, env: Env) -> Self {
        let shelf = Shelf::new(state.storage().sql());
        Self {
            object: Rc::new(Object {
                state,
                env,
                shelf,
                board: RefCell::new(None),
                is_ending: Cell::new(false),
                landings: RefCell::default(),
            }),
        }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        objects::answer(request, async |Message { site, what }| {
            let object = self.object.clone();
            let config = object.config()?;
            object.wake(&config)?;
            match what {
                What::List {
                    filter,
                    below,
                    limit,
                    until,
                } => objects::reply(
                    &object
                        .list(&config, site, &filter, below, limit, until)
                        .await?,
                ),
                What::Detail { id, until } => {
                    objects::reply(&object.detail(&config, site, id, until).await?)
                }
                What::Announce { mark, id, to } => objects::reply(&object.announce(mark, id, to)?),
                What::Settle {
                    mark,
                    order,
                    from_version,
                } => objects::reply(&object.settle(mark, order, from_version).await?),
                What::Hook {
                    delivery,
                    good_until,
                    order,
                } => objects::reply(&object.hook(&delivery, good_until, order).await?),
                What::Restart(forgetting) => objects::reply(&object.restart(forgetting)?),
            }
        })
        .await
    }
}

impl Object {
    fn config(&self) -> Result<Rc<OrdersConfig>> {
        let config = config::of(&self.env).map_err(|error| Error::RustError(error.to_string()))?;
        config
            .orders
            .clone()
            .ok_or_else(|| Error::RustError("no order board is configured".to_owned()))
    }

    fn wake(&self, config: &OrdersConfig) -> Result<()> {
        if self.board.borrow().is_some() {
            return Ok(());
        }
        if self.is_ending.get() {
            return Err(Error::RustError("the board begins anew".to_owned()));
        }
        let kept = self.shelf.load()?;
        let board = Board::new(
            config.board,
            kept.saved,
            kept.rows,
            kept.doubts,
            clock::now(),
        );
        self.board.replace(Some(board));
        Ok(())
    }

    /// Does something to the board, and saves what it changed, before anything that was awaited goes on.
    fn with_board<T>(&self, act: impl FnOnce(&mut Orders) -> T) -> Result<T> {
        let mut board = self.board.borrow_mut();
        let board = board
            .as_mut()
            .ok_or_else(|| Error::RustError("the board is asleep".to_owned()))?;
        let done = act(board);
        self.shelf.save(board.take_unsaved())?;
        Ok(done)
    }

    async fn list(
        self: &Rc<Self>,
        config: &Rc<OrdersConfig>,
        site: Option<Site>,
        filter: &Filter,
        below: Option<Rank>,
        limit: u32,
        until: Option<UnixMillis>,
    ) -> Result<Told<ListTold>> {
        let query = entry::list_query(filter, site, below, limit);
        let look = |board: &mut Orders, arrival, on_error| {
            board.list(
                &query,
                |row: &Row| filter.matches(&row.0),
                arrival,
                on_error,
                clock::now(),
            )
        };
        Ok(match self.see(config, site, until, look).await? {
            Seen::Here(list) => Told::Here(self.tell(config, site, list)?),
            Seen::Wait => Told::Wait,
            Seen::Nothing => Told::Nothing {
                retry_after_ms: config.board.flight.backoff.base,
            },
        })
    }

    async fn detail(
        self: &Rc<Self>,
        config: &Rc<OrdersConfig>,
        site: Option<Site>,
        id: OrderId,
        until: Option<UnixMillis>,
    ) -> Result<Told<DetailTold>> {
        let look = |board: &mut Orders, arrival, on_error| {
            board.detail(id, arrival, on_error, clock::now())
        };
        Ok(match self.see(config, site, until, look).await? {
            Seen::Here(known) => Told::Here(DetailTold {
                order: known.detail.map(|story| story.0),
                epoch: self.with_board(|board| board.epoch().0)?,
                read_at: known.read_at,
                stale: known.stale,
            }),
            Seen::Wait => Told::Wait,
            Seen::Nothing => Told::Nothing {
                retry_after_ms: config.board.flight.backoff.base,
            },
        })
    }

    /// What a reader is shown; before that, the MES is asked for whatever is not known: if he does not wait, behind his back.
    /// When his time is over he is shown what is known, however late that is.
    async fn see<T>(
        self: &Rc<Self>,
        config: &Rc<OrdersConfig>,
        site: Option<Site>,
        until: Option<UnixMillis>,
        look: impl Fn(&mut Orders, Arrival, bool) -> Look<T, OrderId, Load>,
    ) -> Result<Seen<T>> {
        let arrival = self.with_board(Board::arrive)?;
        let Some(until) = until else {
            return match self.with_board(|board| look(board, arrival, false))? {
                Look::Here(seen) => Ok(Seen::Here(seen)),
                Look::Doubt(ids) => {
                    let healed = self.clone().heal(config.clone(), ids);
                    self.state.wait_until(healed.map(|_| ()));
                    Ok(Seen::Wait)
                }
                Look::Absent(load) => {
                    self.read(config, site, load, Class::Waiting)?;
                    Ok(Seen::Wait)
                }
            };
        };
        let mut known = pin!(self.known(config, site, arrival, &look));
        let late = clock::now().plus(config.board.late_after).min(until);
        for moment in [late, until] {
            let left = Duration::from_millis(moment.since(clock::now()));
            match select(known.as_mut(), Delay::from(left)).await {
                Either::Left((Ok(Some(seen)), _)) => return Ok(Seen::Here(seen)),
                Either::Left((Ok(None), _)) => break,
                Either::Left((Err(error), _)) => return Err(error),
                // What takes so long is late by now.
                Either::Right(_) => {
                    if let Look::Here(seen) =
                        self.with_board(|board| look(board, arrival, false))?
                    {
                        return Ok(Seen::Here(seen));
                    }
                }
            }
        }
        Ok(match self.with_board(|board| look(board, arrival, true))? {
            Look::Here(seen) => Seen::Here(seen),
            Look::Doubt(_) | Look::Absent(_) => Seen::Nothing,
        })
    }

    /// What a reader is shown as soon as the MES has answered; `None` if it does not.
    async fn known<T>(
        self: &Rc<Self>,
        config: &Rc<OrdersConfig>,
        site: Option<Site>,
        arrival: Arrival,
        look: impl Fn(&mut Orders, Arrival, bool) -> Look<T, OrderId, Load>,
    ) -> Result<Option<T>> {
        // What is read may be out of date by the time it lands, or lack what lies below: but not for ever.
        for _ in 0..4 {
            match self.with_board(|board| look(board, arrival, false))? {
                Look::Here(seen) => return Ok(Some(seen)),
                Look::Doubt(ids) => {
                    if !self.clone().heal(config.clone(), ids).await {
                        break;
                    }
                }
                Look::Absent(load) => {
                    let landing = self.read(config, site, load, Class::Waiting)?;
                    match landing {
                        Some(landing) if landing.clone().await != Ok(Landed::Failed) => {}
                        _ => break,
                    }
                }
            }
        }
        Ok(None)
    }

    /// A list for whoever asked, with the counts; and what is soon to be read anew is read behind it.
    fn tell(
        self: &Rc<Self>,
        config: &Rc<OrdersConfig>,
        site: Option<Site>,
        list: List<Row, Rank, Load>,
    ) -> Result<ListTold> {
        let now = clock::now();
        let counted = self.with_board(|board| board.counts(now))?;
        let count = counted.is_due.then_some(Load::Counts);
        for load in list.ahead.into_iter().chain(count) {
            self.read(config, site, load, Class::Background)?;
        }
        let overdue = self.with_board(|board| board.overdue(now))?;
        if !overdue.is_empty() {
            self.state
                .wait_until(self.clone().heal(config.clone(), overdue).map(|_| ()));
        }
        let (epoch, lease_ms) = self.with_board(|board| (board.epoch().0, board.lease(now)))?;
        let orders: Vec<Order> = list.entries.into_iter().map(|row| row.0).collect();
        Ok(ListTold {
            orders: to_raw_value(&orders)?,
            next: list.next.map(Cursor),
            counts: counted.by_group.map(Counts),
            epoch,
            read_at: list.read_at,
            stale: list.stale,
            lease_ms,
        })
    }

    /// Somebody reads this from the MES; `None` if nobody does, because it failed a moment ago.
    fn read(
        self: &Rc<Self>,
        config: &Rc<OrdersConfig>,
        site: Option<Site>,
        load: Load,
        class: Class,
    ) -> Result<Option<Shared<oneshot::Receiver<Landed>>>> {
        let now = clock::now();
        match self.with_board(|board| board.ask(&load, class, now))? {
            Ask::Begin(ticket) => {
                let (landed, landing) = oneshot::channel();
                let landing = landing.shared();
                self.landings
                    .borrow_mut()
                    .insert(load.clone(), landing.clone());
                // Not in this request: it goes on when whoever asked first is gone.
                let reading = self
                    .clone()
                    .fly(config.clone(), site, load, ticket, now, landed);
                self.state.wait_until(reading);
                Ok(Some(landing))
            }
            Ask::Join { .. } => Ok(self.landings.borrow().get(&load).cloned()),
            Ask::Enough | Ask::BackOff { .. } => Ok(None),
        }
    }

    /// One reading, from its beginning to its landing.
    async fn fly(
        self: Rc<Self>,
        config: Rc<OrdersConfig>,
        site: Option<Site>,
        load: Load,
        ticket: Ticket,
        begun: UnixMillis,
        landed: oneshot::Sender<Landed>,
    ) {
        let loaded = match self.ask_mes(&config, site, &load).await {
            Ok(loaded) => Some(loaded),
            Err(error) => {
                let detail = json!({"load": label(&load), "error": error.to_string()});
                log::write(Level::Warn, "mes_not_read", "", detail);
                None
            }
        };
        let landing = self.with_board(|board| {
            board.land(&load, ticket, begun, loaded, clock::now(), clock::random())
        });
        self.landings.borrow_mut().remove(&load);
        let landing = landing.unwrap_or_else(|error| {
            log::write(
                Level::Error,
                "not_stored",
                "",
                json!({"error": error.to_string()}),
            );
            Landed::Failed
        });
        if landing == Landed::Outdated {
            tally::count(Family::Discards, ["outdated", ""]);
        }
        // Nobody waits, perhaps.
        let _ = landed.send(landing);
    }

    async fn ask_mes(
        &self,
        config: &OrdersConfig,
        site: Option<Site>,
        load: &Load,
    ) -> std::result::Result<Loaded<Story>, mes::Error> {
        let mes = config.mes();
        let list = |filter, before| ListRequest {
            filter,
            before,
            limit: OrdersQuery::MOST,
        };
        let kind = label(load);
        let request = match load {
            Load::Part(part) => {
                let statuses: Statuses = part.groups.iter().copied().collect();
                list(
                    Filter {
                        statuses,
                        seller: None,
                        site,
                        name: None,
                    },
                    part.below,
                )
            }
            Load::Page(filter, below) => list(filter.clone(), *below),
            Load::Counts => {
                let counted = orders::counted(kind, mes.counts(site).await)?;
                return Ok(Loaded::Counts {
                    as_of: counted.as_of,
                    by_group: counted.counts.0,
                });
            }
            Load::Detail(id) => {
                let detailed = orders::counted(kind, mes.detail(*id).await)?;
                let as_of = detailed
                    .as_ref()
                    .map_or(u64::MAX, |detailed| detailed.as_of);
                let detail = detailed.map(|detailed| Story::new(detailed.order));
                return Ok(Loaded::Detail { as_of, detail });
            }
        };
        let snapshot = orders::counted(kind, mes.list(&request).await)?;
        if snapshot.left_out > 0 {
            let detail = json!({"left_out": snapshot.left_out});
            log::write(Level::Warn, "mes_rows_left_out", "", detail);
        }
        let reading = Reading {
            as_of: snapshot.as_of,
            entries: snapshot.orders.into_iter().map(Row).collect(),
            more: snapshot.more,
        };
        let vanished = self
            .with_board(|board| board.vanished(load, &reading))
            .unwrap_or_default();
        let found = by_names(config, &vanished).await?;
        Ok(Loaded::Entries {
            reading,
            vanished,
            found,
        })
    }

    /// Reads orders in doubt anew. Whether that went well.
    async fn heal(self: Rc<Self>, config: Rc<OrdersConfig>, ids: Vec<OrderId>) -> bool {
        let now = clock::now();
        let Ok(began) = self.with_board(Board::arrive) else {
            return false;
        };
        let found = match by_names(&config, &ids).await {
            Ok(found) => found,
            Err(error) => {
                log::write(
                    Level::Warn,
                    "not_healed",
                    "",
                    json!({"error": error.to_string()}),
                );
                return false;
            }
        };
        let healed = self.with_board(|board| board.healed(&ids, found, began, now, clock::now()));
        let over = healed.and_then(|over| self.shelf.forget_doubts(&over));
        over.is_ok()
    }

    fn announce(&self, mark: Mark, id: OrderId, to: Status) -> Result<Option<Order>> {
        let doubt = Doubt {
            key: id,
            to,
            since: clock::now(),
        };
        self.shelf.save_doubt(mark, &doubt)?;
        self.with_board(|board| {
            board.announce(mark, doubt);
            board.newest(id).map(|row| row.0.clone())
        })
    }

    async fn settle(
        &self,
        mark: Mark,
        order: Option<Order>,
        from_version: Option<u64>,
    ) -> Result<u64> {
        self.shelf.forget_doubts(&[mark])?;
        let (wait, epoch) = self.with_board(|board| {
            let wait = board.settle(mark, order.map(Row), from_version, clock::now());
            (wait, board.epoch().0)
        })?;
        Delay::from(Duration::from_millis(wait)).await;
        Ok(epoch)
    }

    async fn hook(
        &self,
        delivery: &DeliveryName,
        good_until: UnixMillis,
        order: Order,
    ) -> Result<bool> {
        if !self
            .shelf
            .note_delivery(delivery.as_str(), good_until, clock::now())?
        {
            return Ok(false);
        }
        let (_, wait) = self.with_board(|board| board.told(Row(order), clock::now()))?;
        Delay::from(Duration::from_millis(wait)).await;
        Ok(true)
    }

    /// Whatever is under way here dies, as if the object had been evicted, and something is forgotten. Changes that somebody has
    /// announced are not.
    fn restart(&self, forgetting: Forgetting) -> Result<u64> {
        let epoch = self.with_board(|board| board.epoch().0)?;
        if forgetting != Forgetting::Nothing {
            self.shelf.forget(forgetting)?;
            // Nothing that is still under way may be saved.
            self.is_ending.set(true);
            self.board.replace(None);
        }
        end_object(self.state.as_raw(), ANSWERED_WITHIN_MS);
        Ok(epoch)
    }
}

/// These orders as they are now; those that are no more are left out.
async fn by_names(
    config: &OrdersConfig,
    ids: &[OrderId],
) -> std::result::Result<Vec<Row>, mes::Error> {
    let mut found = Vec::new();
    for ids in ids.chunks(mes::MOST_IDS) {
        let snapshot = orders::counted("ids", config.mes().by_ids(ids).await)?;
        found.extend(snapshot.orders.into_iter().map(Row));
    }
    Ok(found)
}

/// Its name in counts and in the log.
fn label(load: &Load) -> &'static str {
    match load {
        Load::Part(_) => "list",
        Load::Page(..) => "page",
        Load::Counts => "counts",
        Load::Detail(_) => "detail",
    }
}
