//! What a persona is asked: priced without panic, and answered if it has a price.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use persona_service::{Engine, Query};

static ENGINE: LazyLock<Engine> = LazyLock::new(|| Engine::load(None).expect("the engine loads"));

fuzz_target!(|bytes: &[u8]| {
    let Ok(query) = Query::from_json(bytes) else { return };
    if query.price().is_ok() {
        let _ = ENGINE.answer(&query);
    }
});
