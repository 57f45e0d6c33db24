use std::collections::BTreeMap;

use domain::orders::{
    Change, Order, OrderId, Status,
    messages::{Changed, OrderAnswer, OrderList},
};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{InitData, Loadboard, Reply, Simulator, forgery, variable};

/// The two operators that the Worker under test knows: the first of Telegram's ids that each of them has there, and what
/// people call them.
pub const OPERATORS: [(i64, &str); 2] = [(5_000_000_001, "Алексей"), (5_000_000_002, "Борис")];

/// The id of an operator when it is this one's turn.
///
/// # Panics
/// Without the variable that says how many ids each of them has.
pub(crate) fn operator_id(number: usize, turn: i64) -> i64 {
    let ids: i64 = variable("LOADBOARD_IDS_OF_OPERATORS")
        .parse()
        .expect("a number");
    OPERATORS[number].0 + 2 * (turn % ids)
}

impl Loadboard {
    /// One of the [`OPERATORS`], signed in.
    pub async fn operator(number: usize) -> Self {
        let board = Self::from_environment();
        let reply = board
            .sign_in(&InitData::of(OPERATORS[number].0).sign())
            .await;
        reply.session();
        board.for_operator(number)
    }

    /// The sales system.
    pub fn crm() -> Self {
        Self::from_environment().with_token(&variable("LOADBOARD_CRM_KEY"))
    }

    /// A seller: see `cargo xtask test`, which gives each of them a key.
    pub fn seller(number: u32) -> Self {
        let key = variable("LOADBOARD_SELLER_KEY").replace("{}", &number.to_string());
        Self::from_environment().with_token(&key)
    }

    /// A list of orders, which must be had.
    pub async fn orders(&self, query: &str) -> OrderList {
        self.get(&format!("/api/orders/?{query}")).await.orders()
    }

    /// Everything about an order, which must be had.
    pub async fn order(&self, id: OrderId) -> OrderAnswer {
        self.get(&format!("/api/orders/{id}/")).await.json()
    }

    /// Moves an order, if it is still as it was.
    pub async fn move_order(&self, order: &Order, to: Status) -> Reply {
        let body = json!({"status": to, "expected_version": order.version});
        self.post(
            &format!("/api/orders/{}/status", order.id),
            body.to_string(),
        )
        .await
    }

    /// `POST` with this body.
    pub async fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> Reply {
        self.send(self.request(Method::POST, path).body(body)).await
    }

    /// Delivers what an order has become, as the MES does: under this name, sent so many seconds ago.
    pub async fn deliver(&self, delivery: &str, order: &Order, seconds_ago: u64) -> Reply {
        let timestamp = forgery::unix_millis() - 1_000 * seconds_ago;
        let body =
            json!({"delivery": delivery, "timestamp": timestamp, "order": order}).to_string();
        let signature = forgery::signature(&variable("LOADBOARD_WEBHOOK_SECRET"), &body);
        self.deliver_signed(body, &signature).await
    }

    /// Delivers this body under this signature.
    pub async fn deliver_signed(&self, body: String, signature: &str) -> Reply {
        let request = self.request(Method::POST, "/api/hooks/orders");
        self.send(request.header("x-signature", signature).body(body))
            .await
    }
}

impl Reply {
    /// A list of orders, from a good answer that contradicts neither itself nor its headers.
    #[track_caller]
    pub fn orders(&self) -> OrderList {
        let list: OrderList = self.json();
        assert_eq!(self.expect_header("cache-control"), "private, no-cache");
        assert_eq!(self.number("x-epoch"), list.epoch);
        assert_eq!(self.number("x-stale"), u64::from(list.stale));
        assert_eq!(self.number("age"), list.age_ms / 1_000);
        assert_eq!(self.number("x-poll-after-ms"), list.poll_after_ms);
        let ranks = list.orders.iter().map(Order::rank);
        assert!(
            ranks.is_sorted_by(|newer, older| newer > older),
            "newest first, each once"
        );
        list
    }

    /// What became of an order that was moved.
    #[track_caller]
    pub fn changed(&self) -> Changed {
        let changed: Changed = self.json();
        assert_eq!(self.number("x-epoch"), changed.epoch);
        changed
    }
}

/// What was asked of the MES.
#[derive(Clone, Debug, Deserialize)]
pub struct MesStats {
    queries: BTreeMap<String, QueryStats>,
    /// Runs of the calculator.
    pub calculations: Calculations,
    /// How many orders there are.
    pub rows: u64,
}

/// Runs of the calculator.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Calculations {
    /// That began.
    pub started: u64,
}

/// Queries of one kind.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct QueryStats {
    /// That arrived.
    pub calls: u64,
    /// Without an answer yet.
    pub in_flight: u64,
    /// The most at once.
    pub max_in_flight: u64,
}

impl MesStats {
    /// Of one kind: `list`, `ids`, `counts`, `detail`, `status_change`.
    pub fn queries(&self, kind: &str) -> QueryStats {
        self.queries.get(kind).cloned().unwrap_or_default()
    }

    fn in_flight(&self) -> u64 {
        self.queries.values().map(|queries| queries.in_flight).sum()
    }
}

/// What is true of orders.
#[derive(Clone, Debug, Deserialize)]
pub struct TrueOrders {
    /// As they are now.
    pub orders: Vec<Order>,
    /// And how they came to that.
    #[serde(default)]
    pub ever: BTreeMap<OrderId, Vec<Change>>,
}

impl Simulator {
    /// Tells the MES something.
    pub async fn tell_mes(&self, orders: Value) -> Value {
        self.tell(json!({"mes": orders})).await["mes"].clone()
    }

    /// A change that is made elsewhere: what became of the order.
    ///
    /// # Panics
    /// If it was not made.
    pub async fn change_elsewhere(&self, id: OrderId, status: Status, silent: bool) -> Order {
        let change = json!({"id": id, "status": status, "by": "Виктор", "silent": silent});
        let told = self.tell_mes(json!({"change": change})).await;
        serde_json::from_value(told["changed"][0].clone())
            .expect("the simulator tells what it changed")
    }

    /// What was asked of the MES.
    pub async fn mes_stats(&self) -> MesStats {
        #[derive(Deserialize)]
        struct All {
            mes: MesStats,
        }
        self.ask::<All>("/_stats").await.mes
    }

    /// What is true of the orders that a list of the MES would show.
    pub async fn true_orders(&self, query: &str) -> TrueOrders {
        self.ask(&format!("/_orders?{query}")).await
    }

    /// A list, as the MES itself gives it.
    ///
    /// # Panics
    /// If it does not.
    pub async fn mes_list(&self, query: &str) -> Value {
        self.ask_as(
            &format!("/mes/v1/orders?{query}"),
            &variable("LOADBOARD_MES_TOKEN"),
        )
        .await
    }

    /// Waits until the MES does nothing.
    pub async fn mes_is_idle(&self) {
        crate::until(
            "the MES does nothing",
            crate::windows::RECOVERY,
            async || self.mes_stats().await.in_flight(),
            |in_flight| *in_flight == 0,
        )
        .await;
    }
}

/// A factory in fair weather, a board that was thrown away, and an operator.
pub async fn begin_with_orders() -> (Loadboard, Simulator) {
    let sim = Simulator::from_environment();
    sim.tell(json!({"reset": true, "mes": {
        "weather": "ok", "slow_factor": 1.0, "list_base_ms": 60, "list_us_per_order": 0, "read_ms": 5, "write_ms": 20,
        "calculation_ms": 600, "fail_calculations": 0,
        "webhook": {"lose_percent": 0, "repeat_percent": 0, "delay_ms": 0},
    }}))
    .await;
    sim.mes_is_idle().await;
    let board = Loadboard::operator(0).await;
    board.pull_plugs(json!({})).await;
    throw_away(&board).await;
    sim.mes_is_idle().await;
    sim.forget_counts().await;
    (board, sim)
}

/// An order to do something to the order board, `forget` or `restart`, and its signature.
pub fn order_to(what: &str) -> (String, String) {
    forgery::Order::to_invalidate(json!({"boards": what})).sign()
}

/// Throws the order board away, and waits until it is there again.
pub async fn throw_away(board: &Loadboard) {
    let before = board.invalidate(order_to("forget")).await.invalidated();
    crate::until(
        "the board is up again",
        crate::windows::RECOVERY,
        async || board.orders("status=cancelled&limit=1").await.epoch,
        |epoch| *epoch >= before.epoch,
    )
    .await;
}
