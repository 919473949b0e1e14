//! The payment: who signed it, for which request, for how much, and whether that is what was offered.

use x402::{Binding, EXACT, ExactPayload, Network};

use super::{Check, channel};
use crate::{Paid, Payload, Receipt};

pub(super) fn checks(receipt: &Receipt) -> Vec<Check> {
    let request = request(receipt);
    let Some(network) = receipt.known_network() else {
        return vec![request, Check::failed("signature", "the network is unknown")];
    };
    let (payload, exact) = match &receipt.payment {
        Paid::Exact(payload) => (payload, payload.exact()),
        Paid::Channel(paid) => {
            let mut checks = vec![request];
            checks.extend(channel::checks(receipt, paid, network));
            return checks;
        }
    };
    vec![
        request,
        Check::of("signature", signature(exact, network)),
        binding(receipt, payload),
        Check::of("price", price(receipt, exact)),
        Check::of("offer", offer(receipt, payload, network)),
        Check::of("payment-id", payment_id(receipt)),
        settlement(receipt),
    ]
}

fn request(receipt: &Receipt) -> Check {
    let (stated, computed) = (receipt.request.hash, receipt.request.parts().hash());
    Check::of("request", if stated == computed { Ok(computed) } else { Err("the hash is not the request's") })
}

fn signature(exact: &ExactPayload, network: Network) -> Result<String, String> {
    let payer = exact.authorization.from;
    match exact.recover(&network.usdc()) {
        Ok(signer) if signer == payer => Ok(format!("signed by the payer {payer}")),
        Ok(signer) => Err(format!("signed by {signer}, not by the payer {payer}")),
        Err(error) => Err(error.to_string()),
    }
}

fn binding(receipt: &Receipt, payload: &Payload) -> Check {
    let computed = receipt.request.parts().hash();
    match Binding::check(payload.exact().authorization.nonce, payload.extensions(), computed) {
        Ok(Binding::Bound(_)) => Check::passed("binding", "the nonce commits to the request"),
        Ok(Binding::Plain) => Check::not_checked("binding", "the nonce commits to no request"),
        Err(error) => Check::failed("binding", error),
    }
}

fn price(receipt: &Receipt, exact: &ExactPayload) -> Result<String, String> {
    let (offer, authorization) = (&receipt.offer.requirements, &exact.authorization);
    if authorization.value != offer.amount {
        return Err(format!("{} was signed, {} was offered", authorization.value, offer.amount));
    }
    if authorization.to != offer.pay_to {
        return Err(format!("{} is paid, {} was offered", authorization.to, offer.pay_to));
    }
    Ok(format!("{} to {}, as offered", authorization.value, authorization.to))
}

/// The offer is of the network that the receipt names, and the payment repeats it.
fn offer(receipt: &Receipt, payload: &Payload, network: Network) -> Result<&'static str, &'static str> {
    let offer = &receipt.offer.requirements;
    if offer.scheme != EXACT || offer.network != network.caip2() || offer.asset != network.usdc().address {
        return Err("the offer is not of this network's USDC");
    }
    match payload {
        Payload::V2(payload) if *payload.accepted != **offer => Err("the payment accepts another offer"),
        Payload::V1(payload) if payload.network != network.v1_name() => {
            Err("the payment is of another network")
        }
        _ => Ok("the payment accepts this offer"),
    }
}

pub(super) fn payment_id(receipt: &Receipt) -> Result<String, String> {
    let computed = receipt.facts().ok_or("it pays for no call")?.id;
    if computed == receipt.payment_id {
        Ok(computed.to_string())
    } else {
        Err(format!("the receipt states {}, the payment's is {computed}", receipt.payment_id))
    }
}

/// What the seller says. Whether it is true is the chain's to say.
pub(super) fn settlement(receipt: &Receipt) -> Check {
    const NAME: &str = "settlement";
    let Some(settlement) = &receipt.settlement else {
        return Check::not_checked(NAME, "the seller said nothing of the settlement");
    };
    let ours = |network: &str| network.parse::<Network>().ok() == receipt.known_network();
    if !settlement.success {
        return Check::failed(NAME, "the seller says that it was not settled");
    }
    let payer = receipt.facts().map(|facts| facts.payer);
    if settlement.payer.is_some_and(|named| Some(named) != payer) || !ours(&settlement.network) {
        return Check::failed(NAME, "the seller names another payer or network");
    }
    match settlement.transaction {
        Some(transaction) => Check::passed(NAME, format_args!("the seller names transaction {transaction}")),
        None => Check::not_checked(NAME, "the seller names no transaction"),
    }
}
