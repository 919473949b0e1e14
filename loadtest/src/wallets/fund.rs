//! Money for the buyers, and back. Both ways by EIP-3009: the buyers never hold ether.

use x402::{Address, Authorization, B256, ExactPayload, PaymentNonce, SigningKey, Usdc};
use x402_buyer::{UnixMillis, Wallet};

use crate::chain::{Node, NodeError};

/// Transfers in a transaction: about 6 million gas.
const BATCH: usize = 60;
/// How long a signed transfer of this module stays good, in seconds.
const WINDOW: u64 = 900;

/// What was moved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// How many accounts it touched.
    pub accounts: usize,
    /// How much in all.
    pub total: Usdc,
    /// In which transactions.
    pub transactions: Vec<B256>,
}

/// Why money was not moved.
#[derive(Debug, thiserror::Error)]
pub enum FundError {
    /// The chain.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The funder has too little.
    #[error(
        "{funder} holds {held} and the buyers lack {needed}: send it USDC, and a little ether for the gas"
    )]
    Short {
        /// Who funds.
        funder: Address,
        /// What it has.
        held: Usdc,
        /// What it should have.
        needed: Usdc,
    },
    /// The funder cannot pay for gas.
    #[error("{0} holds no ether: send it a little for the gas")]
    NoEther(Address),
    /// The system gave no random bytes.
    #[error("no random bytes from the system")]
    Entropy,
}

/// Brings every buyer up to `each`; those who have it keep what they have.
///
/// # Errors
/// [`FundError`]. What was moved before stays moved: the next run finds it.
pub async fn fund(
    node: &Node,
    funder: &SigningKey,
    buyers: &[Wallet],
    each: Usdc,
) -> Result<Moved, FundError> {
    let addresses: Vec<Address> = buyers.iter().map(Wallet::address).collect();
    let held = node.balances(&addresses, node.head().await?).await?;
    let lacking = addresses.into_iter().zip(held);
    let lacking = lacking.filter_map(|(buyer, held)| Some((buyer, each.checked_sub(held)?)));
    let lacking: Vec<_> = lacking.filter(|(_, lacks)| *lacks > Usdc::ZERO).collect();
    let needed = total(lacking.iter().map(|(_, lacks)| *lacks));
    let purse = node.balances(&[funder.address()], node.head().await?).await?;
    let held = purse.first().copied().unwrap_or_default();
    if held < needed {
        return Err(FundError::Short { funder: funder.address(), held, needed });
    }
    let transfers = lacking.iter().map(|(buyer, lacks)| authorize(node, funder, *buyer, *lacks));
    send(node, funder, transfers.collect::<Result<_, _>>()?).await
}

/// Sends all that the buyers have back to the funder.
///
/// # Errors
/// [`FundError`]. What was moved before stays moved.
pub async fn sweep(node: &Node, funder: &SigningKey, buyers: &[Wallet]) -> Result<Moved, FundError> {
    let addresses: Vec<Address> = buyers.iter().map(Wallet::address).collect();
    let held = node.balances(&addresses, node.head().await?).await?;
    let rich = buyers.iter().zip(held).filter(|(_, held)| *held > Usdc::ZERO);
    let transfers =
        rich.map(|(buyer, held)| authorize(node, &buyer.clone().into_key(), funder.address(), held));
    send(node, funder, transfers.collect::<Result<_, _>>()?).await
}

async fn send(node: &Node, sender: &SigningKey, transfers: Vec<ExactPayload>) -> Result<Moved, FundError> {
    if !transfers.is_empty() && node.ether(sender.address()).await?.is_zero() {
        return Err(FundError::NoEther(sender.address()));
    }
    let mut moved = Moved {
        accounts: transfers.len(),
        total: total(transfers.iter().map(|transfer| transfer.authorization.value)),
        transactions: Vec::new(),
    };
    for batch in transfers.chunks(BATCH) {
        moved.transactions.push(node.transfer(sender, batch).await?);
    }
    Ok(moved)
}

fn authorize(node: &Node, from: &SigningKey, to: Address, value: Usdc) -> Result<ExactPayload, FundError> {
    let mut nonce = [0; 32];
    getrandom::fill(&mut nonce).map_err(|_| FundError::Entropy)?;
    let now = UnixMillis::now().seconds();
    let authorization = Authorization {
        from: from.address(),
        to,
        value,
        valid_after: now.saturating_sub(WINDOW),
        valid_before: now + WINDOW,
        nonce: PaymentNonce(nonce.into()),
    };
    Ok(authorization.sign(&node.network().usdc(), from))
}

/// A sum that stays at the largest amount when it is past it.
pub(crate) fn total(amounts: impl IntoIterator<Item = Usdc>) -> Usdc {
    amounts
        .into_iter()
        .fold(Usdc::ZERO, |sum, amount| sum.checked_add(amount).unwrap_or(Usdc::from_atomic(u64::MAX)))
}
