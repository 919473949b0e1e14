//! A payment from a channel: whose voucher it is, for how much, and whether that is what was offered.

use x402::{BATCH_SETTLEMENT, Network};

use super::{Check, payment};
use crate::{ChannelPaid, Receipt, paid::Call};

pub(super) fn checks(receipt: &Receipt, paid: &ChannelPaid, network: Network) -> Vec<Check> {
    let Some(call) = receipt.facts().and_then(|facts| facts.call) else {
        return vec![Check::failed(
            "signature",
            "the payment is no call of a channel, or its charge is missing",
        )];
    };
    vec![
        Check::of("signature", signature(&call, network)),
        Check::not_checked("binding", "a voucher names no request; the seller's delivery does"),
        Check::of("price", price(receipt, &call)),
        Check::of("offer", offer(receipt, paid, &call, network)),
        Check::of("payment-id", payment::payment_id(receipt)),
        channel(receipt, &call),
    ]
}

fn signature(call: &Call<'_>, network: Network) -> Result<String, String> {
    if call.voucher.channel_id != call.id {
        return Err(format!("the voucher is of channel {}, not of {}", call.voucher.channel_id, call.id));
    }
    match call.voucher.recover(network) {
        Ok(signer) if signer == call.config.payer_authorizer => {
            Ok(format!("voucher over {} by {signer}", call.voucher.max_claimable_amount))
        }
        Ok(signer) => Err(format!("signed by {signer}, not by {}", call.config.payer_authorizer)),
        Err(error) => Err(error.to_string()),
    }
}

fn price(receipt: &Receipt, call: &Call<'_>) -> Result<String, String> {
    let offered = receipt.offer.requirements.amount;
    if call.charged > offered {
        return Err(format!("{} was charged, {offered} was offered", call.charged));
    }
    Ok(format!("{} of {offered} at most, to {}", call.charged, call.config.receiver))
}

fn offer(
    receipt: &Receipt,
    paid: &ChannelPaid,
    call: &Call<'_>,
    network: Network,
) -> Result<&'static str, String> {
    let offer = &receipt.offer.requirements;
    let ours = offer.scheme == BATCH_SETTLEMENT
        && offer.network == network.caip2()
        && offer.asset == network.usdc().address;
    if !ours {
        return Err("the offer is not of channels in this network's USDC".to_owned());
    }
    if *paid.accepted != **offer {
        return Err("the payment accepts another offer".to_owned());
    }
    call.config.matches(offer).map_err(|reason| reason.to_string())?;
    Ok("the payment accepts this offer, and the channel is on its terms")
}

/// The seller's word. A transaction is the deposit's.
fn channel(receipt: &Receipt, call: &Call<'_>) -> Check {
    let said = payment::settlement(receipt);
    match said.outcome {
        super::Outcome::Failed => said,
        _ => Check::passed(said.name, format_args!("call at {} of channel {}", call.base, call.id)),
    }
}
