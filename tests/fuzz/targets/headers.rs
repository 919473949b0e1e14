//! The header codec: whatever is read is written and read again as the same.
#![no_main]

use base64::{Engine, prelude::BASE64_STANDARD};
use libfuzzer_sys::fuzz_target;
use serde::{Serialize, de::DeserializeOwned};
use x402::{
    Artifact, Delivery, PaymentPayload, PaymentRequired, ReceiptKey, SettleRequest, SettlementResponse,
    SupportedResponse, VerifyRequest, decode_header, encode_header, v1,
};

fuzz_target!(|json: &[u8]| {
    let _ = decode_header::<PaymentPayload>(json);
    let header = BASE64_STANDARD.encode(json);
    again::<PaymentPayload>(&header);
    again::<PaymentRequired>(&header);
    again::<SettlementResponse>(&header);
    again::<v1::PaymentPayload>(&header);
    again::<VerifyRequest>(&header);
    again::<SettleRequest>(&header);
    again::<SupportedResponse>(&header);
    again::<Artifact<Delivery>>(&header);
    again::<Artifact<ReceiptKey>>(&header);
    if let Ok(payment) = decode_header::<PaymentPayload>(header.as_bytes()) {
        let _ = payment.exact();
        let _ = payment.channel();
    }
});

fn again<T: Serialize + DeserializeOwned>(header: &str) {
    let Ok(read) = decode_header::<T>(header.as_bytes()) else { return };
    let once = encode_header(&read).expect("what was read can be written");
    // Written out in full, it may have grown past what is read.
    let Ok(second) = decode_header::<T>(once.as_bytes()) else {
        assert!(once.len() > x402::MAX_HEADER_BYTES, "what was written cannot be read");
        return;
    };
    assert_eq!(once, encode_header(&second).expect("and again"));
}
