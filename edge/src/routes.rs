//! Which path is answered by what.

use std::{pin::pin, rc::Rc, time::Duration};

use domain::{
    CargoId,
    messages::BUILD_HEADER,
    orders::{OrderId, QuoteId},
};
use futures_util::{
    FutureExt,
    future::{Either, poll_immediate, select},
};
use serde_json::json;
use swr::UnixMillis;
use worker::{Context, Delay, Env};

use crate::{
    auth, cargo, cargos, clock,
    config::{self, Config},
    cors, dictionaries, health, history,
    http::{self, Answer, BODY_DEADLINE, Described},
    invalidate, limits,
    log::{self, Level, RequestId},
    metrics::{Family, Histogram, status_label},
    metrics_do, metrics_page,
    orders::{self, access::Viewer},
    prices,
    problem::Failure,
    reader::Reader,
    resource::Resource,
    schema,
    session::Issued,
    tally,
};

/// A route, whatever version of the API it was asked under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Route {
    SignIn,
    List,
    Prices,
    Cargo(CargoId),
    History(CargoId),
    Points,
    LoadTypes,
    TruckTypes,
    Invalidate,
    Orders,
    Order(OrderId),
    OrderStatus(OrderId),
    OrderHook,
    AskQuote,
    Quote(QuoteId),
    Schema,
    Live,
    Ready,
    Metrics,
}

impl Route {
    /// `/api/...`, also under `/api/v1`, `/api/v2` and `/api/v3`, with or without a trailing slash.
    fn of(path: &str) -> Option<Self> {
        let path = path.strip_suffix('/').unwrap_or(path);
        let Some(api) = path.strip_prefix("/api/") else {
            return match path {
                "/health/live" => Some(Self::Live),
                "/health/ready" => Some(Self::Ready),
                "/metrics" => Some(Self::Metrics),
                _ => None,
            };
        };
        let route = ["v1/", "v2/", "v3/"]
            .iter()
            .find_map(|version| api.strip_prefix(version))
            .unwrap_or(api);
        match route {
            "auth/telegram" => Some(Self::SignIn),
            "cargos" => Some(Self::List),
            "cargos/prices" => Some(Self::Prices),
            "dictionaries/points" => Some(Self::Points),
            "dictionaries/load_types" => Some(Self::LoadTypes),
            "dictionaries/truck_types" => Some(Self::TruckTypes),
            "internal/invalidate" => Some(Self::Invalidate),
            "orders" => Some(Self::Orders),
            "hooks/orders" => Some(Self::OrderHook),
            "quotes" => Some(Self::AskQuote),
            "schema" => Some(Self::Schema),
            _ => {
                if let Some(quote) = route.strip_prefix("quotes/") {
                    return quote.parse().ok().map(Self::Quote);
                }
                if let Some(order) = route.strip_prefix("orders/") {
                    return match order.strip_suffix("/status") {
                        Some(id) => id.parse().ok().map(Self::OrderStatus),
                        None => order.parse().ok().map(Self::Order),
                    };
                }
                let cargo = route.strip_prefix("cargos/")?;
                match cargo.strip_suffix("/history") {
                    Some(id) => id.parse().ok().map(Self::History),
                    None => cargo.parse().ok().map(Self::Cargo),
                }
            }
        }
    }

    fn method(self) -> &'static str {
        match self {
            Self::SignIn
            | Self::Invalidate
            | Self::OrderStatus(_)
            | Self::OrderHook
            | Self::AskQuote => "POST",
            _ => "GET",
        }
    }

    /// Whether it reads a body, and that as JSON.
    fn reads_json(self) -> bool {
        matches!(
            self,
            Self::SignIn | Self::Invalidate | Self::OrderStatus(_) | Self::OrderHook
        )
    }

    /// Its name, as a label, and in the document of the API.
    fn label(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::List => "list",
            Self::Prices => "prices",
            Self::Cargo(_) => "cargo",
            Self::History(_) => "history",
            Self::Points => "points",
            Self::LoadTypes => "load_types",
            Self::TruckTypes => "truck_types",
            Self::Invalidate => "invalidate",
            Self::Orders => "orders",
            Self::Order(_) => "order",
            Self::OrderStatus(_) => "order_status",
            Self::OrderHook => "order_hook",
            Self::AskQuote => "ask_quote",
            Self::Quote(_) => "quote",
            Self::Schema => "schema",
            Self::Live => "live",
            Self::Ready => "ready",
            Self::Metrics => "metrics",
        }
    }
}

/// Answers any request.
pub async fn answer(request: web_sys::Request, env: Env, context: Context) -> web_sys::Response {
    let began = clock::now();
    let described = Described::of(&request);
    let route = Route::of(described.path());
    let id = Rc::new(RequestId::of(request));
    let of_other_site = cors::is_allowed(described.origin(), &env);
    let work = dispatch(
        route,
        &described,
        of_other_site,
        env,
        context,
        id.clone(),
        began,
    );
    let mut work = pin!(work);
    // The clock stands still between I/O: what needs none takes no time.
    let (result, took) = match poll_immediate(&mut work).await {
        Some(result) => (result, 0),
        None => {
            let deadline = deadline(route);
            let result = match select(work, pin!(Delay::from(deadline))).await {
                Either::Left((result, _)) => result,
                // Whatever did not answer has a deadline of its own; this one is for what nobody thought of.
                Either::Right(_) => {
                    let detail = json!({"path": described.path()});
                    log::write(Level::Error, "deadline_passed", id.as_str(), detail);
                    Err(match route {
                        Some(Route::OrderStatus(_)) => Failure::OutcomeUnknown,
                        _ => Failure::Unavailable {
                            retry_after_ms: 2_000,
                        },
                    })
                }
            };
            (result, clock::now().since(began))
        }
    };
    let mut answer = result.unwrap_or_else(|failure| failed(failure, route, &described, &id));
    if of_other_site {
        answer = cors::readable(answer, described.origin());
    }
    let labels = [
        route.map_or("none", Route::label),
        status_label(answer.status()),
    ];
    tally::count(Family::Answers, labels);
    tally::observe(Histogram::Answer, took);
    answer.into_response()
}

/// After so long a client has an answer, whatever hangs: longer than all that may take its time on the way together.
fn deadline(route: Option<Route>) -> Duration {
    const SLACK: Duration = Duration::from_millis(500);
    let Some(config) = config::known() else {
        return SLACK;
    };
    let body = match route {
        Some(Route::SignIn | Route::Invalidate | Route::OrderHook | Route::OrderStatus(_)) => {
            BODY_DEADLINE
        }
        Some(Route::AskQuote) => orders::UPLOAD_DEADLINE,
        _ => Duration::ZERO,
    };
    let work = match (route, &config.orders) {
        (
            Some(
                Route::Orders
                | Route::Order(_)
                | Route::OrderStatus(_)
                | Route::OrderHook
                | Route::AskQuote
                | Route::Quote(_)
                | Route::Invalidate,
            ),
            Some(orders),
        ) => orders.answer_deadline(),
        _ => config.read_deadline + config.kv_patience,
    };
    body + work + SLACK
}

fn failed(failure: Failure, route: Option<Route>, described: &Described, id: &RequestId) -> Answer {
    if let Failure::Misconfigured(_) | Failure::Platform(_) = failure {
        let detail = json!({"path": described.path(), "error": failure.to_string()});
        log::write(Level::Error, "request_failed", id.as_str(), detail);
    }
    let has_fragments = matches!(route, Some(Route::List | Route::Prices));
    let answer = if has_fragments && described.wants_html() {
        failure.into_fragment()
    } else {
        failure.into_answer()
    };
    answer.header("x-request-id", id.as_str())
}

async fn dispatch(
    route: Option<Route>,
    described: &Described,
    of_other_site: bool,
    env: Env,
    context: Context,
    id: Rc<RequestId>,
    now: UnixMillis,
) -> Result<Answer, Failure> {
    described.require_measure()?;
    let route = route.ok_or(Failure::NotFound)?;
    let method = described.method();
    if method == "OPTIONS" && of_other_site {
        return Ok(cors::preflight());
    }
    // HEAD is GET without the body, which the platform leaves out.
    if method != route.method() && !(method == "HEAD" && route.method() == "GET") {
        return Err(Failure::MethodNotAllowed {
            allow: match route.method() {
                "GET" => "GET, HEAD",
                other => other,
            },
        });
    }
    if route.reads_json() && !http::may_be_json(id.request()) {
        return Err(Failure::UnsupportedMediaType);
    }
    match route {
        Route::Schema => return Ok(schema::answer(described)),
        Route::Live => return Ok(health::live(&env)),
        Route::Ready => return health::ready(&env).await,
        _ => {}
    }
    let config = config::of(&env)?;
    if tally::is_due(config.metrics_every, now) {
        metrics_do::hand_over_behind(&env, &context);
    }
    match route {
        Route::Metrics => {
            let page = metrics_page::answer(described, &env, &config).await;
            return limits::refusals(page, &id, &env, now).await;
        }
        Route::SignIn => {
            limits::address(&id, &env, now).await?;
            return auth::sign_in(&config, &id).await;
        }
        Route::Invalidate => {
            let done = invalidate::answer(id.request(), &env, &config).await;
            return limits::refusals(done, &id, &env, now).await;
        }
        Route::Orders
        | Route::Order(_)
        | Route::OrderStatus(_)
        | Route::OrderHook
        | Route::AskQuote
        | Route::Quote(_) => {
            // Boxed: polls of prices, which are nearly all that is asked, would else carry its states along.
            let answer = of_orders(route, described, &env, &context, &config, &id, now);
            return answer.boxed_local().await;
        }
        _ => {}
    }
    let session = auth::session(described, &config, &id, now);
    let session = limits::refusals(session, &id, &env, now).await?;
    limits::driver(session.driver_id, &env, now).await?;
    let reader = Reader::new(env, context, config, session.driver_id, id.clone(), now);
    let result = match route {
        Route::Prices => prices::answer(described, reader).await,
        other => {
            // Boxed: polls, which are nearly all that is asked, would else carry all the others' states along.
            rarely_asked(other, described, reader).boxed_local().await
        }
    };
    Ok(with_session(result, session.renewed, route, described, &id))
}

async fn of_orders(
    route: Route,
    described: &Described,
    env: &Env,
    context: &Context,
    config: &Config,
    id: &Rc<RequestId>,
    now: UnixMillis,
) -> Result<Answer, Failure> {
    // Where there is no factory there are no such addresses.
    let orders = config.orders.as_ref().ok_or(Failure::NotFound)?;
    if route == Route::OrderHook {
        let taken = orders::hook::answer(env, orders, id).await;
        return limits::refusals(taken, id, env, now).await;
    }
    let viewer = Viewer::of(described, config, orders, id, now);
    let (viewer, renewed) = limits::refusals(viewer, id, env, now).await?;
    viewer.require_pace(env, now).await?;
    let result = match route {
        Route::Order(order) => orders::detail::answer(order, env, orders, &viewer, id).await,
        Route::OrderStatus(order) => {
            orders::change::answer(order, env, context, orders, &viewer, id).await
        }
        Route::AskQuote => orders::quotes::ask(described, env, orders, id).await,
        Route::Quote(quote) => orders::quotes::look(quote, env, orders).await,
        _ => orders::list::answer(described, env, orders, &viewer, id, now)
            .await
            .map(|list| list.header_if(BUILD_HEADER, config.build_id.as_ref())),
    };
    Ok(with_session(result, renewed, route, described, id))
}

/// A session stands, whatever becomes of the request that began it.
fn with_session(
    result: Result<Answer, Failure>,
    renewed: Option<Issued>,
    route: Route,
    described: &Described,
    id: &RequestId,
) -> Answer {
    let answer = result.unwrap_or_else(|failure| failed(failure, Some(route), described, id));
    answer.header_if(
        domain::messages::SESSION_HEADER,
        renewed.map(|renewed| renewed.token),
    )
}

async fn rarely_asked(
    route: Route,
    described: &Described,
    reader: Reader,
) -> Result<Answer, Failure> {
    match route {
        Route::Cargo(id) => cargo::answer(id, described, reader).await,
        Route::History(id) => history::answer(id, &reader).await,
        Route::Points => dictionaries::points(described, reader).await,
        Route::LoadTypes => dictionaries::types(&Resource::LoadTypes, reader).await,
        Route::TruckTypes => dictionaries::types(&Resource::TruckTypes, reader).await,
        _ => cargos::answer(described, reader).await,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn every_version_of_the_api_leads_to_the_same_routes() {
        for (path, route) in [
            ("auth/telegram", Route::SignIn),
            ("cargos/", Route::List),
            ("cargos/prices/", Route::Prices),
            (
                "cargos/6236980507/",
                Route::Cargo(CargoId::new(6_236_980_507).unwrap()),
            ),
            (
                "cargos/5/history/",
                Route::History(CargoId::new(5).unwrap()),
            ),
            ("dictionaries/points/", Route::Points),
            ("dictionaries/load_types/", Route::LoadTypes),
            ("dictionaries/truck_types/", Route::TruckTypes),
            ("internal/invalidate", Route::Invalidate),
            ("orders/", Route::Orders),
            ("orders/MSK-5/", Route::Order("MSK-5".parse().unwrap())),
            (
                "orders/MSK-5/status",
                Route::OrderStatus("MSK-5".parse().unwrap()),
            ),
            ("hooks/orders", Route::OrderHook),
            ("quotes/", Route::AskQuote),
            ("schema/", Route::Schema),
        ] {
            for prefix in ["/api/", "/api/v1/", "/api/v2/", "/api/v3/"] {
                let path = format!("{prefix}{path}");
                assert_eq!(Route::of(&path), Some(route), "{path}");
                assert_eq!(Route::of(path.trim_end_matches('/')), Some(route), "{path}");
            }
        }
    }

    #[test]
    fn other_paths_lead_nowhere() {
        for path in [
            "",
            "/",
            "/api",
            "/api/",
            "/api/v4/cargos/",
            "/api/v1/v1/cargos/",
            "/api/cargos//",
            "/api/cargos/0/",
            "/api/cargos/007/",
            "/api/cargos/-5/",
            "/api/cargos/price/",
            "/api/cargos/5/6/",
            "/api/cargos/history",
            "/api/cargos//history",
            "/api/dictionaries/",
            "/api/dictionaries/companies/",
            "/cargos/",
            "/health",
            "/api/health/live",
            "/api/metrics",
            "/api/orders/5",
            "/api/orders/status",
            "/api/orders/MSK-5/history",
            "/api/hooks",
        ] {
            assert_eq!(Route::of(path), None, "{path}");
        }
    }

    /// Each of the routes after the one given: whoever adds one is asked for it here, and then for its place in the document.
    fn after(route: Route) -> Option<Route> {
        let (cargo, order) = (CargoId::new(5).unwrap(), "MSK-5".parse().unwrap());
        Some(match route {
            Route::SignIn => Route::List,
            Route::List => Route::Prices,
            Route::Prices => Route::Cargo(cargo),
            Route::Cargo(_) => Route::History(cargo),
            Route::History(_) => Route::Points,
            Route::Points => Route::LoadTypes,
            Route::LoadTypes => Route::TruckTypes,
            Route::TruckTypes => Route::Invalidate,
            Route::Invalidate => Route::Orders,
            Route::Orders => Route::Order(order),
            Route::Order(_) => Route::OrderStatus(order),
            Route::OrderStatus(_) => Route::OrderHook,
            Route::OrderHook => Route::AskQuote,
            Route::AskQuote => Route::Quote(QuoteId([0; 32])),
            Route::Quote(_) => Route::Schema,
            Route::Schema => Route::Live,
            Route::Live => Route::Ready,
            Route::Ready => Route::Metrics,
            Route::Metrics => return None,
        })
    }

    /// `path` with an example in the place of each of its parameters.
    fn with_examples(path: &str, operation: &Value, document: &Value) -> String {
        let mut filled = path.to_owned();
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let pointer = parameter["$ref"]
                .as_str()
                .and_then(|name| name.strip_prefix('#'));
            let parameter = pointer.map_or(parameter, |name| document.pointer(name).unwrap());
            if parameter["in"] == "path" {
                let name = format!("{{{}}}", parameter["name"].as_str().unwrap());
                filled = filled.replace(&name, parameter["example"].as_str().unwrap());
            }
        }
        filled
    }

    #[test]
    fn the_document_knows_every_route_and_no_other() {
        let document: Value = serde_json::from_str(schema::DOCUMENT).unwrap();
        let mut documented = Vec::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let example = with_examples(path, operation, &document);
                let route = Route::of(&example).unwrap_or_else(|| panic!("{path} leads nowhere"));
                assert_eq!(route.method(), method.to_uppercase(), "{path}");
                assert_eq!(route.label(), operation["operationId"], "{path}");
                let takes_json =
                    operation["requestBody"]["content"]["application/json"].is_object();
                assert_eq!(route.reads_json(), takes_json, "{path}");
                documented.push(route.label());
            }
        }
        let routes = std::iter::successors(Some(Route::SignIn), |&route| after(route));
        let mut labels: Vec<_> = routes.map(Route::label).collect();
        labels.sort_unstable();
        documented.sort_unstable();
        assert_eq!(documented, labels);
    }
}
