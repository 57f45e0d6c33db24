//! The MES: what its clients may rely on, and what they may not.

mod calculations;
mod contract;
mod observation;
mod orders;
mod slowness;
mod webhooks;

use crate::client::{Client, config};
use axum::http::StatusCode;
use serde_json::{Value, json};
use sim::{Config, Sim, mes};

/// A factory of so many orders that takes no time for anything.
pub fn factory(orders: u32) -> mes::Config {
    mes::Config {
        orders,
        list_base_ms: 0,
        list_us_per_order: 0,
        read_ms: 0,
        write_ms: 0,
        ..mes::Config::default()
    }
}

/// Somebody whom the MES knows.
pub fn client(mes: mes::Config) -> Client {
    let token = mes.token.clone();
    let sim = Sim::new(Config { mes, ..config() });
    Client { sim, token }
}

impl Client {
    /// A 200 of the MES.
    pub async fn mes(&self, path: &str) -> Value {
        let reply = self.get(&format!("/mes{path}")).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}: {}", reply.text);
        reply.json()
    }

    /// Orders for the MES that are followed; the answer is its state.
    pub async fn tell_mes(&self, orders: Value) -> Value {
        self.tell(json!({"mes": orders})).await["mes"].clone()
    }

    /// The newest order in this status, as it truly is.
    pub async fn an_order(&self, status: &str) -> Value {
        let truth = self.get(&format!("/_orders?status={status}&limit=1")).await;
        truth.json()["orders"][0].clone()
    }

    /// Tries to move an order from the state that `row` shows; status and body of the answer.
    pub async fn change(&self, row: &Value, to: &str, by: &str) -> (u16, Value) {
        let uri = format!("/mes/v1/orders/{}/status", row["id"].as_str().unwrap());
        let body = json!({"status": to, "expected_version": row["version"], "by": by});
        let reply = self.post(&uri, &body).await;
        (reply.status.as_u16(), reply.json())
    }
}

/// The names in a page.
pub fn ids(page: &Value) -> Vec<String> {
    let orders = page["orders"].as_array().unwrap();
    let id = |order: &Value| order["id"].as_str().unwrap().to_owned();
    orders.iter().map(id).collect()
}
