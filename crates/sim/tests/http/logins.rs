use crate::client::{Client, FIRST_PAGE, config};
use serde_json::json;

#[tokio::test]
async fn a_login_gives_a_token_of_54_characters_that_opens_the_api() {
    let client = Client::new(config()).await;
    assert_eq!(client.token.len(), 54);
    assert_eq!(client.get("/v1/me").await.status, 200);
    assert_eq!(client.get(FIRST_PAGE).await.status, 200);
}

#[tokio::test]
async fn without_a_live_token_every_call_but_login_is_sanctums_401() {
    let mut client = Client::new(config()).await;
    client.tell(json!({"revoke_tokens": true})).await;
    for dead in [client.token.clone(), String::new(), "1|made-up".to_owned()] {
        client.token = dead;
        for uri in [
            FIRST_PAGE,
            "/v1/me",
            "/v1/carrier/cargos/1",
            "/v1/dictionaries/points",
            "/v1/dictionaries/truck_types",
        ] {
            let reply = client.get(uri).await;
            assert_eq!(
                (reply.status.as_u16(), reply.json()),
                (401, json!({"message": "Unauthenticated."})),
                "{uri}"
            );
        }
    }
}

#[tokio::test]
async fn a_login_with_missing_or_wrong_credentials_is_422_by_field() {
    let client = Client::new(config()).await;
    let login = async |body| {
        let reply = client.post("/v1/auth/login", &body).await;
        assert_eq!(reply.status, 422);
        let fields: Vec<String> = reply.json()["errors"]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect();
        fields
    };
    assert_eq!(
        login(json!({"phone": "+79990000000", "password": "guess"})).await,
        ["phone"]
    );
    assert_eq!(
        login(json!({"phone": "+79991112233", "password": "development"})).await,
        ["phone"]
    );
    assert_eq!(login(json!({"phone": "+79990000000"})).await, ["password"]);
    assert_eq!(
        login(json!({"phone": 79_990_000_000_u64, "password": "development"})).await,
        ["phone"]
    );
    assert_eq!(
        login(json!({"phone": "+79990000000", "password": "development", "remember": "on"})).await,
        ["remember"]
    );
    assert_eq!(login(json!("not an object")).await, ["password", "phone"]);
    assert_eq!(client.stats().await["logins"], 0);
}

#[tokio::test]
async fn a_suspended_account_is_403_at_login_and_401_elsewhere_until_it_is_lifted() {
    let client = Client::new(config()).await;
    let credentials = json!({"phone": "+79990000000", "password": "development", "remember": true});
    client.tell(json!({"suspend": true})).await;
    let reply = client.post("/v1/auth/login", &credentials).await;
    assert_eq!(
        (reply.status.as_u16(), reply.json()),
        (403, json!({"error": "Account suspended"}))
    );
    assert_eq!(client.get(FIRST_PAGE).await.status, 401);
    client.tell(json!({"suspend": false})).await;
    assert_eq!(
        client.post("/v1/auth/login", &credentials).await.status,
        200
    );
    assert_eq!(client.get(FIRST_PAGE).await.status, 200);
}
