use serde::Serialize;
use x402::Usdc;
use x402_buyer::{Budget, Budgets};

use crate::{
    args::{self, Limits},
    context::Context,
    exit::Exit,
    output,
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed<'a> {
    name: &'a str,
    per_call: Option<Usdc>,
    per_day: Option<Usdc>,
    per_host_day: Option<Usdc>,
    per_payee_day: Option<Usdc>,
    spent: Usdc,
}

pub(crate) async fn run(context: &Context, command: &args::Budget) -> anyhow::Result<Exit> {
    match command {
        args::Budget::Set { name, limits } => set(context, name, limits).await,
        args::Budget::List { json } => list(context, *json).await,
    }
}

async fn set(context: &Context, name: &str, limits: &Limits) -> anyhow::Result<Exit> {
    // Opening the ledger makes the folder.
    context.ledger().await?;
    let path = context.budgets_file();
    let mut budgets = Budgets::load(&path)?;
    let Limits { per_call, per_day, per_host_day, per_payee_day } = *limits;
    budgets.set(name, Budget { per_call, per_day, per_host_day, per_payee_day });
    budgets.save(&path)?;
    list(context, false).await
}

async fn list(context: &Context, json: bool) -> anyhow::Result<Exit> {
    let budgets = Budgets::load(&context.budgets_file())?;
    let ledger = context.ledger().await?;
    let mut listed = Vec::new();
    for (name, budget) in budgets.iter() {
        let Budget { per_call, per_day, per_host_day, per_payee_day } = *budget;
        let spent = ledger.spent(context.network, name).await?;
        listed.push(Listed { name, per_call, per_day, per_host_day, per_payee_day, spent });
    }
    if json {
        output::json(&listed)?;
        return Ok(Exit::Done);
    }
    let limit = |limit: Option<Usdc>| limit.map_or_else(|| "-".to_owned(), |limit| limit.to_string());
    let row = |one: &Listed<'_>| {
        let (call, day) = (limit(one.per_call), limit(one.per_day));
        let (host, payee) = (limit(one.per_host_day), limit(one.per_payee_day));
        [one.name.to_owned(), call, day, host, payee, one.spent.to_string()]
    };
    let rows: Vec<_> = listed.iter().map(row).collect();
    output::table(["BUDGET", "A CALL", "A DAY", "A DAY A HOST", "A DAY A PAYEE", "SPENT IN 24 H"], &rows)?;
    Ok(Exit::Done)
}
