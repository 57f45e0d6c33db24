//! Sends webhooks.

use super::hooks::{ATTEMPTS, Delivery, End, pause_ms};
use crate::server::Sim;
use domain::orders::Order;
use domain::orders::messages::OrderHook;
use std::time::Duration;

/// How long a receiver may take over an answer.
const PATIENCE: Duration = Duration::from_secs(10);

impl Sim {
    /// Tells of orders that were changed or created, in the background.
    pub(crate) fn tell_of(&self, orders: Vec<Order>) {
        for order in orders {
            let deliveries = self.lock().mes.hooks.deliveries(order.version);
            for delivery in deliveries {
                let (sim, order) = (self.clone(), order.clone());
                tokio::spawn(async move {
                    let end = tokio::select! {
                        end = sim.deliver(&delivery, order) => end,
                        () = sim.closed() => End::Failed,
                    };
                    sim.lock().mes.hooks.ended(&delivery, end);
                });
            }
        }
    }

    async fn deliver(&self, delivery: &Delivery, order: Order) -> End {
        tokio::time::sleep(Duration::from_millis(delivery.delay_ms)).await;
        let mut hook = OrderHook {
            delivery: delivery.name.clone(),
            timestamp: 0,
            order,
        };
        for attempt in 0..ATTEMPTS {
            hook.timestamp = self.now_ms();
            match self.send(delivery, &hook).await {
                Some(status) if (200..300).contains(&status) => return End::Accepted,
                Some(409) => return End::Refused,
                _ => {}
            }
            if attempt + 1 < ATTEMPTS {
                tokio::time::sleep(Duration::from_millis(pause_ms(attempt))).await;
            }
        }
        End::Failed
    }

    /// One request; the status of its answer, if there is one.
    async fn send(&self, delivery: &Delivery, hook: &OrderHook) -> Option<u16> {
        let body = serde_json::to_vec(hook).ok()?;
        let (url, signature) = {
            let hooks = &mut self.lock().mes.hooks;
            let url = hooks.settings.url.clone()?;
            hooks.sent(delivery);
            (url, hooks.sign(&body))
        };
        let request = self
            .mes()
            .http
            .post(url)
            .header("Content-Type", "application/json")
            .header("X-Signature", signature)
            .timeout(PATIENCE)
            .body(body);
        Some(request.send().await.ok()?.status().as_u16())
    }
}
