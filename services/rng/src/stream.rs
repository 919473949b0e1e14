//! `rng stream`: the bytes of consecutive draws, for tests of randomness. No payment and no log: nothing here is for sale.

use std::io::{self, Write};

use clap::ValueEnum;
use draw::{Draw, DrawInput, DrawReceipt, DrawRequest, Mode, Scheme, SecretKey, Values};
use service_kit::StartError;

/// Bytes of one draw.
const CHUNK: u32 = 64 * 1024;

/// What to write.
#[derive(clap::Args)]
pub(crate) struct Stream {
    /// How many bytes; without end unless given
    #[arg(long, value_name = "N")]
    bytes: Option<u64>,
    /// A fault to plant, which the tests must find
    #[arg(long, value_enum)]
    fault: Option<Fault>,
}

/// Faults that tests of randomness must find.
#[derive(Clone, Copy, ValueEnum)]
enum Fault {
    /// One bit in a thousand is set that should be as it falls
    Bias,
    /// Bytes are taken modulo 100
    Mod100,
    /// Each draw comes twice
    Repeat,
}

/// Writes to stdout until all is written or nobody reads any more.
pub(crate) async fn run(stream: Stream) -> Result<(), StartError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(StartError::failed("reading entropy"))?;
    let secret = SecretKey::from_seed(&seed);
    match write(&stream, &secret, &mut io::stdout().lock()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(StartError::failed("writing the stream")(error))
        }
        _ => Ok(()),
    }
}

fn write(stream: &Stream, secret: &SecretKey, out: &mut impl Write) -> io::Result<()> {
    let mut left = stream.bytes.unwrap_or(u64::MAX);
    for number in 0_u64.. {
        let bytes = planted(drawn(secret, number)?, stream.fault);
        let end = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        out.write_all(&bytes[..end])?;
        left -= end as u64;
        if left == 0 {
            break;
        }
    }
    out.flush()
}

/// One draw of the kind that is sold, for a nonce of its own.
fn drawn(secret: &SecretKey, number: u64) -> io::Result<Vec<u8>> {
    let mut nonce = [0; 32];
    nonce[..8].copy_from_slice(&number.to_be_bytes());
    let input = DrawInput {
        epoch: 0,
        scheme: Scheme::Exact,
        chain_id: 0,
        asset: [0; 20],
        payer: [0; 20],
        nonce,
        mode: Mode::Instant,
    };
    let request = DrawRequest::single(Draw::Bytes { count: CHUNK }).map_err(io::Error::other)?;
    let mut receipt = DrawReceipt::draw(secret, &input, request).map_err(io::Error::other)?;
    match receipt.values.pop() {
        Some(Values::Bytes(bytes)) => Ok(bytes),
        _ => Ok(Vec::new()),
    }
}

fn planted(mut bytes: Vec<u8>, fault: Option<Fault>) -> Vec<u8> {
    match fault {
        None => {}
        // Every 125th byte has one of its eight bits set: one bit in a thousand.
        Some(Fault::Bias) => bytes.iter_mut().step_by(125).for_each(|byte| *byte |= 1),
        Some(Fault::Mod100) => bytes.iter_mut().for_each(|byte| *byte %= 100),
        Some(Fault::Repeat) => bytes.extend_from_within(..),
    }
    bytes
}
