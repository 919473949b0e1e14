use x402::{
    Accept, Address, Authorization, Extensions, Network, PaymentId, PaymentNonce, PaymentPayload,
    PaymentRequired, PaymentRequirements, SigningKey, encode_header,
};

use super::now;

/// A payment, about to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Signed {
    pub(crate) payload: PaymentPayload,
    pub(crate) id: PaymentId,
}

impl Signed {
    pub(crate) fn new(
        key: &SigningKey,
        accepted: PaymentRequirements,
        authorization: Authorization,
        extensions: Option<Extensions>,
    ) -> Self {
        let asset = Network::BaseSepolia.usdc();
        let exact = authorization.sign(&asset, key);
        let payload = PaymentPayload {
            x402_version: 2,
            resource: None,
            accepted,
            payload: serde_json::to_value(exact).expect("serializes"),
            extensions,
        };
        Self { payload, id: authorization.key(&asset).id() }
    }

    pub(crate) fn header(&self) -> String {
        encode_header(&self.payload).expect("encodes")
    }
}

pub(crate) fn sign_with(
    key: &SigningKey,
    offer: &PaymentRequired,
    nonce: PaymentNonce,
    extensions: Option<Extensions>,
) -> Signed {
    let accepted = offer.accepts.iter().find_map(Accept::evm).expect("an offer we can pay").clone();
    let authorization = authorization(key.address(), &accepted, nonce);
    Signed::new(key, accepted, authorization, extensions)
}

/// What a stock client authorizes for an offer.
pub(crate) fn authorization(
    from: Address,
    offer: &PaymentRequirements,
    nonce: PaymentNonce,
) -> Authorization {
    Authorization {
        from,
        to: offer.pay_to,
        value: offer.amount,
        valid_after: now() - 600,
        valid_before: now() + offer.max_timeout_seconds,
        nonce,
    }
}
