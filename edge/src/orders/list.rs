//! `GET /api/orders/`.

use std::rc::Rc;

use domain::{
    Etag,
    messages::{EPOCH_HEADER, POLL_AFTER_HEADER, STALE_HEADER},
    orders::{Counts, Cursor, Filter, Order, OrdersQuery, Rank, Site, messages::OrderList},
};
use futures_util::future::try_join_all;
use mes::ListRequest;
use serde_json::value::to_raw_value;
use swr::UnixMillis;
use worker::Env;

use super::{
    OrdersConfig,
    access::Viewer,
    board::{self, ListTold, What},
    counted, leased,
};
use crate::{
    http::{Answer, Described},
    log::RequestId,
    metrics::Family,
    problem::Failure,
    tally,
};

/// Answers with what the reader may see of what he asks for.
///
/// # Errors
/// Wrong parameters; orders that he may not see; neither the board nor the MES answers.
pub async fn answer(
    request: &Described,
    env: &Env,
    config: &OrdersConfig,
    viewer: &Viewer,
    id: &RequestId,
    now: UnixMillis,
) -> Result<Answer, Failure> {
    let query = OrdersQuery::parse(request.query()).map_err(Failure::Invalid)?;
    let filter = viewer.narrow(query.filter.clone())?;
    let boards: Vec<(Option<Site>, Filter)> = match (&config.sites[..], filter.site) {
        ([], _) => vec![(None, filter)],
        (_, Some(site)) => vec![(Some(site), filter)],
        (sites, None) => {
            let of_site = |&site| {
                (
                    Some(site),
                    Filter {
                        site: Some(site),
                        ..filter.clone()
                    },
                )
            };
            sites.iter().map(of_site).collect()
        }
    };
    let below = query.cursor.map(|cursor| cursor.0);
    let asked =
        |(site, filter): &(Option<Site>, Filter)| (*site, filter.clone(), below, query.limit);
    let near: Option<Vec<_>> = boards
        .iter()
        .map(|board| leased::get(&asked(board), now))
        .collect();
    // Who has seen a newer state is not shown an older one.
    let near =
        near.filter(|lists| lists.iter().map(|list| list.epoch).sum::<u64>() >= query.min_epoch);
    let lists = match near {
        Some(lists) => {
            tally::count(Family::OrderReads, ["list", "memory"]);
            lists
        }
        None => {
            let reads = boards.iter().map(|board| async {
                let list = Rc::new(read(env, config, asked(board), id).await?);
                leased::put(asked(board), &list, now);
                Ok::<_, Failure>(list)
            });
            try_join_all(reads).await?
        }
    };
    let list = match &lists[..] {
        [list] => list.clone(),
        lists => {
            let limit = query.limit as usize;
            Rc::new(match merge(lists, limit) {
                Ok(list) => list,
                // A board of another version tells what this one can't read.
                Err(_) => {
                    let reads = boards.iter().map(|(_, filter)| async {
                        tally::count(Family::OrderReads, ["list", "mes"]);
                        let list = past_the_board(config, filter.clone(), below, query.limit).await;
                        list.map(Rc::new)
                    });
                    merge(&try_join_all(reads).await?, limit)?
                }
            })
        }
    };
    let counts = list
        .counts
        .clone()
        .filter(|_| !matches!(viewer, Viewer::Seller(_)));
    let age_ms = now.since(list.read_at);
    let rest =
        serde_json::to_string(&(&list.next, &counts, list.stale)).map_err(worker::Error::from)?;
    let etag = Etag::of_parts([list.orders.get(), &rest]);
    let poll_after_ms = config.poll_interval;
    let (epoch, stale) = (list.epoch, list.stale);
    let answer = if etag.is_in(request.if_none_match()) {
        Answer::not_modified()
    } else {
        let answer = OrderList {
            orders: &list.orders,
            next: list.next,
            counts,
            epoch,
            age_ms,
            stale,
            poll_after_ms,
        };
        Answer::json(200, &answer)
    };
    Ok(answer
        .header("etag", etag)
        .header("cache-control", "private, no-cache")
        .header("age", age_ms / 1000)
        .header(EPOCH_HEADER, epoch)
        .header(STALE_HEADER, u8::from(stale))
        .header(POLL_AFTER_HEADER, poll_after_ms))
}

/// One board's list: from the board, or, where that does not say a word in time, from the MES itself.
async fn read(
    env: &Env,
    config: &OrdersConfig,
    asked: leased::Asked,
    id: &RequestId,
) -> Result<ListTold, Failure> {
    let (site, filter, below, limit) = asked;
    let what = |until| What::List {
        filter: filter.clone(),
        below,
        limit,
        until,
    };
    if let Some(list) = board::read(env, config, site, what, "list", id).await? {
        return Ok(list);
    }
    past_the_board(config, filter, below, limit).await
}

/// A list from the MES itself.
async fn past_the_board(
    config: &OrdersConfig,
    filter: Filter,
    below: Option<Rank>,
    limit: u32,
) -> Result<ListTold, Failure> {
    let request = ListRequest {
        filter,
        before: below,
        limit,
    };
    let snapshot =
        counted("list", config.mes().list(&request).await).map_err(super::unavailable)?;
    let last = snapshot.orders.last().map(|order| Cursor(order.rank()));
    Ok(ListTold {
        next: last.filter(|_| snapshot.more),
        orders: to_raw_value(&snapshot.orders).map_err(worker::Error::from)?,
        counts: None,
        epoch: 0,
        read_at: crate::clock::now(),
        stale: false,
        lease_ms: None,
    })
}

/// The lists of several boards as one.
fn merge(lists: &[Rc<ListTold>], limit: usize) -> worker::Result<ListTold> {
    // Below the highest place where one of them ends it is not known what the others' next ones stand between.
    let end = lists.iter().filter_map(|list| list.next).max();
    let mut orders: Vec<Order> = Vec::new();
    for list in lists {
        let all: Vec<Order> = serde_json::from_str(list.orders.get())?;
        let known = all
            .into_iter()
            .filter(|order| end.is_none_or(|end| order.rank() >= end.0));
        orders.extend(known);
    }
    orders.sort_by_key(|order| std::cmp::Reverse(order.rank()));
    let is_cut = orders.len() > limit;
    orders.truncate(limit);
    let next = match is_cut {
        true => orders.last().map(|order| Cursor(order.rank())),
        false => end,
    };
    let counts = lists
        .iter()
        .map(|list| list.counts.as_ref())
        .collect::<Option<Vec<_>>>()
        .map(|all| {
            let mut sum = Counts::default();
            for (status, count) in all.into_iter().flat_map(|counts| &counts.0) {
                *sum.0.entry(*status).or_default() += count;
            }
            sum
        });
    Ok(ListTold {
        orders: to_raw_value(&orders)?,
        next,
        counts,
        epoch: lists.iter().map(|list| list.epoch).sum(),
        read_at: lists
            .iter()
            .map(|list| list.read_at)
            .min()
            .unwrap_or_default(),
        stale: lists.iter().any(|list| list.stale),
        lease_ms: None,
    })
}

#[cfg(test)]
mod tests {
    use domain::orders::{SellerId, Status};

    use super::*;

    fn list(site: &str, numbers: &[u64], next: Option<u64>) -> Rc<ListTold> {
        let orders: Vec<Order> = numbers
            .iter()
            .map(|&number| Order {
                id: format!("{site}-{number}").parse().unwrap(),
                created_at: number,
                status: Status::Approved,
                version: 1,
                changed_at: 1,
                changed_by: String::new(),
                seller: SellerId(1),
                part: String::new(),
                material: String::new(),
                quantity: 1,
                price_kopecks: None,
            })
            .collect();
        let next = next.map(|number| format!("{number}.{site}-{number}").parse().unwrap());
        let counts = Some(Counts([(Status::Approved, 10)].into()));
        let read_at = UnixMillis(5);
        Rc::new(ListTold {
            orders: to_raw_value(&orders).unwrap(),
            next,
            counts,
            epoch: 3,
            read_at,
            stale: false,
            lease_ms: Some(250),
        })
    }

    #[test]
    fn lists_of_several_sites_are_one_that_neither_skips_nor_repeats() {
        let one = list("MSK", &[9, 7, 5], Some(5));
        let other = list("SPB", &[8, 3], None);
        let numbers = |list: &ListTold| -> Vec<u64> {
            let orders: Vec<Order> = serde_json::from_str(list.orders.get()).unwrap();
            orders.iter().map(|order| order.id.number()).collect()
        };
        let merged = merge(&[one.clone(), other.clone()], 3).unwrap();
        assert_eq!(numbers(&merged), [9, 8, 7]);
        assert_eq!(
            merged.next.map(|next| next.to_string()).as_deref(),
            Some("7.MSK-7")
        );
        // What stands below the end of the first waits until that is known.
        let merged = merge(&[one, other], 10).unwrap();
        assert_eq!(numbers(&merged), [9, 8, 7, 5]);
        assert_eq!(
            merged.next.map(|next| next.to_string()).as_deref(),
            Some("5.MSK-5")
        );
        assert_eq!(
            merged.counts.map(|counts| counts.of(Status::Approved)),
            Some(20)
        );
        assert_eq!((merged.epoch, merged.lease_ms), (6, None));
    }
}
