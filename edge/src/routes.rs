//! Which path is answered by what.

use worker::{Context, Env};

use crate::{
    auth, cargos, config, health,
    http::{Answer, Described},
    invalidate, prices,
    problem::Failure,
    reader::Reader,
};

/// A route, whatever version of the API it was asked under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Route {
    SignIn,
    List,
    Prices,
    Invalidate,
    Live,
    Ready,
}

impl Route {
    /// `/api/...`, also under `/api/v1`, `/api/v2` and `/api/v3`, with or without a trailing slash.
    fn of(path: &str) -> Option<Self> {
        let path = path.strip_suffix('/').unwrap_or(path);
        let Some(api) = path.strip_prefix("/api/") else {
            return match path {
                "/health/live" => Some(Self::Live),
                "/health/ready" => Some(Self::Ready),
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
            "internal/invalidate" => Some(Self::Invalidate),
            _ => None,
        }
    }

    fn method(self) -> &'static str {
        match self {
            Self::SignIn | Self::Invalidate => "POST",
            Self::List | Self::Prices | Self::Live | Self::Ready => "GET",
        }
    }
}

/// Answers any request.
pub async fn answer(request: web_sys::Request, env: Env, context: Context) -> web_sys::Response {
    let described = Described::of(&request);
    dispatch(request, &described, env, context)
        .await
        .unwrap_or_else(Failure::into_answer)
        .into_response()
}

async fn dispatch(
    request: web_sys::Request,
    described: &Described,
    env: Env,
    context: Context,
) -> Result<Answer, Failure> {
    let route = Route::of(described.path()).ok_or(Failure::NotFound)?;
    let method = described.method();
    // HEAD is GET without the body, which the platform leaves out.
    if method != route.method() && !(method == "HEAD" && route.method() == "GET") {
        return Err(Failure::MethodNotAllowed {
            allow: match route.method() {
                "GET" => "GET, HEAD",
                other => other,
            },
        });
    }
    match route {
        Route::Live => return Ok(health::live()),
        Route::Ready => return health::ready(&env).await,
        Route::SignIn | Route::Invalidate | Route::List | Route::Prices => {}
    }
    let config = config::of(&env)?;
    match route {
        Route::SignIn => return auth::sign_in(request, &config).await,
        Route::Invalidate => return invalidate::answer(request, &env, &config).await,
        _ => {}
    }
    let session = auth::session(described, &config)?;
    let reader = Reader::new(env, context, config, session.driver_id);
    let answer = match route {
        Route::Prices => prices::answer(described, reader).await?,
        _ => cargos::answer(described, reader).await?,
    };
    Ok(match session.renewed {
        Some(renewed) => answer.header(domain::messages::SESSION_HEADER, renewed.token),
        None => answer,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_of_the_api_leads_to_the_same_routes() {
        for (path, route) in [
            ("auth/telegram", Route::SignIn),
            ("cargos/", Route::List),
            ("cargos/prices/", Route::Prices),
            ("internal/invalidate", Route::Invalidate),
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
            "/cargos/",
            "/health",
            "/api/health/live",
        ] {
            assert_eq!(Route::of(path), None, "{path}");
        }
    }
}
