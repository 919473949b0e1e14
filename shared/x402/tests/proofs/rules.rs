//! Who may sign, for what, and when.

use x402::{ArtifactError, DelegationError, Network, OfferPayload, PaymentRequirements, Signed, Usdc};

use crate::statements::{ORIGIN, key, offer, receipt_key, requirements};

#[test]
fn a_delegation_names_a_key_for_one_payee_origin_and_time() {
    let (payee, network) = (key().address(), Network::BaseSepolia);
    let signed = Signed::sign(receipt_key(), network, &key());
    let named = receipt_key().key;
    for at in [1_703_000_000, 1_704_000_000] {
        assert_eq!(signed.key_for(network, payee, ORIGIN, at), Ok(named));
    }
    for at in [1_702_999_999, 1_704_000_001] {
        let refused = signed.key_for(network, payee, ORIGIN, at);
        assert!(matches!(refused, Err(DelegationError::NotThen { at: told, .. }) if told == at));
    }
    let now = 1_703_123_456;
    assert_eq!(signed.key_for(network, named, ORIGIN, now), Err(DelegationError::NotThePayee(payee)));
    let elsewhere = signed.key_for(network, payee, "https://api.example.org", now);
    assert_eq!(elsewhere, Err(DelegationError::OtherOrigin(ORIGIN.to_owned())));
    let other_chain = signed.key_for(Network::Base, payee, ORIGIN, now);
    assert!(matches!(other_chain, Err(DelegationError::NotThePayee(_))), "{other_chain:?}");
}

#[test]
fn an_offer_is_matched_by_its_terms() {
    let terms = requirements();
    assert!(offer().matches(&terms));
    assert!(OfferPayload { asset: offer().asset.to_lowercase(), ..offer() }.matches(&terms));
    assert!(!offer().matches(&PaymentRequirements { amount: Usdc::from_atomic(9_999), ..terms.clone() }));
    assert!(!offer().matches(&PaymentRequirements { pay_to: key().address(), ..terms.clone() }));
    assert!(!offer().matches(&PaymentRequirements { asset: key().address(), ..terms.clone() }));
    assert!(!offer().matches(&PaymentRequirements { network: "eip155:8453".into(), ..terms.clone() }));
    assert!(!offer().matches(&PaymentRequirements { scheme: "upto".into(), ..terms }));
}

#[test]
fn typed_data_about_another_kind_of_chain_is_refused() {
    let solana = OfferPayload { network: "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp".into(), ..offer() };
    assert_eq!(solana.sign(0, &key()).artifact.verify(), Err(ArtifactError::NotEvm));
    let nobody = OfferPayload { pay_to: "2wKupLR9q6wXYppw8Gr2NvWxKBUqm4PPJKkQfoxHDBg4".into(), ..offer() };
    assert_eq!(nobody.sign(0, &key()).artifact.verify(), Err(ArtifactError::NotEvm));
    let good = offer().sign(0, &key());
    assert_eq!(good.artifact.verify(), Ok((&offer(), key().address())));
}
