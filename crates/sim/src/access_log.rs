//! One line a call, on standard output.

use crate::stats::CLIENT_LEFT;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use std::io::Write;
use std::time::{Duration, Instant};

/// Middleware that logs a call when it ends, or when its client leaves, then with status 499.
pub async fn log(request: Request, next: Next) -> Response {
    // Neither headers nor body: so no token and no password.
    let what = format!("{} {}", request.method(), request.uri());
    let mut line = Line {
        what,
        began: Instant::now(),
        status: CLIENT_LEFT,
    };
    let response = next.run(request).await;
    line.status = response.status().as_u16();
    response
}

struct Line {
    what: String,
    began: Instant,
    status: u16,
}

fn text(what: &str, status: u16, took: Duration) -> String {
    format!("{what} {status} {} ms\n", took.as_millis())
}

impl Drop for Line {
    fn drop(&mut self) {
        // A reader of the log that went away is no reason to stop.
        let text = text(&self.what, self.status, self.began.elapsed());
        let _ = std::io::stdout().write_all(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_method_path_query_status_and_milliseconds() {
        let what = "GET /v2/cargos/views?limit=20&offset=0";
        let text = text(what, 200, Duration::from_micros(301_900));
        assert_eq!(text, "GET /v2/cargos/views?limit=20&offset=0 200 301 ms\n");
    }
}
