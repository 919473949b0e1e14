use serde::Serialize;
use x402::PaymentId;
use x402_buyer::{Answer, Chain, PayingClient, SendError, State};

use crate::{args::Resume, buy, context::Context, exit::Exit, output, pay};

/// What became of one payment.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    payment_id: PaymentId,
    state: Option<State>,
    answered: bool,
    note: String,
}

pub(crate) async fn run(context: &Context, command: &Resume) -> anyhow::Result<Exit> {
    let client = context.client().await?;
    let chain = context.chain(context.network).await?;
    match command.id {
        Some(id) => {
            let answer = resume(&client, chain.as_ref(), id).await.map_err(anyhow::Error::from);
            let answer = answer.inspect_err(buy::show_refusal)?;
            pay::show(&answer, command.save.as_deref(), command.json)
        }
        None => all(&client, chain.as_ref(), command.json).await,
    }
}

/// Asks the chain whether the payment is still worth sending, then the seller, who has the answer.
async fn resume(client: &PayingClient, chain: Option<&Chain>, id: PaymentId) -> Result<Answer, SendError> {
    if let Some(chain) = chain
        && let Err(error) = client.ledger().reconcile(chain, id).await
    {
        output::note(format_args!("buyer: the chain was not asked: {error}"));
    }
    client.resume(id).await
}

async fn all(client: &PayingClient, chain: Option<&Chain>, json: bool) -> anyhow::Result<Exit> {
    let mut lines = Vec::new();
    for payment_id in client.ledger().open_payments().await? {
        let answer = resume(client, chain, payment_id).await;
        let state = client.ledger().intent(payment_id).await?.map(|intent| intent.state);
        let note = answer.as_ref().err().map(ToString::to_string).unwrap_or_default();
        lines.push(Line { payment_id, state, answered: answer.is_ok(), note });
    }
    let open = lines.iter().any(|line| line.state.is_some_and(State::is_open));
    if json {
        output::json(&lines)?;
    } else if lines.is_empty() {
        output::note("no payment is open");
    } else {
        let text = |state: Option<State>| state.map(|state| state.to_string()).unwrap_or_default();
        let row = |line: &Line| [line.payment_id.to_string(), text(line.state), line.note.clone()];
        output::table(["PAYMENT", "STATE", "NOTE"], &lines.iter().map(row).collect::<Vec<_>>())?;
    }
    Ok(if open { Exit::Unknown } else { Exit::Done })
}
