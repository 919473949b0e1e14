use std::time::Duration;

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, SolValue};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use x402::{TestToken, Token};

use crate::{
    Account, BlockTime, Description, DevnetError, Options, PayTo,
    anvil::Anvil,
    contracts::{Contracts, USDC},
    genesis,
    rpc::Rpc,
    ticker::Ticker,
};

/// A local Base Sepolia that runs until it is dropped.
#[derive(Debug)]
pub struct Devnet {
    anvil: Anvil,
    rpc: Rpc,
    blocks: Blocks,
    description: Description,
}

/// Who makes blocks.
#[derive(Debug)]
enum Blocks {
    /// Anvil, for every transaction and when idle.
    ByTransaction,
    ByClock(Ticker),
}

impl Devnet {
    /// Starts a chain and returns when it serves, with the contracts in place and the buyers funded.
    ///
    /// # Errors
    /// [`DevnetError::AnvilMissing`] and [`DevnetError::NoAnvilAt`] without an anvil, [`DevnetError::Exited`] where the
    /// port is taken, and any other [`DevnetError`] where anvil is not what this crate knows.
    pub async fn start(options: Options) -> Result<Self, DevnetError> {
        let (anvil, announcement) = Anvil::start(&options).await?;
        let rpc_url = format!("http://{}", announcement.address);
        let rpc = Rpc::new(rpc_url.clone())?;
        let description = Description::new(rpc_url, announcement.accounts);
        genesis::populate(&rpc, &description).await?;
        let blocks = match options.block_time {
            BlockTime::Auto => Blocks::ByTransaction,
            BlockTime::Seconds(seconds) => {
                genesis::stop_mining(&rpc).await?;
                let period = Duration::from_secs(seconds.max(1));
                Blocks::ByClock(Ticker::start(description.rpc_url.clone(), period)?)
            }
        };
        Ok(Self { anvil, rpc, blocks, description })
    }

    /// Everything about this chain in one value.
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// Where the chain answers JSON-RPC, `http://127.0.0.1:<port>`.
    pub fn rpc_url(&self) -> &str {
        &self.description.rpc_url
    }

    /// Base Sepolia's chain id, [`CHAIN_ID`](crate::CHAIN_ID).
    pub fn chain_id(&self) -> u64 {
        self.description.chain_id
    }

    /// The address of USDC, [`USDC`].
    pub fn usdc(&self) -> Address {
        self.description.usdc
    }

    /// The address of Multicall3, [`MULTICALL3`](crate::MULTICALL3).
    pub fn multicall3(&self) -> Address {
        self.description.multicall3
    }

    /// Where each service is paid.
    pub fn pay_to(&self) -> PayTo {
        self.description.pay_to
    }

    /// All sixty accounts; their roles are told at [`Description::accounts`].
    pub fn accounts(&self) -> &[Account] {
        &self.description.accounts
    }

    /// One of the six accounts that send settlements.
    ///
    /// # Panics
    /// From index 6 up.
    pub fn signer(&self, index: usize) -> &Account {
        &self.description.signers()[index]
    }

    /// One of the fifty accounts that start with 1,000,000 USDC.
    ///
    /// # Panics
    /// From index 50 up.
    pub fn buyer(&self, index: usize) -> &Account {
        &self.description.buyers()[index]
    }

    /// The USDC of an account at the newest block, in atomic units.
    ///
    /// # Errors
    /// If anvil does not answer.
    pub async fn balance_of(&self, account: Address) -> Result<U256, DevnetError> {
        let data = Bytes::from(Token::balanceOfCall { account }.abi_encode());
        // The answer is one 32-byte word, which also is how a number is written.
        self.rpc("eth_call", (json!({ "to": USDC, "data": data }), "latest")).await
    }

    /// Creates `value` atomic units of USDC for an account.
    ///
    /// # Errors
    /// If the transaction fails or is not mined within anvil's patience, half a minute.
    pub async fn mint(&self, account: Address, value: U256) -> Result<(), DevnetError> {
        let data = Bytes::from(TestToken::mintCall { account, value }.abi_encode());
        let from = genesis::deployer(&self.description);
        genesis::transact(&self.rpc, json!({ "from": from, "to": USDC, "data": data })).await?;
        Ok(())
    }

    /// Deploys a smart-contract wallet that accepts, by ERC-1271, the 65-byte signatures of `owner`'s key. It is empty.
    ///
    /// # Errors
    /// As [`mint`](Self::mint).
    pub async fn deploy_wallet(&self, owner: Address) -> Result<Address, DevnetError> {
        let wallet = Contracts::load()?.wallet;
        let data: Bytes = [wallet.init_code.as_ref(), &owner.abi_encode()].concat().into();
        let from = genesis::deployer(&self.description);
        let receipt = genesis::transact(&self.rpc, json!({ "from": from, "data": data })).await?;
        receipt.contract_address.ok_or(DevnetError::Reverted)
    }

    /// Makes a block now.
    ///
    /// # Errors
    /// If anvil does not answer.
    pub async fn mine(&self) -> Result<(), DevnetError> {
        self.rpc::<Value>("evm_mine", ()).await.map(drop)
    }

    /// Leaves transactions waiting, from now on, until [`mine`](Self::mine) or [`resume_mining`](Self::resume_mining).
    ///
    /// # Errors
    /// If anvil does not answer.
    pub async fn pause_mining(&self) -> Result<(), DevnetError> {
        match &self.blocks {
            Blocks::ByTransaction => genesis::stop_mining(&self.rpc).await?,
            Blocks::ByClock(ticker) => ticker.run(false),
        }
        Ok(())
    }

    /// Ends [`pause_mining`](Self::pause_mining). A chain with [`BlockTime::Auto`] then makes a block per transaction
    /// and no idle blocks.
    ///
    /// # Errors
    /// If anvil does not answer.
    pub async fn resume_mining(&self) -> Result<(), DevnetError> {
        match &self.blocks {
            Blocks::ByTransaction => self.rpc::<Value>("evm_setAutomine", [true]).await.map(drop)?,
            Blocks::ByClock(ticker) => ticker.run(true),
        }
        Ok(())
    }

    /// Any other JSON-RPC request, such as anvil's `evm_increaseTime` or `anvil_reorg`.
    ///
    /// # Errors
    /// [`DevnetError::Rpc`] with the code, message and data of an error answer.
    pub async fn rpc<R: DeserializeOwned>(
        &self,
        method: &str,
        params: impl Serialize,
    ) -> Result<R, DevnetError> {
        self.rpc.request(method, params).await
    }

    /// Ends the chain and waits until its process is gone. Dropping the value ends it too, without waiting.
    ///
    /// # Errors
    /// If the operating system refuses.
    pub async fn stop(self) -> Result<(), DevnetError> {
        self.anvil.stop().await
    }

    /// Returns when the chain's process has ended by itself.
    ///
    /// # Errors
    /// If the operating system cannot tell.
    pub async fn ended(&mut self) -> Result<(), DevnetError> {
        self.anvil.ended().await
    }
}
