use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::json;
use x402::{
    Address, Authorization, B256, ErrorReason, SettleRequest, SettlementResponse, VerifyRequest,
    VerifyResponse,
};
use x402_facilitator::{
    Facilitator, FacilitatorError, OnchainFacilitator, RemoteFacilitator, RemoteSettings, SettleOutcome,
    Verification,
};

use crate::world::{NETWORK, PRICE, World, pauper, settled};

/// How a facilitator answers /settle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// As it should.
    Honest,
    /// Settles, then answers 500.
    SettlesThenFails,
    /// Settles, then answers what is not JSON.
    SettlesThenBabbles,
    /// Settles, then says that it is pending.
    SettlesThenPending,
    /// Settles, then says that it failed.
    SettlesThenDenies,
    /// Settles, then does not answer.
    SettlesThenHangs,
    /// Does nothing, and answers 500.
    Fails,
    /// Does nothing, and claims success with a made-up transaction.
    Lies,
    /// Does nothing, and says so.
    Refuses,
    /// Does nothing, and says that something went wrong.
    Shrugs,
    /// Does nothing, and says that the nonce is used.
    SeesItUsed,
    /// Wants a bearer token.
    Guarded,
    /// Never stops talking.
    Floods,
}

#[derive(Clone)]
struct Server {
    inner: Arc<OnchainFacilitator>,
    manner: Manner,
}

/// A facilitator over HTTP in front of the real one, and the client of it.
async fn remote(world: &World, manner: Manner) -> RemoteFacilitator {
    remote_with(world, manner, None).await
}

async fn remote_with(world: &World, manner: Manner, bearer_token: Option<String>) -> RemoteFacilitator {
    let server = Server { inner: Arc::new(world.facilitator(1)), manner };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let base = format!("http://{}/facilitator/", listener.local_addr().expect("bound"));
    let routes = Router::new()
        .route("/verify", post(verify))
        .route("/settle", post(settle))
        .route("/supported", get(supported))
        .with_state(server);
    let router = Router::new().nest("/facilitator", routes);
    tokio::spawn(async move { axum::serve(listener, router).await });
    let settings = RemoteSettings {
        settle_timeout: Duration::from_secs(3),
        confirm_timeout: Duration::from_millis(300),
        bearer_token,
        ..RemoteSettings::default()
    };
    RemoteFacilitator::new(base.parse().expect("a URL"), world.chain(), settings).expect("a client")
}

async fn verify(State(server): State<Server>, Json(request): Json<VerifyRequest>) -> Response {
    match (server.manner, server.inner.verify(&request).await) {
        (Manner::Fails, _) | (_, Err(_)) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        (Manner::Lies, _) => {
            let payer = Some(Address::repeat_byte(4));
            Json(VerifyResponse { is_valid: true, invalid_reason: None, payer }).into_response()
        }
        (_, Ok(verification)) => Json(VerifyResponse::from(verification)).into_response(),
    }
}

async fn settle(
    State(server): State<Server>,
    headers: HeaderMap,
    Json(request): Json<SettleRequest>,
) -> Response {
    let real = || async { server.inner.settle(&request).await.expect("settles").into_response(&request) };
    let says = |reason: ErrorReason, transaction| {
        let outcome = SettleOutcome::Failed { reason, transaction };
        Json(outcome.into_response(&request)).into_response()
    };
    match server.manner {
        Manner::Honest => Json(real().await).into_response(),
        Manner::SettlesThenFails => {
            real().await;
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
        Manner::SettlesThenBabbles => {
            real().await;
            "<html>Bad gateway</html>".into_response()
        }
        Manner::SettlesThenPending => says(ErrorReason::SETTLEMENT_PENDING, real().await.transaction),
        Manner::SettlesThenDenies => {
            real().await;
            says(ErrorReason::INSUFFICIENT_FUNDS, None)
        }
        Manner::SettlesThenHangs => {
            real().await;
            std::future::pending().await
        }
        Manner::Fails => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Manner::Lies => Json(lie(&request)).into_response(),
        Manner::Refuses => says(ErrorReason::INSUFFICIENT_FUNDS, None),
        Manner::SeesItUsed => says(ErrorReason::NONCE_USED, None),
        Manner::Shrugs => says(ErrorReason::UNEXPECTED_SETTLE_ERROR, None),
        Manner::Guarded
            if headers.get(header::AUTHORIZATION).is_none_or(|value| value != "Bearer s3cret") =>
        {
            (StatusCode::UNAUTHORIZED, Json(json!({ "error": "who are you" }))).into_response()
        }
        Manner::Guarded => Json(real().await).into_response(),
        Manner::Floods => vec![b' '; 1 << 20].into_response(),
    }
}

fn lie(request: &SettleRequest) -> SettlementResponse {
    SettlementResponse {
        success: true,
        error_reason: None,
        payer: None,
        transaction: Some(B256::repeat_byte(0xfe)),
        network: request.payment_requirements.network.clone(),
        amount: None,
        extensions: None,
    }
}

async fn supported(State(server): State<Server>) -> Response {
    Json(server.inner.supported().await.expect("known")).into_response()
}

#[tokio::test]
async fn an_honest_facilitator_verifies_and_settles() {
    let world = World::automine().await;
    let remote = remote(&world, Manner::Honest).await;
    let request = world.payment(&world.buyer(0));
    let payer = world.buyer(0).address();
    let verification = remote.verify(&request).await.expect("answers");
    assert!(matches!(verification, Verification::Valid { payer: by, .. } if by == payer), "{verification:?}");
    let proof = settled(remote.settle(&request).await.expect("settles"));
    let authorization = request.payment_payload.exact().expect("exact").authorization;
    assert_eq!(
        world.chain().settlement_in(proof.transaction, &authorization).await.expect("answers"),
        Some(proof)
    );
    assert_eq!(settled(remote.settle(&request).await.expect("settles")), proof);
    assert_eq!(world.earned().await, PRICE.atomic());
    assert_eq!(remote.supported().await.expect("answers").kinds[0].network, NETWORK.caip2());
}

#[tokio::test]
async fn reasons_come_through() {
    let world = World::automine().await;
    let remote = remote(&world, Manner::Honest).await;
    let request = world.payment(&pauper());
    let verification = remote.verify(&request).await.expect("answers");
    let reason = ErrorReason::INSUFFICIENT_FUNDS;
    assert_eq!(
        verification,
        Verification::Invalid { reason: reason.clone(), payer: Some(pauper().address()) }
    );
    let outcome = remote.settle(&request).await.expect("answers");
    assert_eq!(outcome, SettleOutcome::Failed { reason, transaction: None });
}

#[tokio::test]
async fn what_settled_is_settled_whatever_the_facilitator_answers() {
    let manners = [
        Manner::SettlesThenFails,
        Manner::SettlesThenBabbles,
        Manner::SettlesThenPending,
        Manner::SettlesThenDenies,
        Manner::SettlesThenHangs,
    ];
    let world = World::automine().await;
    for manner in manners {
        let remote = remote(&world, manner).await;
        let outcome = remote.settle(&world.payment(&world.buyer(0))).await.expect("something was sent");
        assert!(matches!(outcome, SettleOutcome::Settled(_)), "{manner:?}: {outcome:?}");
    }
    assert_eq!(world.earned().await, manners.len() as u64 * PRICE.atomic());
}

#[tokio::test]
async fn what_may_have_been_sent_is_unknown() {
    let world = World::automine().await;
    for manner in [Manner::Fails, Manner::Lies, Manner::Shrugs, Manner::SeesItUsed, Manner::Floods] {
        let remote = remote(&world, manner).await;
        let outcome = remote.settle(&world.payment(&world.buyer(0))).await.expect("something was sent");
        assert!(matches!(outcome, SettleOutcome::Unknown { .. }), "{manner:?}: {outcome:?}");
    }
    assert_eq!(world.earned().await, 0);
}

#[tokio::test]
async fn a_refusal_before_any_sending_is_a_failure() {
    let world = World::automine().await;
    let remote = remote(&world, Manner::Refuses).await;
    let outcome = remote.settle(&world.payment(&world.buyer(0))).await.expect("answers");
    assert_eq!(outcome, SettleOutcome::Failed { reason: ErrorReason::INSUFFICIENT_FUNDS, transaction: None });
}

#[tokio::test]
async fn terms_and_signature_are_checked_at_home() {
    let world = World::automine().await;
    let remote = remote(&world, Manner::Lies).await;
    let payer = world.buyer(0);
    let elsewhere = Authorization { to: Address::repeat_byte(9), ..world.authorization(payer.address()) };
    let elsewhere = world.request(&elsewhere.sign(&NETWORK.usdc(), &payer));
    let reason = ErrorReason::RECIPIENT_MISMATCH;
    let outcome = remote.settle(&elsewhere).await.expect("answers");
    assert_eq!(outcome, SettleOutcome::Failed { reason, transaction: None });

    let forged = world.authorization(payer.address()).sign(&NETWORK.usdc(), &world.buyer(1));
    let verification = remote.verify(&world.request(&forged)).await.expect("answers");
    assert!(matches!(verification, Verification::Invalid { reason, .. } if reason == ErrorReason::SIGNATURE));
    let wrong_payer = remote.verify(&world.payment(&payer)).await;
    assert!(matches!(wrong_payer, Err(FacilitatorError::BadAnswer(_))), "{wrong_payer:?}");
}

#[tokio::test]
async fn a_token_opens_a_guarded_facilitator() {
    let world = World::automine().await;
    let request = world.payment(&world.buyer(0));
    let stranger = remote_with(&world, Manner::Guarded, None).await.settle(&request).await;
    assert!(matches!(stranger, Err(FacilitatorError::Status(401))), "{stranger:?}");
    let customer = remote_with(&world, Manner::Guarded, Some("s3cret".to_owned())).await;
    settled(customer.settle(&request).await.expect("settles"));
}

#[tokio::test]
async fn a_facilitator_that_is_not_there_sends_nothing() {
    let world = World::automine().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let base = format!("http://{}", listener.local_addr().expect("bound"));
    drop(listener);
    let remote =
        RemoteFacilitator::new(base.parse().expect("a URL"), world.chain(), RemoteSettings::default())
            .expect("a client");
    let request = world.payment(&world.buyer(0));
    assert!(matches!(remote.verify(&request).await, Err(FacilitatorError::Unreachable(_))));
    assert!(matches!(remote.settle(&request).await, Err(FacilitatorError::Unreachable(_))));
}

#[tokio::test]
async fn a_broken_answer_to_verify_is_not_a_verdict() {
    let world = World::automine().await;
    let verdict = remote(&world, Manner::Fails).await.verify(&world.payment(&world.buyer(0))).await;
    assert!(matches!(verdict, Err(FacilitatorError::Status(500))), "{verdict:?}");
}
