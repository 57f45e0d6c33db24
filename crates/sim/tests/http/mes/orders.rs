use super::{client, factory, ids};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Instant;

#[tokio::test]
async fn without_the_token_nothing_is_told_or_done() {
    let mut client = client(factory(50));
    let order = client.an_order("approved").await;
    client.token = "guessed".to_owned();
    for path in [
        "/v1/orders",
        "/v1/orders?ids=MSK-1001",
        "/v1/orders/counts",
        "/v1/orders/MSK-1001",
    ] {
        assert_eq!(
            client.get(&format!("/mes{path}")).await.status,
            401,
            "{path}"
        );
    }
    assert_eq!(client.change(&order, "started", "nobody").await.0, 401);
    assert_eq!(client.an_order("approved").await, order);
}

#[tokio::test]
async fn a_list_says_of_which_state_it_is() {
    let client = client(factory(300));
    let page = client
        .mes("/v1/orders?status=approved,started&limit=5")
        .await;
    let orders = page["orders"].as_array().unwrap();
    assert_eq!((orders.len(), &page["more"]), (5, &json!(true)));
    let as_of = page["as_of"].as_u64().unwrap();
    assert!(
        orders
            .iter()
            .all(|order| order["version"].as_u64().unwrap() <= as_of)
    );
    let changed = client
        .change(&client.an_order("approved").await, "started", "Анна")
        .await
        .1;
    assert_eq!(changed["order"]["version"], as_of + 1);
    assert_eq!(client.mes("/v1/orders?limit=1").await["as_of"], as_of + 1);
}

#[tokio::test]
async fn as_of_never_falls_and_grows_with_every_change() {
    let client = client(factory(300));
    let mut last = 0;
    for _ in 0..5 {
        for path in [
            "/v1/orders?limit=1",
            "/v1/orders/counts",
            "/v1/orders?ids=MSK-1001",
            "/v1/orders/MSK-1001",
        ] {
            let as_of = client.mes(path).await["as_of"].as_u64().unwrap();
            assert!(as_of >= last, "{path}: {as_of} after {last}");
            last = as_of;
        }
        client.tell_mes(json!({"create": 1})).await;
        let as_of = client.mes("/v1/orders?limit=1").await["as_of"]
            .as_u64()
            .unwrap();
        assert_eq!(as_of, last + 1);
    }
}

#[tokio::test]
async fn of_two_who_change_one_order_one_wins_and_the_other_sees_who() {
    let client = client(factory(300));
    let order = client.an_order("approved").await;
    let (anna, ivan) = tokio::join!(
        client.change(&order, "started", "Анна"),
        client.change(&order, "started", "Иван")
    );
    let (won, lost) = if anna.0 == 200 {
        (anna, ivan)
    } else {
        (ivan, anna)
    };
    assert_eq!((won.0, lost.0), (200, 409));
    assert_eq!(
        lost.1, won.1,
        "the loser is shown what the winner made of it"
    );
    let told = client
        .get(&format!(
            "/_orders?ids={}&ever=1",
            order["id"].as_str().unwrap()
        ))
        .await
        .json();
    assert_eq!(told["orders"][0], won.1["order"]);
    let history = told["ever"][order["id"].as_str().unwrap()]
        .as_array()
        .unwrap();
    let starts = history
        .iter()
        .filter(|change| change["status"] == "started");
    assert_eq!(starts.count(), 1);
}

#[tokio::test]
async fn of_twenty_changes_at_once_each_order_takes_one() {
    let client = client(factory(300));
    let orders = client.get("/_orders?status=approved&limit=5").await.json();
    let orders = orders["orders"].as_array().unwrap();
    let attempts: Vec<_> = (0..20)
        .map(|i| {
            let (client, order) = (client.clone(), orders[i % 5].clone());
            tokio::spawn(async move {
                client
                    .change(&order, "started", &format!("operator {i}"))
                    .await
            })
        })
        .collect();
    let mut versions = BTreeSet::new();
    for attempt in attempts {
        let (status, body) = attempt.await.unwrap();
        if status == 200 {
            versions.insert(body["order"]["version"].as_u64().unwrap());
        }
    }
    assert_eq!(versions.len(), 5, "one for each order, no number twice");
}

#[tokio::test]
async fn a_move_that_nobody_makes_is_refused_and_an_unknown_order_is_not_there() {
    let client = client(factory(300));
    let order = client.an_order("approved").await;
    let (status, body) = client.change(&order, "closed", "Анна").await;
    assert_eq!(status, 422);
    assert!(
        body["error"].as_str().unwrap().contains("approved"),
        "{body}"
    );
    let unknown = json!({"id": "MSK-999999", "version": 1});
    assert_eq!(client.change(&unknown, "started", "Анна").await.0, 404);
    assert_eq!(
        client
            .change(&json!({"id": "x", "version": 1}), "started", "Анна")
            .await
            .0,
        404
    );
    let body = client
        .post(
            "/mes/v1/orders/MSK-1001/status",
            &json!({"status": "started"}),
        )
        .await;
    assert_eq!(body.status, 400);
    assert_eq!(client.an_order("approved").await, order);
}

#[tokio::test]
async fn pages_neither_skip_nor_repeat_while_orders_come_and_move() {
    let client = client(factory(400));
    let all = ids(&client.get("/_orders?limit=1000").await.json());
    let (mut read, mut before) = (Vec::new(), String::new());
    loop {
        let page = client.mes(&format!("/v1/orders?limit=30{before}")).await;
        read.extend(ids(&page));
        let Some(last) = page["orders"].as_array().unwrap().last() else {
            break;
        };
        before = format!(
            "&before={}.{}",
            last["created_at"],
            last["id"].as_str().unwrap()
        );
        if page["more"] == false {
            break;
        }
        // New ones on top, one that moves below and one above.
        client.tell_mes(json!({"create": 2})).await;
        client
            .change(&client.an_order("approved").await, "started", "Анна")
            .await;
        client
            .change(
                &client.an_order("submitted").await,
                "price_calculated",
                "MES",
            )
            .await;
    }
    assert_eq!(read, all);
}

#[tokio::test]
async fn counts_add_up_to_the_list() {
    let client = client(factory(300));
    for site in ["", "site=SPB"] {
        let counts = client.mes(&format!("/v1/orders/counts?{site}")).await["counts"].clone();
        for (status, count) in counts.as_object().unwrap() {
            let list = client
                .get(&format!("/_orders?status={status}&limit=1000&{site}"))
                .await
                .json();
            assert_eq!(
                json!(list["orders"].as_array().unwrap().len()),
                *count,
                "{status}"
            );
        }
        assert_eq!(counts.as_object().unwrap().len(), 9);
    }
}

#[tokio::test]
async fn an_order_tells_all_about_itself() {
    let client = client(factory(300));
    let order = client.an_order("shipped").await;
    let id = order["id"].as_str().unwrap();
    let mut detail = client.mes(&format!("/v1/orders/{id}")).await["order"].clone();
    let history = detail["history"].take();
    let last = history.as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["version"], &last["status"]),
        (&order["version"], &json!("shipped"))
    );
    for (field, value) in order.as_object().unwrap() {
        assert_eq!(&detail[field], value, "{field}");
    }
    assert!(detail.as_object().unwrap().contains_key("comment"));
    assert_eq!(client.get("/mes/v1/orders/MSK-999999").await.status, 404);
    let by_ids = client.mes(&format!("/v1/orders?ids=MSK-999999,{id}")).await;
    assert_eq!(by_ids["orders"], json!([order]));
}

#[tokio::test]
async fn what_cannot_be_asked_is_named() {
    let client = client(factory(10));
    for (path, named) in [
        ("/v1/orders?limit=101", "limit"),
        ("/v1/orders?status=new", "status"),
        ("/v1/orders?ids=", "ids"),
        ("/v1/orders/counts?site=moscow", "site"),
    ] {
        let reply = client.get(&format!("/mes{path}")).await;
        assert_eq!(reply.status, 400, "{path}");
        assert!(
            reply.json()["error"].as_str().unwrap().contains(named),
            "{}",
            reply.text
        );
    }
    assert_eq!(client.get("/mes/v2/orders").await.status, 404);
    assert_eq!(
        client.post("/mes/v1/orders", &Value::Null).await.status,
        404
    );
}

#[tokio::test]
async fn a_hundred_thousand_orders_are_made_in_seconds() {
    let client = client(factory(100_000));
    let began = Instant::now();
    let counts = client.mes("/v1/orders/counts").await["counts"].clone();
    let total: u64 = counts
        .as_object()
        .unwrap()
        .values()
        .filter_map(Value::as_u64)
        .sum();
    assert_eq!(total, 100_000);
    let active = counts["approved"].as_u64().unwrap() + counts["started"].as_u64().unwrap();
    assert!((50..1_000).contains(&active), "{counts}");
    assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
}
