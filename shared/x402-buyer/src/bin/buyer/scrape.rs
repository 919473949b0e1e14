//! `buyer scrape`: the content of a page, or why there is none.

use serde::Serialize;
use serde_json::{Value, json};
use x402_buyer::{Request, SendError, Terms};

use crate::{
    args::{PageFormat, Scrape},
    buy,
    context::Context,
    exit::Exit,
    output::{self, note},
    pay,
    purchase::Summary,
};

/// Where the service sells pages.
const PATH: &str = "/v1/scrape";

/// What the service is asked for.
#[derive(Serialize)]
struct Asked<'a> {
    url: &'a str,
    formats: [PageFormat; 1],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    include: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    exclude: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
}

/// What was bought, to a program.
#[derive(Serialize)]
struct Printed<'a> {
    answer: &'a Value,
    purchase: Option<Summary>,
}

pub(crate) async fn run(context: &Context, command: Scrape) -> anyhow::Result<Exit> {
    let asked = Asked {
        url: command.page.as_str(),
        formats: [command.format],
        include: &command.include,
        exclude: &command.exclude,
        max_tokens: command.max_tokens,
    };
    let request = Request::post_json(&buy::endpoint(&command.service, PATH)?, &asked)?;
    let terms = Terms { max_price: Some(command.max), budget: command.purchasing.budget, ..Terms::default() };
    let (save, json) = (command.purchasing.save.as_deref(), command.purchasing.json);
    let answer = match buy::send(context, &request, &terms, command.purchasing.calls).await {
        Ok(answer) => answer,
        Err(error) => return refused(error, json),
    };
    let page: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let Some(content) = content(&page, command.format) else {
        note("buyer: the answer is no scraped page");
        pay::show(&answer, save, json)?;
        return Ok(Exit::NotVerified);
    };
    if !json {
        print(content)?;
    }
    let purchase = Summary::of(&answer, save)?;
    let proven = purchase.as_ref().is_none_or(Summary::is_proven);
    if json {
        output::json(&Printed { answer: &page, purchase })?;
    } else {
        describe(&page);
        purchase.iter().for_each(Summary::show);
    }
    Ok(if proven { Exit::Done } else { Exit::NotVerified })
}

/// The one form that was asked for, of a page that is content.
fn content(page: &Value, format: PageFormat) -> Option<&Value> {
    let name = serde_json::to_value(format).ok()?;
    (page["verdict"] == "content").then(|| page["content"].get(name.as_str()?))?
}

fn print(content: &Value) -> anyhow::Result<()> {
    match content.as_str() {
        Some(text) => Ok(output::bytes(format!("{}\n", text.trim_end_matches('\n')).as_bytes())?),
        None => output::json(content),
    }
}

/// What is worth knowing before the content is believed.
fn describe(page: &Value) {
    let (content, provenance) = (&page["content"], &page["provenance"]);
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    note(format_args!(
        "content      {}, {} words, quality {}, from {}",
        text(&content["page_type"]),
        content["words"],
        content["quality"],
        text(&provenance["final_url"])
    ));
    if let Some(suspicions) = content["suspicions"].as_array() {
        note(format_args!("attention    {} passages read like orders to a program", suspicions.len()));
    }
}

/// A page that is not content is an answer too, if the seller says that it charges nothing.
fn refused(error: anyhow::Error, as_json: bool) -> anyhow::Result<Exit> {
    let paid = matches!(error.downcast_ref(), Some(SendError::Refused(refused)) if refused.paid());
    let problem: Option<Value> = buy::refusal(&error).and_then(|body| serde_json::from_slice(body).ok());
    let Some(problem) = problem.filter(|problem| problem["charged"] == false && !paid) else {
        buy::show_refusal(&error);
        return Err(error);
    };
    if as_json {
        output::json(&json!({ "problem": problem }))?;
    }
    let text = |name: &str| problem[name].as_str().unwrap_or("?");
    note(format_args!("no content   {}: {}", text("verdict"), text("detail")));
    for evidence in problem["evidence"].as_array().into_iter().flatten() {
        note(format_args!("evidence     {}", evidence["detail"].as_str().unwrap_or("?")));
    }
    match error.downcast_ref() {
        Some(SendError::Refused(refused)) => note(format_args!(
            "not charged  {} stay reserved until payment {} has expired on the chain: `buyer resume --all`",
            refused.amount, refused.payment_id
        )),
        _ => note("not charged  the channel holds what it held"),
    }
    Ok(Exit::NotContent)
}
