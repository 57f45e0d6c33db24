//! The headers of answers.

use domain::messages::{
    BUILD_HEADER, EPOCH_HEADER, POLL_AFTER_HEADER, SESSION_HEADER, STALE_HEADER,
};
use serde_json::{Value, json};

use crate::openapi::{self, Map, Reference};

/// A header, and what it says.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    name: &'static str,
    /// Where one name says different things in different answers: which.
    variant: &'static str,
    description: &'static str,
    schema: fn() -> Value,
    example: &'static str,
}

impl Header {
    pub const NO_SNIFFING: Self = Self {
        name: "X-Content-Type-Options",
        variant: "",
        description: "The body is what `Content-Type` says.",
        schema: || json!({"const": "nosniff"}),
        example: "nosniff",
    };
    pub const NO_STORE: Self = Self::cache_control("no-store", || json!({"const": "no-store"}));
    pub const REVALIDATE: Self = Self::cache_control(
        "private, no-cache",
        || json!({"const": "private, no-cache"}),
    );
    pub const FOR_SECONDS: Self = Self::cache_control(
        "private, max-age=10",
        || json!({"const": "private, max-age=10"}),
    );
    pub const FOR_AN_HOUR: Self = Self::cache_control(
        "private, max-age=3600",
        || json!({"const": "private, max-age=3600"}),
    );
    pub const FOR_ANYBODY: Self = Self::cache_control(
        "public, max-age=300",
        || json!({"const": "public, max-age=300"}),
    );
    pub const VARY: Self = Self {
        name: "Vary",
        variant: "",
        description: "What the answer depends on besides the address: who asks, from which site, and where there are fragments, whether \
            they are preferred.",
        schema: || json!({"enum": ["authorization, origin", "authorization, accept, hx-request, origin"]}),
        example: "authorization, origin",
    };
    pub const ETAG: Self = Self {
        name: "ETag",
        variant: "",
        description: "The name of this state, for `If-None-Match` (RFC 9110, 8.8.3).",
        schema: || json!({"$ref": "#/components/schemas/Etag"}),
        example: "\"6f2d1c0b9a887766\"",
    };
    pub const AGE: Self = Self {
        name: "Age",
        variant: "",
        description: "How long ago it was read upstream, in seconds (RFC 9111, 5.1).",
        schema: || json!({"type": "integer", "minimum": 0}),
        example: "3",
    };
    pub const CACHE_STATUS: Self = Self {
        name: "Cache-Status",
        variant: "",
        description: "What the cache did (RFC 9211): where the copy came from, why somebody waited, and for how many seconds more it is \
            fresh, negative once it is stale.",
        schema: || {
            json!({
                "type": "string",
                "pattern": "^loadboard; (hit|fwd=(miss|stale|request)(; collapsed)?(; stored)?); ttl=-?[0-9]+; \
                    detail=(memory|kv|object|upstream)$",
            })
        },
        example: "loadboard; hit; ttl=7; detail=memory",
    };
    pub const CACHE_MISS: Self = Self {
        name: "Cache-Status",
        variant: "miss",
        description: "There was no copy (RFC 9211).",
        schema: || json!({"const": "loadboard; fwd=miss"}),
        example: "loadboard; fwd=miss",
    };
    pub const SERVER_TIMING: Self = Self {
        name: "Server-Timing",
        variant: "",
        description: "What was waited for, in milliseconds; missing where memory alone has served.",
        schema: || {
            json!({
                "type": "string",
                "pattern": "^(kv|object|upstream);dur=[0-9]+(, (object|upstream);dur=[0-9]+)*$",
            })
        },
        example: "kv;dur=4, object;dur=320, upstream;dur=300",
    };
    pub const SESSION: Self = Self {
        name: SESSION_HEADER,
        variant: "",
        description: "A renewed session token: the next requests should carry it. Also the first one, where initData stood in its place.",
        schema: || json!({"type": "string", "pattern": "^[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+$"}),
        example: "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE3NjM2NDMyMDAsInN1YiI6NTAwMDAwMDAwMX0.c2lnbmF0dXJl",
    };
    pub const STALE: Self = Self {
        name: STALE_HEADER,
        variant: "",
        description: "`1` if it is older than it should be, because upstream does not answer or is being asked; else `0`.",
        schema: || json!({"type": "integer", "enum": [0, 1]}),
        example: "0",
    };
    pub const POLL_AFTER: Self = Self {
        name: POLL_AFTER_HEADER,
        variant: "",
        description: "When to ask again, in milliseconds.",
        schema: || json!({"type": "integer", "minimum": 0}),
        example: "10000",
    };
    pub const EPOCH: Self = Self {
        name: EPOCH_HEADER,
        variant: "",
        description: "The state of the order board: who passes it on as `min_epoch` is shown no older one.",
        schema: || json!({"type": "integer", "minimum": 0}),
        example: "17",
    };
    pub const BUILD: Self = Self {
        name: BUILD_HEADER,
        variant: "",
        description: "The app's builds that are served now: a page of another build is out of date.",
        schema: || json!({"type": "string", "pattern": "^[!-~]+$"}),
        example: "loadboard-51fb3f2c6ac0b4c1,orders-2c6ac0b4c151fb3f",
    };
    pub const REQUEST_ID: Self = Self {
        name: "X-Request-Id",
        variant: "",
        description: "The name of this request in our logs.",
        schema: || json!({"type": "string", "pattern": "^[A-Za-z0-9-]{1,40}$"}),
        example: "8c2f0a1b2c3d4e5f-FRA",
    };
    pub const RETRY_AFTER: Self = Self {
        name: "Retry-After",
        variant: "",
        description: "When it may be better, in seconds (RFC 9110, 10.2.3).",
        schema: || json!({"type": "integer", "minimum": 0}),
        example: "1",
    };
    pub const LOCATION: Self = Self {
        name: "Location",
        variant: "",
        description: "Where the quote is.",
        schema: || json!({"type": "string", "pattern": "^/api/quotes/[0-9a-f]{64}$"}),
        example: "/api/quotes/0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0",
    };
    pub const ALLOW: Self = Self {
        name: "Allow",
        variant: "",
        description: "The methods that this address knows.",
        schema: || json!({"enum": ["GET, HEAD", "POST"]}),
        example: "GET, HEAD",
    };
    pub const ACCEPT: Self = Self {
        name: "Accept",
        variant: "",
        description: "What would be taken (RFC 9110, 15.5.16).",
        schema: || json!({"const": "application/json"}),
        example: "application/json",
    };
    pub const WWW_AUTHENTICATE: Self = Self {
        name: "WWW-Authenticate",
        variant: "",
        description: "What would prove who asks (RFC 9110, 11.6.1).",
        schema: || json!({"const": "Bearer"}),
        example: "Bearer",
    };

    pub const HX_RESWAP: Self = Self {
        name: "HX-Reswap",
        variant: "",
        description: "To a page of htmx, that its screen stays as it is.",
        schema: || json!({"const": "none"}),
        example: "none",
    };

    pub const POLICY: Self = Self {
        name: "Content-Security-Policy",
        variant: "",
        description: "It is data: should a browser show it as a page, nothing in it runs, loads anything, or is framed.",
        schema: || json!({"const": "default-src 'none'; frame-ancestors 'none'"}),
        example: "default-src 'none'; frame-ancestors 'none'",
    };
    pub const REFERRER: Self = Self {
        name: "Referrer-Policy",
        variant: "",
        description: "Nobody is told where a link stood.",
        schema: || json!({"const": "no-referrer"}),
        example: "no-referrer",
    };
    pub const ENCRYPTED: Self = Self {
        name: "Strict-Transport-Security",
        variant: "",
        description: "Never without TLS (RFC 6797).",
        schema: || json!({"const": "max-age=63072000; includeSubDomains"}),
        example: "max-age=63072000; includeSubDomains",
    };
    /// Those of every answer.
    pub const EVERYWHERE: &[Self] = &[
        Self::POLICY,
        Self::REFERRER,
        Self::ENCRYPTED,
        Self::NO_SNIFFING,
        Self::VARY,
    ];

    const ALL: [Self; 27] = [
        Self::POLICY,
        Self::REFERRER,
        Self::ENCRYPTED,
        Self::HX_RESWAP,
        Self::NO_SNIFFING,
        Self::NO_STORE,
        Self::REVALIDATE,
        Self::FOR_SECONDS,
        Self::FOR_AN_HOUR,
        Self::FOR_ANYBODY,
        Self::VARY,
        Self::ETAG,
        Self::AGE,
        Self::CACHE_STATUS,
        Self::CACHE_MISS,
        Self::SERVER_TIMING,
        Self::SESSION,
        Self::STALE,
        Self::POLL_AFTER,
        Self::EPOCH,
        Self::BUILD,
        Self::REQUEST_ID,
        Self::RETRY_AFTER,
        Self::LOCATION,
        Self::ALLOW,
        Self::ACCEPT,
        Self::WWW_AUTHENTICATE,
    ];

    const fn cache_control(policy: &'static str, schema: fn() -> Value) -> Self {
        Self {
            name: "Cache-Control",
            variant: policy,
            description: "Who may keep it, and for how long (RFC 9111, 5.2.2).",
            schema,
            example: policy,
        }
    }

    /// Where an answer always has it.
    pub fn required(self) -> (String, Reference) {
        self.reference(true)
    }

    /// Where an answer may have it.
    pub fn optional(self) -> (String, Reference) {
        self.reference(false)
    }

    fn reference(self, required: bool) -> (String, Reference) {
        let component = Reference::to("headers", &self.component(required));
        (self.name(), component)
    }

    /// As people write it, whatever the case in which it is sent.
    fn name(self) -> String {
        let words = self.name.split('-').map(|word| {
            let (first, rest) = word.split_at(word.len().min(1));
            first.to_ascii_uppercase() + rest
        });
        words.collect::<Vec<_>>().join("-")
    }

    fn component(self, required: bool) -> String {
        let words = self.variant.split(|c: char| !c.is_ascii_alphanumeric());
        let variant = words.filter(|word| !word.is_empty());
        let optional = (!required).then_some("optional");
        let parts = variant.chain(optional).map(str::to_owned);
        let parts: Vec<_> = std::iter::once(self.name()).chain(parts).collect();
        parts.join("-")
    }
}

/// All of them, as they are referred to.
pub fn components() -> Map<openapi::Header> {
    let both = Header::ALL
        .iter()
        .flat_map(|header| [(header, true), (header, false)]);
    both.map(|(header, required)| {
        let schema = (header.schema)();
        let example = match header.example.parse::<u64>() {
            Ok(number) if schema["type"] == "integer" => number.into(),
            _ => header.example.into(),
        };
        let definition = openapi::Header {
            description: header.description,
            required,
            schema,
            example,
        };
        (header.component(required), definition)
    })
    .collect()
}
