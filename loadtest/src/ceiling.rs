//! What the generator can do by itself: a seller on this machine that offers, accepts anything, and settles nothing.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;
use x402::{
    Accept, Address, Network, PaymentRequired, PaymentRequirements, ResourceInfo, Usdc, encode_header,
};
use x402_buyer::{Wallet, WalletError};

use crate::{
    RunError,
    plan::{ChallengeMode, Load, Plan, PlanArgs, PlanError, Span},
    result::RunResult,
    run::run,
};

const PRICE: Usdc = Usdc::from_atomic(1000);
/// A request's head ends here; these requests have no body.
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// Why there is no figure.
#[derive(Debug, thiserror::Error)]
pub enum CeilingError {
    /// The seller cannot listen.
    #[error("the seller of this measurement: {0}")]
    Io(#[from] std::io::Error),
    /// The offer cannot be written.
    #[error(transparent)]
    Header(#[from] x402::HeaderError),
    /// A fault of this program.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// No random key.
    #[error(transparent)]
    Wallet(#[from] WalletError),
    /// The run.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// Makes signed requests as fast as customers in a closed loop can, against a seller that costs next to nothing.
///
/// # Errors
/// [`CeilingError`] when the seller cannot listen or the run fails.
pub async fn ceiling(
    customers: u32,
    duration: Duration,
    challenge: ChallengeMode,
) -> Result<RunResult, CeilingError> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let stop = CancellationToken::new();
    let seller = tokio::spawn(sell(listener, offer(address)?.into(), stop.clone()));
    let args = PlanArgs {
        url: Some(format!("http://{address}/free")),
        rpc: "http://127.0.0.1:1".parse().ok(),
        budget: Some(Usdc::from_atomic(u64::MAX)),
        closed: Some(customers),
        duration: Some(Span(duration)),
        challenge: Some(challenge),
        ..PlanArgs::default()
    };
    // Nothing settles, so there is nothing to audit.
    let plan = Plan { rpc: None, load: Load::Closed { customers, duration }, ..args.plan()? };
    let buyers = (0..64).map(|_| Wallet::generate()).collect::<Result<Vec<_>, _>>()?;
    let result = run(&plan, buyers, &mut (), stop.clone()).await?;
    stop.cancel();
    seller.abort();
    Ok(result)
}

/// The head of a 402 answer.
fn offer(address: SocketAddr) -> Result<String, CeilingError> {
    let required = PaymentRequired {
        x402_version: 2,
        error: None,
        resource: ResourceInfo { url: format!("http://{address}/free"), ..ResourceInfo::default() },
        accepts: vec![Accept::Evm(PaymentRequirements::exact(
            Network::BaseSepolia,
            PRICE,
            Address::repeat_byte(1),
            60,
        ))],
        extensions: None,
    };
    let header = encode_header(&required)?;
    Ok(format!("HTTP/1.1 402 Payment Required\r\npayment-required: {header}\r\ncontent-length: 0\r\n\r\n"))
}

async fn sell(listener: TcpListener, offer: std::sync::Arc<str>, stop: CancellationToken) {
    while let Some(Ok((stream, _))) = stop.run_until_cancelled(listener.accept()).await {
        tokio::spawn(serve(stream, offer.clone()));
    }
}

/// Answers request after request, without looking at more than whether it pays.
async fn serve(mut stream: TcpStream, offer: std::sync::Arc<str>) {
    let _ = stream.set_nodelay(true);
    let (mut buffer, mut filled) = (vec![0; 32 << 10], 0);
    while let Ok(read @ 1..) = stream.read(&mut buffer[filled..]).await {
        filled += read;
        if !buffer[..filled].ends_with(END_OF_HEAD) {
            continue;
        }
        let pays =
            buffer[..filled].windows(17).any(|window| window.eq_ignore_ascii_case(b"payment-signature"));
        let answer = if pays { "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n42" } else { &*offer };
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
        filled = 0;
    }
}
