//! Who may see which orders, and move them.

use domain::orders::{Filter, Mover, Order, SellerId};
use subtle::ConstantTimeEq;
use swr::UnixMillis;
use worker::Env;

use super::OrdersConfig;
use crate::{
    auth,
    config::Config,
    http::Described,
    limits,
    log::RequestId,
    problem::Failure,
    session::{Issued, Signed},
};

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Viewer {
    /// Somebody at the machines, by the name that people call him: sees and moves orders.
    Operator {
        /// His id at Telegram.
        id: i64,
        /// His name.
        name: String,
    },
    /// Sees his own orders.
    Seller(SellerId),
    /// The sales system: sees all orders, and moves those that are its own to move.
    Crm,
}

impl Viewer {
    /// Who asks, and his new token if he got one: an operator by his session, the others by the key in `Authorization: Bearer`.
    ///
    /// # Errors
    /// [`Failure::Unauthorized`] for who is nobody, [`Failure::Forbidden`] for a driver.
    pub fn of(
        request: &Described,
        config: &Config,
        orders: &OrdersConfig,
        id: &RequestId,
        now: UnixMillis,
    ) -> Result<(Self, Option<Issued>), Failure> {
        // Tokens of sessions have dots, keys have not.
        if let Some(key) = request.bearer().filter(|token| !token.contains('.')) {
            return Ok((by_key(key, orders).ok_or(Failure::Unauthorized)?, None));
        }
        let Signed { driver_id, renewed } = auth::session(request, config, id, now)?;
        let operator = orders.operators.iter().find(|(id, _)| *id == driver_id);
        let (id, name) = operator.cloned().ok_or(Failure::Forbidden)?;
        Ok((Self::Operator { id, name }, renewed))
    }

    /// Sellers may ask so often and no more, operators as often as drivers; how often, the platform's bindings say.
    ///
    /// # Errors
    /// [`Failure::TooMany`]; or the platform does not count.
    pub async fn require_pace(&self, env: &Env, now: UnixMillis) -> Result<(), Failure> {
        if let Self::Operator { id, .. } = self {
            limits::driver(*id, env, now).await?;
        }
        if let Self::Seller(seller) = self {
            let limiter = env.rate_limiter("SELLER_REQUESTS")?;
            if !limiter.limit(seller.0.to_string()).await?.success {
                return Err(Failure::TooMany { retry_after_s: 60 });
            }
        }
        Ok(())
    }

    /// What he may see of what he asks for.
    ///
    /// # Errors
    /// [`Failure::Forbidden`] if that is nothing.
    pub fn narrow(&self, mut filter: Filter) -> Result<Filter, Failure> {
        if let Self::Seller(own) = self {
            if filter.seller.is_some_and(|asked| asked != *own) {
                return Err(Failure::Forbidden);
            }
            filter.seller = Some(*own);
        }
        Ok(filter)
    }

    /// Whether he may see this order.
    pub fn sees(&self, order: &Order) -> bool {
        match self {
            Self::Seller(own) => order.seller == *own,
            Self::Operator { .. } | Self::Crm => true,
        }
    }

    /// Whose moves are his, and the name under which he makes them.
    ///
    /// # Errors
    /// [`Failure::Forbidden`] if he may move nothing.
    pub fn mover(&self) -> Result<(Mover, &str), Failure> {
        match self {
            Self::Operator { name, .. } => Ok((Mover::Operator, name)),
            Self::Crm => Ok((Mover::Crm, "CRM")),
            Self::Seller(_) => Err(Failure::Forbidden),
        }
    }
}

/// Compares with every key there is, whichever fits, so that the time it takes tells nothing.
fn by_key(key: &str, orders: &OrdersConfig) -> Option<Viewer> {
    let is = |known: &str| bool::from(key.as_bytes().ct_eq(known.as_bytes()));
    let mut viewer = is(&orders.crm_key).then_some(Viewer::Crm);
    for (seller, known) in &orders.seller_keys {
        if is(known) {
            viewer = Some(Viewer::Seller(*seller));
        }
    }
    viewer
}
