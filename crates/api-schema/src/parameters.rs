//! What can be said in paths, queries and headers of requests.

use domain::{
    CargoId, Date, Etag, ListQuery, PricesQuery,
    dictionary::LONGEST_NAME,
    exact,
    filters::{Ids, Point},
    orders::{
        Cursor, OrderId, OrdersQuery, Quantity, QuoteId, QuoteRequest, Site, Status,
        list_query::LONGEST_SEARCH,
    },
    query::{MOST_IDS, USUAL_LIMIT},
};
use serde_json::{Value, json};

use crate::{
    openapi::{Map, Parameter},
    samples,
    schemas::Schemas,
};

/// The filters of cargos.
pub const FILTERS: &[&str] = &[
    "mode",
    "start_point_id",
    "start_point_type",
    "start_point_radius",
    "finish_point_id",
    "finish_point_type",
    "finish_point_radius",
    "start_date",
    "weight_volume",
    "load_types",
    "truck_types",
    "price",
    "price_per_km",
    "distance",
];

/// All of them, by the names that operations call them: those of the parameters, but where one name has several rules.
pub fn components(schemas: &mut Schemas) -> Map<Parameter> {
    let mut all = filters(schemas);
    all.extend(of_cargos(schemas));
    all.extend(of_orders(schemas));
    all.extend(of_quotes());
    all.push(if_none_match(schemas));
    all.push(hx_request());
    let by_their_names = all
        .into_iter()
        .map(|parameter| (component(parameter.name), parameter));
    let several = windows().into_iter().chain(in_paths(schemas));
    let several = several.map(|(name, parameter)| (name.to_owned(), parameter));
    by_their_names.chain(several).collect()
}

fn filters(schemas: &mut Schemas) -> Vec<Parameter> {
    let ids = |name, of| with_commas(name, of, whole_number(0, u32::MAX), Some(Ids::MOST), [1, 6]);
    let range = |name, of, example| {
        let schema = json!({"type": "string", "format": "range", "pattern": "^[0-9]*,[0-9]*$"});
        query(name, of, schema, example)
    };
    let mut filters = vec![query(
        "mode",
        "Whose cargos: those offered to the account itself, or everybody's.",
        json!({"type": "string", "enum": ["my", "all"], "default": "my"}),
        "all",
    )];
    filters.extend(place(
        ["start_point_id", "start_point_type", "start_point_radius"],
        "Loaded at this place of the dictionary, or near by.",
    ));
    filters.extend(place(
        [
            "finish_point_id",
            "finish_point_type",
            "finish_point_radius",
        ],
        "Unloaded at this place of the dictionary, or near by.",
    ));
    filters.extend([
        query(
            "start_date",
            "Loaded on this day or later.",
            schemas.written::<Date>(),
            "2026-11-20",
        ),
        query(
            "weight_volume",
            "The most that the truck takes: tonnes (0.1 to 1000) and cubic metres (0.1 to 200), each with up to three decimals; or `any`.",
            json!({"type": "string", "pattern": WEIGHT_VOLUME}),
            "7.5-45",
        ),
        ids(
            "load_types",
            "Any of these ways to load, by their ids in the dictionary.",
        ),
        ids(
            "truck_types",
            "Any of these kinds of trucks, by their ids in the dictionary.",
        ),
        range(
            "price",
            "What the carrier gets, in kopecks: `min,max`, the lower first, of which one may be left out; each at most 4294967295.",
            "1000000,",
        ),
        range(
            "price_per_km",
            "What the carrier gets for each kilometre, in kopecks: as `price`.",
            ",9000",
        ),
        range("distance", "Kilometres by road: as `price`.", "300,800"),
    ]);
    filters
}

/// Where a cargo is loaded or unloaded: the id, the type, and the radius.
fn place([id, kind, radius]: [&'static str; 3], of: &'static str) -> [Parameter; 3] {
    [
        query(id, of, whole_number(1, u32::MAX), 62),
        query(
            kind,
            "The `type` of that place in the dictionary; 2 is a city.",
            with_default(whole_number(1, u32::MAX), Point::CITY),
            Point::CITY,
        ),
        query(
            radius,
            "How far from that place a cargo may lie, in kilometres.",
            with_default(whole_number(0, Point::MAX_RADIUS_KM), Point::RADIUS_KM),
            100,
        ),
    ]
}

fn of_cargos(schemas: &mut Schemas) -> Vec<Parameter> {
    vec![
        with_commas(
            "ids",
            "These cargos, wherever they stand: filters, `limit` and `offset` are not looked at.",
            schemas.written::<CargoId>(),
            Some(MOST_IDS),
            ["6236969888", "6236969826"],
        ),
        query(
            "offset",
            "The first row, from 0.",
            with_default(whole_number(0, u32::MAX), 0),
            0,
        ),
        query(
            "after",
            "The last cargo that the client has: the rows are those below it, wherever it stands by now, if that is near `offset`; those \
             from `offset` on, if it is not.",
            schemas.written::<CargoId>(),
            "6236969888",
        ),
        query(
            "min_epoch",
            "Nothing from before so many invalidations may be served: the `epoch` that an invalidation answered.",
            with_default(whole_number(0, u32::MAX), 0),
            0,
        ),
        query(
            "html",
            "Answers what is ready to be shown, in Russian or English: whichever is nearer to this language (an IETF tag).",
            json!({"type": "string"}),
            "ru",
        ),
        query(
            "since",
            "The state that the client knows: its `etag`, with quotes or without. If it is still known, only what has changed since is told.",
            json!({"type": "string"}),
            "6f2d1c0b9a887766",
        ),
        query(
            "seen_ids",
            "The cards on a page of htmx, with commas: their prices are told, and which of them are gone. Elsewhere nothing depends on them.",
            json!({"type": "string", "pattern": "^[0-9]+(,[0-9]+)*$"}),
            "6236969888,6236969826",
        ),
        query(
            "filter[name]",
            "Part of the name, in any case; without it the first of all places.",
            json!({"type": "string", "maxLength": LONGEST_NAME}),
            "Моск",
        ),
    ]
}

fn of_orders(schemas: &mut Schemas) -> Vec<Parameter> {
    let part_of_name = format!("^ *[A-Za-z0-9-]{{1,{LONGEST_SEARCH}}} *$");
    vec![
        with_commas(
            "status",
            "Orders in one of these statuses; all, if not given.",
            schemas.written::<Status>(),
            None,
            ["approved", "started"],
        ),
        query(
            "seller",
            "Orders of this seller alone.",
            whole_number(1, u32::MAX),
            7,
        ),
        query(
            "site",
            "Orders made at this site alone.",
            schemas.written::<Site>(),
            "MSK",
        ),
        query(
            "number",
            "Orders whose name holds this text, in either case.",
            json!({"type": "string", "pattern": part_of_name}),
            "msk-22",
        ),
        query(
            "cursor",
            "The `next` of an earlier answer: the orders below it.",
            schemas.written::<Cursor>(),
            "1763600000000.MSK-2264",
        ),
    ]
}

fn of_quotes() -> [Parameter; 2] {
    let material = json!({
        "type": "string",
        "maxLength": QuoteRequest::LONGEST_MATERIAL,
        "pattern": "^ *[A-Za-z0-9А-Яа-яЁё+.-][A-Za-z0-9А-Яа-яЁё +.-]*$",
    });
    [
        required(query(
            "material",
            "Of what it is made: Latin and Russian letters in either case, digits, spaces and `-+.`.",
            material,
            "PA12",
        )),
        required(query(
            "quantity",
            "How many parts.",
            whole_number(1, Quantity::MOST),
            4,
        )),
    ]
}

fn if_none_match(schemas: &mut Schemas) -> Parameter {
    Parameter {
        name: "If-None-Match",
        r#in: "header",
        description: "Tags that the client has, or `*` (RFC 9110, 13.1.2): the answer is 304 if one of them is still right.",
        schema: json!({"anyOf": [schemas.written::<Etag>(), {"type": "string"}]}),
        example: "\"6f2d1c0b9a887766\"".into(),
        ..Parameter::default()
    }
}

fn hx_request() -> Parameter {
    Parameter {
        name: "HX-Request",
        r#in: "header",
        description: "`true` is sent by htmx, which is answered with a fragment of HTML. All else counts as nothing.",
        schema: json!({"type": "string"}),
        example: "true".into(),
        ..Parameter::default()
    }
}

/// How many rows, and how new, where that is not the same everywhere.
fn windows() -> Vec<(&'static str, Parameter)> {
    let limit = |most, usual| {
        query(
            "limit",
            "How many rows at most.",
            with_default(whole_number(1, most), usual),
            usual,
        )
    };
    let epoch = query(
        "min_epoch",
        "The newest `epoch` that the client has been shown: it is shown no older state.",
        with_default(
            json!({"type": "integer", "minimum": 0, "maximum": exact::MOST}),
            0,
        ),
        0,
    );
    vec![
        ("limit.list", limit(ListQuery::MAX_LIMIT, USUAL_LIMIT)),
        ("limit.prices", limit(PricesQuery::MAX_LIMIT, USUAL_LIMIT)),
        ("limit.orders", limit(OrdersQuery::MOST, OrdersQuery::USUAL)),
        ("min_epoch.orders", epoch),
    ]
}

fn in_paths(schemas: &mut Schemas) -> Vec<(&'static str, Parameter)> {
    let id = |description, schema, example: String| Parameter {
        name: "id",
        r#in: "path",
        description,
        required: true,
        schema,
        example: example.into(),
        ..Parameter::default()
    };
    let cargo = samples::cargo().id.to_string();
    let order = samples::order().id.to_string();
    let quote = samples::quote_ready().id.to_string();
    vec![
        (
            "id.cargo",
            id("The cargo's id.", schemas.written::<CargoId>(), cargo),
        ),
        (
            "id.order",
            id("The order's name.", schemas.written::<OrderId>(), order),
        ),
        (
            "id.quote",
            id("The quote's name.", schemas.written::<QuoteId>(), quote),
        ),
    ]
}

/// The least that is taken is 0.1, the most 1000 tonnes and 200 cubic metres.
const WEIGHT_VOLUME: &str = "^(any\
    |0*(1000(\\.0{1,3})?|[1-9][0-9]{0,2}(\\.[0-9]{1,3})?|0\\.[1-9][0-9]{0,2})\
    -0*(200(\\.0{1,3})?|1[0-9]{2}(\\.[0-9]{1,3})?|[1-9][0-9]?(\\.[0-9]{1,3})?|0\\.[1-9][0-9]{0,2}))$";

/// Names of components hold no brackets.
fn component(name: &str) -> String {
    name.replace(['[', ']'], ".")
        .trim_end_matches('.')
        .to_owned()
}

fn query(
    name: &'static str,
    description: &'static str,
    schema: Value,
    example: impl Into<Value>,
) -> Parameter {
    Parameter {
        name,
        r#in: "query",
        description,
        allow_empty_value: true,
        schema,
        example: example.into(),
        ..Parameter::default()
    }
}

fn required(parameter: Parameter) -> Parameter {
    Parameter {
        required: true,
        allow_empty_value: false,
        ..parameter
    }
}

/// Several values with commas between them.
fn with_commas<T: Into<Value>, const N: usize>(
    name: &'static str,
    description: &'static str,
    items: Value,
    most: Option<usize>,
    example: [T; N],
) -> Parameter {
    let mut schema = json!({"type": "array", "items": items, "minItems": 1});
    if let Some(most) = most {
        schema["maxItems"] = most.into();
    }
    let example: Vec<Value> = example.into_iter().map(Into::into).collect();
    Parameter {
        style: Some("form"),
        explode: Some(false),
        ..query(name, description, schema, example)
    }
}

fn whole_number(least: u32, most: u32) -> Value {
    json!({"type": "integer", "minimum": least, "maximum": most})
}

fn with_default(mut schema: Value, default: u32) -> Value {
    schema["default"] = default.into();
    schema
}
