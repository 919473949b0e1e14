//! Payers that are contracts: their code says whether they signed (ERC-1271).

use alloy_primitives::U256;
use serde_json::json;
use x402::{Accept, Address, PaymentNonce, SigningKey};

use crate::support::{FLOWS, PRICE, Signed, World, authorization, random};

/// A payment of a wallet, signed by a key that may or may not be its owner's.
async fn sign(world: &World, wallet: Address, key: &SigningKey, target: &str) -> Signed {
    let offer = world.offer("POST", target).await;
    let accepted = offer.accepts.iter().find_map(Accept::evm).expect("an offer").clone();
    let authorization = authorization(wallet, &accepted, PaymentNonce(random()));
    Signed::new(key, accepted, authorization, None)
}

#[tokio::test]
async fn a_wallet_pays_with_what_its_code_accepts() {
    let world = World::start().await;
    let owner = world.buyer(0);
    let wallet = world.chain.deploy_wallet(owner.address()).await.expect("deployed");
    world.chain.mint(wallet, U256::from(2 * PRICE.atomic())).await.expect("minted");
    let body = json!({ "note": "by code" });
    for target in FLOWS {
        let payment = sign(&world, wallet, &owner, target).await;
        let answer = world.pay(target, &body, &payment).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        assert_eq!(answer.settlement().payer, Some(wallet));
        let again = world.pay(target, &body, &payment).await;
        assert_eq!((again.status.as_u16(), &again.body), (200, &answer.body), "sent again, not sold again");

        // Whoever knows the payment, but cannot sign as the wallet does, gets nothing of it.
        let mut forged = payment.clone();
        forged.payload.payload["signature"] = json!(format!("0x{}", "11".repeat(65)));
        let refused = world.pay(target, &body, &forged).await;
        assert_eq!(refused.status, 402, "{}", refused.json());
        assert_eq!(world.service.runs(payment.id), 1);
    }
    assert_eq!((world.earned().await, world.balance(wallet).await), (2 * PRICE.atomic(), 0));
}

#[tokio::test]
async fn neither_a_strangers_signature_nor_an_account_without_code_gets_anything() {
    let world = World::start().await;
    let (owner, stranger) = (world.buyer(0), world.buyer(1));
    let wallet = world.chain.deploy_wallet(owner.address()).await.expect("deployed");
    world.chain.mint(wallet, U256::from(PRICE.atomic())).await.expect("minted");
    for (payer, key) in [(wallet, &stranger), (owner.address(), &stranger)] {
        let payment = sign(&world, payer, key, "/authorize").await;
        let refused = world.pay("/authorize", &json!({}), &payment).await;
        assert_eq!(refused.status, 402, "{}", refused.json());
    }
    assert!(!world.service.ran() && world.earned().await == 0);
}
