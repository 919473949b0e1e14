//! The verifier of draws for a browser: `draw` behind three functions that WebAssembly can export.
//!
//! The page reserves room, writes a JSON text there, calls [`verify`] and reads the JSON report that the buffer then
//! holds. There is nothing to import, so the module can reach neither network nor storage.
#![deny(missing_docs)]

mod report;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use report::{Report, report};

/// What the page wrote, then what it reads.
static BUFFER: Mutex<Vec<u8>> = Mutex::new(Vec::new());

fn buffer() -> MutexGuard<'static, Vec<u8>> {
    BUFFER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes room for a text of that many bytes, and says where.
#[expect(unsafe_code, reason = "an export is called by its name")]
#[unsafe(no_mangle)]
pub extern "C" fn reserve(length: usize) -> *const u8 {
    let mut buffer = buffer();
    *buffer = vec![0; length];
    buffer.as_ptr()
}

/// Verifies the receipt in the buffer, and says where the report is.
#[expect(unsafe_code, reason = "an export is called by its name")]
#[unsafe(no_mangle)]
pub extern "C" fn verify() -> *const u8 {
    let mut buffer = buffer();
    *buffer = report(&buffer).to_json();
    buffer.as_ptr()
}

/// How many bytes the report has.
#[expect(unsafe_code, reason = "an export is called by its name")]
#[unsafe(no_mangle)]
pub extern "C" fn length() -> usize {
    buffer().len()
}
