//! Query strings of every route: whatever they say, they are understood or refused by the names of their fields; and what was
//! understood is understood alike when it is written down again.

#![no_main]

use domain::{
    CargoId, FieldError, Filters, ListQuery, PricesQuery,
    orders::{OrderId, OrdersQuery, QuoteRequest},
    query::{CargoQuery, MOST_IDS, PointsQuery},
};
use libfuzzer_sys::fuzz_target;

fn refused<T>(result: Result<T, Vec<FieldError>>) -> Option<T> {
    result
        .inspect_err(|errors| {
            assert!(!errors.is_empty(), "refused for no reason");
            assert!(errors.iter().all(|error| !error.field.is_empty()));
        })
        .ok()
}

fuzz_target!(|query: &str| {
    if let Some(filters) = refused(Filters::parse(query)) {
        let written = filters.to_query();
        let read = Filters::parse(&written).expect("what we write is valid");
        assert_eq!(read, filters);
        assert_eq!(read.to_query(), written);
    }
    if let Some(list) = refused(ListQuery::parse(query)) {
        assert!((1..=100).contains(&list.window.limit));
        assert!(list.ids.len() <= MOST_IDS);
        let _ = list.window.pages();
    }
    if let Some(prices) = refused(PricesQuery::parse(query)) {
        assert!((1..=PricesQuery::MAX_LIMIT).contains(&prices.limit));
        assert!(prices.seen_ids.len() <= PricesQuery::MAX_LIMIT as usize);
        let mut ids = prices.seen_ids.clone();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), prices.seen_ids.len(), "each once");
        let _ = prices.window().pages();
    }
    if let Some(orders) = refused(OrdersQuery::parse(query))
        && let Some(cursor) = orders.cursor
    {
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
    }
    let _ = refused(QuoteRequest::parse(query));
    let _ = refused(CargoQuery::parse(query));
    let _ = refused(PointsQuery::parse(query));
    if let Ok(id) = query.parse::<OrderId>() {
        assert_eq!(id.to_string().parse(), Ok(id));
    }
    let more = cards::fragments::address_from("/api/cargos/", query, 20, CargoId::new(7));
    let (_, next) = more.split_once('?').expect("an offset at least");
    for (name, value) in [("offset", "20"), ("after", "7")] {
        let said = form_urlencoded::parse(next.as_bytes()).filter(|(other, _)| other == name);
        assert!(said.map(|(_, value)| value).eq([value]), "{name} once");
    }
});
