use crate::client::{Client, FIRST_PAGE, config, page_at};
use serde_json::{Value, json};

fn ids(page: &Value) -> Vec<String> {
    page["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cargo| cargo["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn the_pages_of_a_list_are_its_order_cut_in_pieces() {
    let client = Client::new(config()).await;
    let mut read = Vec::new();
    for offset in [0, 100, 200, 300, 400, 500] {
        let page = client.get(&page_at(offset)).await.json();
        assert_eq!(
            page["meta"],
            json!({"limit": 100, "offset": offset, "size": 500})
        );
        read.extend(ids(&page));
    }
    let order = client.get("/_prices").await.json()["order"]["my"].clone();
    assert_eq!(json!(read), order);
}

#[tokio::test]
async fn a_list_says_what_is_missing_or_wrong_by_field() {
    let client = Client::new(config()).await;
    for (query, fields) in [
        ("", vec!["filter.mode", "filter.user_id", "limit", "offset"]),
        (
            "limit=0&offset=0&filter[mode]=my&filter[user_id]=0",
            vec!["limit"],
        ),
        (
            "limit=101&offset=0&filter[mode]=my&filter[user_id]=0",
            vec!["limit"],
        ),
        (
            "limit=20&offset=-1&filter[mode]=mine&filter[user_id]=0",
            vec!["filter.mode", "offset"],
        ),
    ] {
        let reply = client.get(&format!("/v2/cargos/views?{query}")).await;
        assert_eq!(reply.status, 422, "{query}");
        let errors = reply.json()["errors"].clone();
        let named: Vec<&String> = errors.as_object().unwrap().keys().collect();
        assert_eq!(named, fields, "{query}");
        assert!(
            errors
                .as_object()
                .unwrap()
                .values()
                .all(|texts| texts[0].is_string())
        );
    }
    let hundred = client
        .get("/v2/cargos/views?limit=100&offset=0&filter[mode]=all&filter[user_id]=0")
        .await;
    assert_eq!(hundred.status, 200);
}

#[tokio::test]
async fn filters_narrow_the_list_and_its_size() {
    let client = Client::new(config()).await;
    let page = client
        .get(&format!(
            "{FIRST_PAGE}&filter[wv]=1.5-9&filter[price]=1,99999999"
        ))
        .await
        .json();
    let size = page["meta"]["size"].as_u64().unwrap();
    assert!((10..250).contains(&size), "{size}");
    for cargo in page["data"].as_array().unwrap() {
        assert!(
            cargo["weight"].as_f64().unwrap() <= 1_500.0
                && cargo["volume"].as_f64().unwrap() <= 9.0
        );
    }
}

#[tokio::test]
async fn the_detail_is_found_by_id_and_an_unknown_id_is_404() {
    let client = Client::new(config()).await;
    let id = ids(&client.get(FIRST_PAGE).await.json())[3].clone();
    let detail = client
        .get(&format!(
            "/v1/carrier/cargos/{id}?source=1&include=contacts"
        ))
        .await
        .json();
    assert_eq!(detail["data"]["id"], id);
    assert_eq!(detail["data"]["extra"].as_object().unwrap().len(), 10);
    for unknown in ["1", "x", "-1", "99999999999999999999999"] {
        assert_eq!(
            client
                .get(&format!("/v1/carrier/cargos/{unknown}?source=1"))
                .await
                .status,
            404
        );
    }
}

#[tokio::test]
async fn dictionaries_have_what_cargos_refer_to() {
    let client = Client::new(config()).await;
    let points = client
        .get("/v1/dictionaries/points?filter[name]=%D0%9C%D0%BE%D1%81%D0%BA")
        .await
        .json();
    assert_eq!(
        points["data"][0],
        json!({"id": 62, "name": "Москва", "type": 1})
    );
    for (path, field) in [("truck_types", "truck_types"), ("load_types", "load_types")] {
        let dictionary =
            client.get(&format!("/v1/dictionaries/{path}")).await.json()["data"].clone();
        for cargo in client.get(&page_at(0)).await.json()["data"]
            .as_array()
            .unwrap()
        {
            for entry in cargo[field].as_array().unwrap() {
                assert!(dictionary.as_array().unwrap().contains(entry), "{entry}");
            }
        }
    }
}

#[tokio::test]
async fn a_path_or_method_that_the_api_lacks_is_404() {
    let client = Client::new(config()).await;
    for reply in [
        client.get("/v2/cargos/filters").await,
        client.get("/v1/auth/login").await,
    ] {
        assert_eq!(
            (reply.status.as_u16(), reply.json()),
            (404, json!({"message": "Not Found"}))
        );
    }
    assert_eq!(client.stats().await["endpoints"]["unknown"]["calls"], 2);
}

#[tokio::test]
async fn a_price_that_was_set_is_listed_and_a_cargo_that_was_removed_is_not() {
    let client = Client::new(config()).await;
    let first = ids(&client.get(FIRST_PAGE).await.json());
    let orders =
        json!({"set_price": {"id": first[1], "kopecks": 424_200}, "remove": [first[0]], "add": 1});
    let added = client.tell(orders).await["added"][0]
        .as_str()
        .unwrap()
        .to_owned();
    let page = client.get(FIRST_PAGE).await.json();
    assert_eq!(ids(&page)[..2], [added, first[1].clone()]);
    assert_eq!(page["data"][1]["price_carrier"], 424_200);
    assert_eq!(
        client.get("/_prices").await.json()["prices"][&first[1]],
        424_200
    );
}
