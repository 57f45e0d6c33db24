use super::{client, factory, ids};
use serde_json::{Value, json};

#[tokio::test]
async fn what_control_does_is_versioned_named_and_true_at_once() {
    let client = client(factory(300));
    let before = client.mes("/v1/orders?limit=1").await["as_of"]
        .as_u64()
        .unwrap();
    let created = client.tell_mes(json!({"create": 3})).await["created"].clone();
    assert_eq!(created.as_array().unwrap().len(), 3);
    let newest: Vec<Value> = ids(&client.mes("/v1/orders?status=submitted&limit=3").await)
        .into_iter()
        .map(Value::from)
        .collect();
    assert!(
        created
            .as_array()
            .unwrap()
            .iter()
            .all(|id| newest.contains(id))
    );
    let change = json!({"id": created[0], "status": "price_calculated", "by": "MES"});
    let changed = client.tell_mes(json!({"change": change})).await["changed"][0].clone();
    assert_eq!(
        (&changed["version"], &changed["changed_by"]),
        (&json!(before + 4), &json!("MES"))
    );
    let id = changed["id"].as_str().unwrap();
    let truth = client
        .get(&format!("/_orders?ids={id}&ever=1"))
        .await
        .json();
    assert_eq!(
        (&truth["orders"][0], &truth["as_of"]),
        (&changed, &json!(before + 4))
    );
    let statuses: Vec<_> = truth["ever"][id]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| &change["status"])
        .collect();
    assert_eq!(statuses, ["submitted", "price_calculated"]);
}

#[tokio::test]
async fn refused_orders_change_nothing_in_the_database_nor_elsewhere() {
    let client = client(factory(300));
    let approved = client.an_order("approved").await;
    let before = client.get("/_orders?limit=1000").await.text;
    let change = json!({"id": approved["id"], "status": "started", "by": "Анна"});
    for (orders, word) in [
        (
            json!({"mes": {"create": 2, "change": [change, {"id": "MSK-999999", "status": "started", "by": "x"}]}}),
            "MSK-999999",
        ),
        (
            json!({"mes": {"change": [change, {"id": approved["id"], "status": "closed", "by": "x"}]}}),
            "from started to closed",
        ),
        (
            json!({"mes": {"create": 2}, "set_price": {"id": "1", "kopecks": 5}}),
            "no cargo 1",
        ),
        (
            json!({"mes": {"create": 2, "slow_factor": 5_000}}),
            "slow_factor",
        ),
        (json!({"mes": {"list_base": 5}}), "list_base"),
        (json!({"mes": {"weather": "snow"}}), "snow"),
    ] {
        let reply = client.post("/_control", &orders).await;
        assert_eq!(reply.status, 422, "{orders}");
        assert!(
            reply.json()["error"].as_str().unwrap().contains(word),
            "{}",
            reply.text
        );
    }
    assert_eq!(client.get("/_orders?limit=1000").await.text, before);
}

#[tokio::test]
async fn the_truth_is_not_counted_and_a_reset_leaves_the_orders() {
    let client = client(factory(300));
    client.mes("/v1/orders").await;
    client
        .tell_mes(json!({"create": 1, "list_base_ms": 77}))
        .await;
    let truth = client.get("/_orders?limit=1000").await.text;
    let stats = client.stats().await["mes"].clone();
    assert_eq!(
        (&stats["queries"]["list"]["calls"], &stats["rows"]),
        (&json!(1), &json!(301))
    );
    client.tell(json!({"reset_stats": true})).await;
    assert_eq!(client.stats().await["mes"]["queries"]["list"]["calls"], 0);
    let state = client.tell(json!({"reset": true})).await["mes"].clone();
    assert_eq!(state["list_base_ms"], 0);
    assert_eq!(client.get("/_orders?limit=1000").await.text, truth);
}

#[tokio::test]
async fn what_cannot_be_asked_of_the_truth_is_named() {
    let client = client(factory(10));
    for (query, named) in [
        ("limit=10001", "limit"),
        ("ids=x", "ids"),
        ("status=new", "status"),
    ] {
        let reply = client.get(&format!("/_orders?{query}")).await;
        assert_eq!(reply.status, 400);
        assert!(reply.text.contains(named), "{}", reply.text);
    }
}
