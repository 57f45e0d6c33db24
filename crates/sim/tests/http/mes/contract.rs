//! The client that the edge uses, over a socket: both must mean the same by the API.

use super::{client, factory};
use crate::client::Client;
use ::mes::{Calculation, Change, Error, ListRequest, ModelHash, StatusChange};
use domain::orders::{Filter, Order, QuoteId, QuoteRequest, Status, Statuses};
use serde_json::json;
use std::time::Duration;
use tokio::net::TcpListener;

struct Both {
    control: Client,
    base_url: String,
    mes: ::mes::Client,
}

async fn both() -> Both {
    let control = client(factory(300));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}/mes", listener.local_addr().unwrap());
    tokio::spawn(control.sim.clone().serve(listener, std::future::pending()));
    let mes = ::mes::Client::new(&*base_url, &*control.token, Duration::from_secs(10));
    Both {
        control,
        base_url,
        mes,
    }
}

fn list(statuses: Statuses, limit: u32) -> ListRequest {
    let filter = Filter {
        statuses,
        seller: None,
        site: "MSK".parse().ok(),
        name: Some("K-1".to_owned()),
    };
    ListRequest {
        filter,
        before: None,
        limit,
    }
}

#[tokio::test]
async fn the_client_reads_every_page_of_the_list() {
    let both = both().await;
    let mut request = list(Statuses::ALL, 40);
    let mut read: Vec<Order> = Vec::new();
    loop {
        let page = both.mes.list(&request).await.unwrap();
        assert_eq!(page.left_out, 0);
        read.extend(page.orders);
        request.before = read.last().map(Order::rank);
        if !page.more {
            break;
        }
    }
    let truth = both
        .control
        .get("/_orders?site=MSK&name=K-1&limit=1000")
        .await
        .json();
    assert_eq!(serde_json::to_value(&read).unwrap(), truth["orders"]);
    let ids: Vec<_> = read.iter().take(100).map(|order| order.id).collect();
    assert_eq!(both.mes.by_ids(&ids).await.unwrap().orders, read[..100]);
    let counted = both.mes.counts("MSK".parse().ok()).await.unwrap();
    let started = both
        .mes
        .list(&list(Statuses::NONE.with(Status::Started), 100))
        .await
        .unwrap();
    assert_eq!(
        counted.counts.of(Status::Started),
        started.orders.len() as u64
    );
    let detail = both.mes.detail(ids[0]).await.unwrap().unwrap();
    assert_eq!(
        (&detail.order.order, detail.as_of),
        (&read[0], counted.as_of)
    );
    assert!(!detail.order.history.is_empty());
    assert_eq!(
        both.mes.detail("MSK-999999".parse().unwrap()).await,
        Ok(None)
    );
}

#[tokio::test]
async fn the_client_is_told_what_became_of_a_change() {
    let both = both().await;
    let request = list(Statuses::NONE.with(Status::Approved), 1);
    let order = both.mes.list(&request).await.unwrap().orders.remove(0);
    let start = StatusChange {
        status: Status::Started,
        expected_version: order.version,
        by: "Анна".to_owned(),
    };
    let Ok(Change::Made(started)) = both.mes.change_status(order.id, &start).await else {
        panic!("not made");
    };
    assert_eq!(
        both.mes.change_status(order.id, &start).await,
        Ok(Change::Lost(started.clone()))
    );
    let close = StatusChange {
        status: Status::Closed,
        expected_version: started.version,
        ..start.clone()
    };
    assert_eq!(
        both.mes.change_status(order.id, &close).await,
        Ok(Change::NotAllowed)
    );
    let nowhere = "MSK-999999".parse().unwrap();
    assert_eq!(
        both.mes.change_status(nowhere, &start).await,
        Ok(Change::UnknownOrder)
    );
}

#[tokio::test]
async fn the_client_gets_a_price() {
    let both = both().await;
    both.control.tell_mes(json!({"calculation_ms": 0})).await;
    let request = QuoteRequest::parse("material=PA12&quantity=4").unwrap();
    let id = QuoteId([7; 32]);
    assert_eq!(both.mes.calculation(id).await, Ok(None));
    assert_eq!(
        both.mes.calculate(id, &ModelHash([1; 32]), &request).await,
        Ok(None)
    );
    let uploaded = both.mes.upload_model(vec![7; 1_000_000]).await.unwrap();
    assert_eq!(uploaded.bytes, 1_000_000);
    let done = both
        .mes
        .calculate(id, &uploaded.model, &request)
        .await
        .unwrap()
        .unwrap();
    assert!(matches!(done, Calculation::Done(_)));
    assert_eq!(both.mes.calculation(id).await, Ok(Some(done)));
}

#[tokio::test]
async fn the_client_tells_troubles_apart() {
    let both = both().await;
    let request = list(Statuses::ALL, 10);
    both.control.tell_mes(json!({"weather": "error503"})).await;
    assert_eq!(
        both.mes.list(&request).await,
        Err(Error::Unavailable { status: 503 })
    );
    both.control.tell_mes(json!({"weather": "malformed"})).await;
    assert!(matches!(
        both.mes.list(&request).await,
        Err(Error::Malformed { .. })
    ));
    both.control.tell_mes(json!({"weather": "hang"})).await;
    let impatient = ::mes::Client::new(
        &*both.base_url,
        &*both.control.token,
        Duration::from_millis(50),
    );
    assert_eq!(impatient.list(&request).await, Err(Error::NoAnswer));
    both.control.tell_mes(json!({"weather": "ok"})).await;
    let stranger = ::mes::Client::new(&*both.base_url, "guessed", Duration::from_secs(10));
    assert_eq!(stranger.list(&request).await, Err(Error::Unauthorized));
    assert!(matches!(
        both.mes.by_ids(&[]).await,
        Err(Error::Rejected { .. })
    ));
    let none = list(Statuses::NONE, 10);
    assert!(matches!(
        both.mes.list(&none).await,
        Err(Error::Rejected { .. })
    ));
}
