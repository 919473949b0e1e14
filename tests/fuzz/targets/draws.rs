//! A draw's request, query and receipt: read without panic, canonical once read, and true only if drawn.
#![no_main]

use draw::{DrawReceipt, DrawRequest};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(request) = DrawRequest::from_json(bytes) {
        canonical(&request);
    }
    if let Ok(query) = std::str::from_utf8(bytes)
        && let Ok(request) = DrawRequest::from_query_string(query)
    {
        canonical(&request);
    }
    if let Ok(receipt) = DrawReceipt::from_json(bytes) {
        let _ = receipt.verify(None);
    }
});

fn canonical(request: &DrawRequest) {
    let again =
        DrawRequest::from_json(request.canonical_json().as_bytes()).expect("canonical JSON is a request");
    assert_eq!(request.hash(), again.hash());
}
