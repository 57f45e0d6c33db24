//! The object of the CargoTech account: every call passes it. It holds the login, the budget and the breaker.

use std::{cell::RefCell, pin::pin, rc::Rc, time::Duration};

use cargotech::{Client, Token};
use domain::{Filters, Page};
use futures_util::{
    FutureExt,
    future::{Either, LocalBoxFuture, Shared, select},
};
use serde::{Deserialize, Serialize};
use swr::{Breaker, Budget, Class, Grant, Permit, UnixMillis};
use worker::{Delay, DurableObject, Env, Error, Request, Response, Result, State, durable_object};

use crate::{
    clock,
    config::{self, Config},
    refresher_do::send,
};

/// One account, one object.
const NAME: &str = "cargotech";

/// What the guard is asked for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Message {
    ListPage {
        filters: String,
        page: u32,
        class: Class,
    },
    Status,
}

/// Why a call was not made, or what it ended with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallError {
    /// Made, and CargoTech gave nothing usable.
    #[error("CargoTech {0}")]
    Upstream(cargotech::Error),
    /// Not made: the calls of this minute are spent.
    #[error("the call budget is spent for {retry_after_ms} ms")]
    BudgetSpent {
        /// When there may be a call again.
        retry_after_ms: u64,
    },
    /// Not made: CargoTech has failed too often.
    #[error("the breaker is open for {retry_after_ms} ms")]
    BreakerOpen {
        /// When the next probe may go.
        retry_after_ms: u64,
    },
}

/// How things stand with upstream, for `/health/ready`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Whether calls are being refused or probed.
    breaker_open: bool,
    /// Whether a login is held.
    logged_in: bool,
}

/// Reads a page of a list upstream.
///
/// # Errors
/// The outer one if the guard can't be reached, the inner one if the call gave nothing.
pub async fn list_page(
    env: &Env,
    filters: &Filters,
    page: u32,
    class: Class,
) -> Result<std::result::Result<Page, CallError>> {
    let message = Message::ListPage {
        filters: filters.to_query(),
        page,
        class,
    };
    send(env, "UPSTREAM_GUARD", NAME, &message).await
}

/// How things stand with upstream.
///
/// # Errors
/// If the guard can't be reached.
pub async fn status(env: &Env) -> Result<Status> {
    send(env, "UPSTREAM_GUARD", NAME, &Message::Status).await
}

/// See the module.
#[durable_object]
pub struct UpstreamGuard {
    state: Rc<State>,
    env: Env,
    guard: RefCell<Option<Rc<Guard>>>,
}

impl DurableObject for UpstreamGuard {
    fn new(state: State, env: Env) -> Self {
        Self {
            state: Rc::new(state),
            env,
            guard: RefCell::new(None),
        }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let message: Message = request.json().await?;
        let guard = self.guard()?;
        match message {
            Message::ListPage {
                filters,
                page,
                class,
            } => {
                let filters = Filters::parse(&filters)
                    .map_err(|_| Error::RustError("the filters are not canonical".to_owned()))?;
                Response::from_json(&guard.list_page_in_time(&filters, page, class).await)
            }
            Message::Status => Response::from_json(&guard.status()),
        }
    }
}

impl UpstreamGuard {
    fn guard(&self) -> Result<Rc<Guard>> {
        if let Some(guard) = &*self.guard.borrow() {
            return Ok(guard.clone());
        }
        let config = config::of(&self.env).map_err(|error| Error::RustError(error.to_string()))?;
        let guard = Rc::new(Guard::new(self.state.clone(), config, clock::now())?);
        self.guard.replace(Some(guard.clone()));
        Ok(guard)
    }
}

type Login = Shared<LocalBoxFuture<'static, std::result::Result<(), CallError>>>;

struct Guard {
    state: Rc<State>,
    config: Rc<Config>,
    client: Client,
    budget: RefCell<Budget>,
    breaker: RefCell<Breaker>,
    /// Kept in SQLite too: an object that is idle for a while is evicted, and a login costs a call.
    token: RefCell<Option<Token>>,
    /// The login under way, which all who need one join.
    login: RefCell<Option<Login>>,
    /// CargoTech refused our credentials: not tried again before this moment.
    refused: RefCell<Option<(cargotech::Error, UnixMillis)>>,
}

impl Guard {
    fn new(state: Rc<State>, config: Rc<Config>, now: UnixMillis) -> Result<Self> {
        let token = load_token(&state)?;
        Ok(Self {
            state,
            client: Client::new(&config.cargotech_base_url, config.upstream_timeout),
            budget: RefCell::new(Budget::new(config.upstream_calls_per_minute, now)),
            breaker: RefCell::new(Breaker::new(config.breaker)),
            token: RefCell::new(token),
            login: RefCell::new(None),
            refused: RefCell::new(None),
            config,
        })
    }

    fn status(&self) -> Status {
        Status {
            breaker_open: self.breaker.borrow().is_open(),
            logged_in: self.token.borrow().is_some(),
        }
    }

    /// One page, before whoever asked gives it up and asks again: a call that is still under way then is ended, so
    /// that upstream never sees two for one key.
    async fn list_page_in_time(
        self: Rc<Self>,
        filters: &Filters,
        page: u32,
        class: Class,
    ) -> std::result::Result<Page, CallError> {
        let in_time = Duration::from_millis(self.config.flight.deadline * 9 / 10);
        match select(
            pin!(self.list_page(filters, page, class)),
            pin!(Delay::from(in_time)),
        )
        .await
        {
            Either::Left((result, _)) => result,
            Either::Right(_) => Err(CallError::Upstream(cargotech::Error::NoAnswer)),
        }
    }

    /// One page. A dead token costs one login and one repetition, however many calls found it dead.
    async fn list_page(
        self: Rc<Self>,
        filters: &Filters,
        page: u32,
        class: Class,
    ) -> std::result::Result<Page, CallError> {
        let token = self.clone().token(None).await?;
        match self
            .call(class, self.client.list_page(&token, filters, page))
            .await
        {
            Err(CallError::Upstream(cargotech::Error::Unauthorized)) => {
                let token = self.clone().token(Some(&token)).await?;
                self.call(class, self.client.list_page(&token, filters, page))
                    .await
            }
            other => other,
        }
    }

    /// A token other than `dead`: the one held, or that of a login.
    async fn token(self: Rc<Self>, dead: Option<&Token>) -> std::result::Result<Token, CallError> {
        let held = |guard: &Self| {
            guard
                .token
                .borrow()
                .clone()
                .filter(|token| Some(token) != dead)
        };
        if let Some(token) = held(&self) {
            return Ok(token);
        }
        let login = self
            .login
            .borrow_mut()
            .get_or_insert_with(|| self.clone().log_in().boxed_local().shared())
            .clone();
        login.await?;
        held(&self).ok_or(CallError::Upstream(cargotech::Error::Unauthorized))
    }

    async fn log_in(self: Rc<Self>) -> std::result::Result<(), CallError> {
        let result = self.new_token().await;
        self.login.replace(None);
        let token = result?;
        if let Err(error) = save_token(&self.state, &token) {
            // The next object logs in again, nothing worse.
            worker::console_error!("the login was not kept: {error}");
        }
        self.token.replace(Some(token));
        Ok(())
    }

    /// A token of a new login, unless CargoTech refused our credentials a moment ago.
    async fn new_token(&self) -> std::result::Result<Token, CallError> {
        let refused = self.refused.borrow().clone();
        match refused {
            Some((refusal, until)) if clock::now() < until => {
                return Err(CallError::Upstream(refusal));
            }
            _ => {}
        }
        let login = self.client.login(&self.config.credentials);
        let result = self.call(Class::Waiting, login).await;
        if let Err(CallError::Upstream(
            refusal @ (cargotech::Error::Suspended | cargotech::Error::BadCredentials),
        )) = &result
        {
            worker::console_error!("CargoTech login refused, no call can be made: {refusal}");
            let until = clock::now().plus(self.config.login_pause_ms);
            self.refused.replace(Some((refusal.clone(), until)));
        }
        result
    }

    /// Makes a call when budget and breaker let it, and tells them how it ended.
    async fn call<T>(
        &self,
        class: Class,
        call: impl Future<Output = std::result::Result<T, cargotech::Error>>,
    ) -> std::result::Result<T, CallError> {
        self.admit(class).await?;
        let result = call.await;
        match &result {
            Err(error) if error.is_outage() => self
                .breaker
                .borrow_mut()
                .failed(clock::now(), clock::random()),
            other => {
                if let Err(cargotech::Error::RateLimited { retry_after_ms }) = other {
                    self.budget
                        .borrow_mut()
                        .pause(*retry_after_ms, clock::now());
                }
                self.breaker.borrow_mut().succeeded();
            }
        }
        result.map_err(CallError::Upstream)
    }

    /// Waits for a place in the budget, as long as the refresh that needs it can still end in time.
    async fn admit(&self, class: Class) -> std::result::Result<(), CallError> {
        let longest_wait = self
            .config
            .flight
            .deadline
            .saturating_sub(self.config.upstream_timeout.as_millis() as u64);
        let give_up_at = clock::now().plus(longest_wait);
        loop {
            let now = clock::now();
            let open_for = self.breaker.borrow().refuses_for(now);
            if open_for > 0 {
                return Err(CallError::BreakerOpen {
                    retry_after_ms: open_for,
                });
            }
            let grant = self.budget.borrow_mut().take(class, now);
            match grant {
                Grant::Now => {
                    return match self.breaker.borrow_mut().permit(now) {
                        Permit::Go => Ok(()),
                        Permit::Refused(retry_after_ms) => {
                            Err(CallError::BreakerOpen { retry_after_ms })
                        }
                    };
                }
                Grant::In(ms) if now.plus(ms) <= give_up_at => {
                    Delay::from(Duration::from_millis(ms)).await
                }
                Grant::In(retry_after_ms) => return Err(CallError::BudgetSpent { retry_after_ms }),
            }
        }
    }
}

fn load_token(state: &State) -> Result<Option<Token>> {
    #[derive(Deserialize)]
    struct Row {
        token: Token,
    }
    let sql = state.storage().sql();
    sql.exec(
        "CREATE TABLE IF NOT EXISTS login (id INTEGER PRIMARY KEY CHECK (id = 0), token TEXT NOT NULL)",
        None,
    )?;
    let rows = sql
        .exec("SELECT token FROM login", None)?
        .to_array::<Row>()?;
    Ok(rows.into_iter().map(|row| row.token).next())
}

fn save_token(state: &State, token: &Token) -> Result<()> {
    state.storage().sql().exec(
        "INSERT INTO login (id, token) VALUES (0, ?) ON CONFLICT (id) DO UPDATE SET token = excluded.token",
        vec![token.as_str().into()],
    )?;
    Ok(())
}
