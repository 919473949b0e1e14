use crate::ErrorReason;

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        impl ErrorReason {
            $($(#[$doc])* pub const $name: Self =
                Self::known(concat!("invalid_batch_settlement_evm_", $text));)*
        }
    };
}

reasons! {
    /// The channel's configuration does not hash to the name it is given.
    CHANNEL_ID_MISMATCH = "channel_id_mismatch";
    /// Another call holds the channel: ask again shortly.
    CHANNEL_BUSY = "channel_busy";
    /// No channel of that name has money.
    CHANNEL_NOT_FOUND = "channel_not_found";
    /// The voucher is not over what was charged and the price: the answer carries the channel's state.
    CHANNEL_CUMULATIVE_MISMATCH = "cumulative_amount_mismatch";
    /// The voucher is not over more than was claimed.
    CHANNEL_CUMULATIVE_BELOW_CLAIMED = "cumulative_below_claimed";
    /// The voucher is over more than the channel holds.
    CHANNEL_CUMULATIVE_EXCEEDS_BALANCE = "cumulative_exceeds_balance";
    /// The voucher's signature is not the payer side's, or not one that the contract takes.
    CHANNEL_VOUCHER_SIGNATURE = "voucher_signature";
    /// A deposit that cannot be read.
    CHANNEL_DEPOSIT_PAYLOAD = "deposit_payload";
    /// The deposit's simulation failed.
    CHANNEL_DEPOSIT_SIMULATION = "deposit_simulation_failed";
    /// The deposit's transaction failed.
    CHANNEL_DEPOSIT_FAILED = "deposit_transaction_failed";
    /// The deposit has no EIP-3009 authorization.
    CHANNEL_ERC3009_REQUIRED = "erc3009_authorization_required";
    /// The payer does not hold the deposit.
    CHANNEL_INSUFFICIENT_BALANCE = "insufficient_balance";
    /// The deposit's signature is not the payer's.
    CHANNEL_DEPOSIT_SIGNATURE = "receive_authorization_signature";
    /// The deposit is not valid yet.
    CHANNEL_DEPOSIT_VALID_AFTER = "payload_authorization_valid_after";
    /// The deposit is not valid any more, or not for long enough.
    CHANNEL_DEPOSIT_VALID_BEFORE = "payload_authorization_valid_before";
    /// Another receiver than the offer's.
    CHANNEL_RECEIVER = "receiver_mismatch";
    /// Another authorizer than the offer's.
    CHANNEL_RECEIVER_AUTHORIZER = "receiver_authorizer_mismatch";
    /// Another token than the offer's.
    CHANNEL_TOKEN = "token_mismatch";
    /// Another delay than the offer's.
    CHANNEL_WITHDRAW_DELAY = "withdraw_delay_mismatch";
    /// A withdrawal is under way, and there may be no time to claim what is served now.
    CHANNEL_WITHDRAWING = "withdrawal_pending";
    /// The payload's `type` does not belong here.
    CHANNEL_PAYLOAD_TYPE = "payload_type";
    /// A refund of nothing, or of more than there is.
    CHANNEL_REFUND_AMOUNT = "refund_amount_invalid";
    /// There is nothing to give back.
    CHANNEL_REFUND_NO_BALANCE = "refund_no_balance";
    /// A refund that cannot be read, or lacks what the seller adds.
    CHANNEL_REFUND_PAYLOAD = "refund_payload";
    /// The refund's simulation failed.
    CHANNEL_REFUND_SIMULATION = "refund_simulation_failed";
    /// The refund's transaction failed.
    CHANNEL_REFUND_FAILED = "refund_transaction_failed";
    /// The claim lacks the authorizer's signature.
    CHANNEL_CLAIM_PAYLOAD = "claim_payload";
    /// The claim's simulation failed.
    CHANNEL_CLAIM_SIMULATION = "claim_simulation_failed";
    /// The claim's transaction failed.
    CHANNEL_CLAIM_FAILED = "claim_transaction_failed";
    /// Nothing was claimed that is not paid out.
    CHANNEL_NOTHING_TO_SETTLE = "nothing_to_settle";
    /// The settlement's transaction failed.
    CHANNEL_SETTLE_FAILED = "settle_transaction_failed";
    /// No authorizer's key signs vouchers of this channel, and this seller asks for one.
    CHANNEL_NO_AUTHORIZER = "payer_authorizer_required";
}
