use alloy::primitives::{U256, utils::format_ether};
use anyhow::bail;
use serde::Serialize;
use x402::{Address, Usdc};

use crate::{
    args,
    context::Context,
    exit::{Exit, Usage},
    output,
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    address: Address,
    network: String,
    usdc: Option<Usdc>,
    ether_wei: Option<U256>,
}

pub(crate) async fn run(context: &Context, command: &args::Wallet) -> anyhow::Result<Exit> {
    match command {
        args::Wallet::New { encrypted } => create(context, *encrypted),
        args::Wallet::Show { json } => show(context, *json).await,
    }
}

fn create(context: &Context, encrypted: bool) -> anyhow::Result<Exit> {
    let path = context.new_key(encrypted);
    let wallet = if encrypted {
        let password = context.password("New password: ")?;
        if context.prompts() && password != context.password("Again: ")? {
            bail!(Usage("the passwords differ".to_owned()));
        }
        x402_buyer::Wallet::create_keystore(&path, &password)?
    } else {
        x402_buyer::Wallet::create_key_file(&path)?
    };
    output::line(wallet.address())?;
    output::note(format_args!(
        "the key is in {}; whoever has it has the money, and there is no other copy",
        path.display()
    ));
    Ok(Exit::Done)
}

async fn show(context: &Context, json: bool) -> anyhow::Result<Exit> {
    let address = context.wallet()?.address();
    let (mut usdc, mut ether_wei) = (None, None);
    if let Some(chain) = context.chain(context.network).await? {
        usdc = Some(chain.usdc_balance(address).await?);
        ether_wei = Some(chain.ether_balance(address).await?);
    }
    if json {
        output::json(&Shown { address, network: context.network.to_string(), usdc, ether_wei })?;
        return Ok(Exit::Done);
    }
    output::line(format_args!("address  {address}"))?;
    output::line(format_args!("network  {}", context.network))?;
    match (usdc, ether_wei) {
        (Some(usdc), Some(wei)) => {
            output::line(format_args!("USDC     {usdc}"))?;
            output::line(format_args!("ether    {}", format_ether(wei)))?;
        }
        _ => output::note("set BUYER_RPC_URL to see the balances"),
    }
    Ok(Exit::Done)
}
