//! The objects of OpenAPI 3.1, as far as this document has use for them. Their fields are named as the specification names them.

use std::collections::BTreeMap;

use domain::messages::ProblemKind;
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::Value;

use crate::{headers::Header as Sent, problems};

/// Named things, sorted: nobody reads them one after the other.
pub type Map<T> = BTreeMap<String, T>;
/// Named things in the order in which they should be read.
pub type InOrder<T> = IndexMap<String, T>;

/// The document itself.
#[derive(Clone, Debug, Serialize)]
pub struct Document {
    pub openapi: &'static str,
    pub info: Info,
    pub servers: Vec<Server>,
    pub tags: Vec<Tag>,
    /// By path, then by method in lower case.
    pub paths: InOrder<Map<Operation>>,
    pub components: Components,
}

#[derive(Clone, Debug, Serialize)]
pub struct Info {
    pub title: &'static str,
    pub version: &'static str,
    pub description: &'static str,
    pub license: License,
}

#[derive(Clone, Debug, Serialize)]
pub struct License {
    pub name: &'static str,
    pub identifier: &'static str,
}

#[derive(Clone, Debug, Serialize)]
pub struct Server {
    pub url: &'static str,
    pub description: &'static str,
}

#[derive(Clone, Debug, Serialize)]
pub struct Tag {
    pub name: &'static str,
    pub description: &'static str,
}

/// What operations refer to.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Components {
    pub schemas: Map<Value>,
    pub parameters: Map<Parameter>,
    pub headers: Map<Header>,
    pub responses: Map<Response>,
    pub security_schemes: Map<SecurityScheme>,
}

/// Something that stands among the components.
#[derive(Clone, Debug, Serialize)]
pub struct Reference {
    #[serde(rename = "$ref")]
    to: String,
}

impl Reference {
    /// To `name` among the components of a kind, such as `headers`.
    pub fn to(kind: &str, name: &str) -> Self {
        let to = format!("#/components/{kind}/{name}");
        Self { to }
    }
}

/// A thing, or where it is to be found.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum RefOr<T> {
    Reference(Reference),
    Here(T),
}

/// What may be done at a path.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Operation {
    /// The Worker's own name of the route: the label of its metrics.
    pub operation_id: &'static str,
    pub tags: [&'static str; 1],
    pub summary: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub description: &'static str,
    /// Each of these alone is proof enough.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub security: Vec<Map<[(); 0]>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_body: Option<RequestBody>,
    pub responses: Map<RefOr<Response>>,
}

impl Operation {
    /// An operation that takes nothing and has no answer yet.
    pub fn new(operation_id: &'static str, tag: &'static str, summary: &'static str) -> Self {
        Self {
            operation_id,
            tags: [tag],
            summary,
            description: "",
            security: Vec::new(),
            parameters: Vec::new(),
            request_body: None,
            responses: Map::new(),
        }
    }

    /// What its summary does not say.
    pub fn described(self, description: &'static str) -> Self {
        Self {
            description,
            ..self
        }
    }

    /// Any of these schemes proves who asks.
    pub fn for_whom(mut self, schemes: &[&str]) -> Self {
        let requirement = |scheme: &&str| Map::from([((*scheme).to_owned(), [])]);
        self.security.extend(schemes.iter().map(requirement));
        self
    }

    /// It takes these parameters, by their names among the components.
    pub fn takes(mut self, parameters: &[&str]) -> Self {
        let reference = |name: &&str| Reference::to("parameters", name);
        self.parameters.extend(parameters.iter().map(reference));
        self
    }

    /// It reads this body.
    pub fn reads(self, body: RequestBody) -> Self {
        Self {
            request_body: Some(body),
            ..self
        }
    }

    /// An answer with this status.
    pub fn answers(mut self, status: u16, response: Response) -> Self {
        self.responses
            .insert(status.to_string(), RefOr::Here(response));
        self
    }

    /// Problems that it may end with, besides those that any may.
    pub fn fails(mut self, kinds: &[ProblemKind]) -> Self {
        for kind in kinds.iter().chain(problems::ANYWHERE) {
            let problem = Reference::to("responses", kind.name());
            self.responses
                .insert(kind.status().to_string(), RefOr::Reference(problem));
        }
        self
    }
}

#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Parameter {
    pub name: &'static str,
    pub r#in: &'static str,
    pub description: &'static str,
    #[serde(skip_serializing_if = "is_false")]
    pub required: bool,
    /// An empty value counts as none.
    #[serde(skip_serializing_if = "is_false")]
    pub allow_empty_value: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub style: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explode: Option<bool>,
    pub schema: Value,
    pub example: Value,
}

#[derive(Clone, Debug, Serialize)]
pub struct RequestBody {
    pub description: &'static str,
    pub required: bool,
    /// By media type.
    pub content: Map<MediaType>,
}

/// What a body is.
#[derive(Clone, Debug, Default, Serialize)]
pub struct MediaType {
    pub schema: Value,
    #[serde(skip_serializing_if = "InOrder::is_empty")]
    pub examples: InOrder<Example>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Example {
    pub value: Value,
}

/// An answer.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Response {
    pub description: &'static str,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub headers: Map<Reference>,
    /// By media type.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub content: Map<MediaType>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub links: Map<Link>,
}

impl Response {
    /// An answer without a body.
    pub fn empty(description: &'static str) -> Self {
        Self {
            description,
            ..Self::default()
        }
        .always(Sent::EVERYWHERE)
    }

    /// An answer with a body.
    pub fn of(description: &'static str, media_type: &str, body: MediaType) -> Self {
        let mut response = Self::empty(description);
        response.content.insert(media_type.to_owned(), body);
        response
    }

    /// It may as well be this.
    pub fn or(mut self, media_type: &str, body: MediaType) -> Self {
        self.content.insert(media_type.to_owned(), body);
        self
    }

    /// Headers that it has.
    pub fn always(mut self, headers: &[Sent]) -> Self {
        self.headers
            .extend(headers.iter().map(|header| header.required()));
        self
    }

    /// Headers that it may have.
    pub fn at_times(mut self, headers: &[Sent]) -> Self {
        self.headers
            .extend(headers.iter().map(|header| header.optional()));
        self
    }

    /// What can be asked next with what it says.
    pub fn leads_to(mut self, name: &str, link: Link) -> Self {
        self.links.insert(name.to_owned(), link);
        self
    }
}

/// A header of an answer.
#[derive(Clone, Debug, Serialize)]
pub struct Header {
    pub description: &'static str,
    #[serde(skip_serializing_if = "is_false")]
    pub required: bool,
    pub schema: Value,
    pub example: Value,
}

/// What can be asked next, with values of this answer and of its request.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    pub operation_id: &'static str,
    pub description: &'static str,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub parameters: Map<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_body: Option<Value>,
}

impl Link {
    /// To an operation, whose parameters have these values.
    pub fn to<const N: usize>(
        operation_id: &'static str,
        description: &'static str,
        parameters: [(&str, &'static str); N],
    ) -> Self {
        let parameters = parameters.map(|(name, value)| (name.to_owned(), value));
        Self {
            operation_id,
            description,
            parameters: parameters.into(),
            request_body: None,
        }
    }

    /// The same with this body.
    pub fn with_body(self, body: Value) -> Self {
        Self {
            request_body: Some(body),
            ..self
        }
    }
}

/// A proof of who asks.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum SecurityScheme {
    /// In `Authorization`.
    #[serde(rename_all = "camelCase")]
    Http {
        scheme: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        bearer_format: Option<&'static str>,
        description: &'static str,
    },
    /// In a header of its own.
    ApiKey {
        r#in: &'static str,
        name: &'static str,
        description: &'static str,
    },
}

fn is_false(value: &bool) -> bool {
    !value
}
