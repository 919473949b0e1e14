//! The routes, and what they sell.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Json,
    extract::{Path, Query as Params, State},
    http::{HeaderMap, HeaderValue, StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use service_kit::{Context, JsonBody, Payment, Problem, Route, Routes, StartError, Usdc};

use crate::{
    answer::Answer,
    cache::{Cache, prompt_hash},
    engine::QueryError,
    llm::Llm,
    page,
    request::{PRICE_PER_PERSONA, Query, RequestError},
    research::{Research, ResearchArgs, Wording},
    stream,
};

/// What this service is configured with, besides what every service is.
#[derive(clap::Args)]
pub struct Config {
    #[command(flatten)]
    research: ResearchArgs,
}

struct Desk {
    research: Arc<Research>,
    cache: Mutex<Cache>,
}

type Shared = State<Arc<Desk>>;

/// Words that may cost more of the price than this are not written on trust.
const TRUSTED_SHARE: f64 = 0.1;
/// What a query takes besides the words of a language model.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The table of routes.
///
/// # Errors
/// [`StartError`] when panel, bank or a model cannot be loaded.
pub async fn routes(config: Config, _: Context) -> Result<Routes, StartError> {
    let research = config.research.open()?;
    let state = Arc::new(Desk { research: Arc::clone(&research), cache: Mutex::default() });
    let query = Route::post("/v1/personas/query")
        .price(Usdc::from_atomic(PRICE_PER_PERSONA))
        .price_by("persona", price)
        .check(check(Arc::clone(&research)))
        .summary("Ask personas: answers in their words, the audience's distribution with its interval, and what it rests on.")
        .request::<Query>()
        .response::<Answer>();
    let list = Route::get("/v1/personas").summary("The panel's people, a page at a time.").query::<Page>();
    let one =
        Route::get("/v1/personas/{id}").summary("One persona's record; every field says how it is known.");
    let panel = Route::get("/v1/panel").summary("The panel's margins beside the cited ones it is raked to.");
    Ok(Routes::new()
        .page("/", axum::routing::get(page::show))
        .paid(worded(query, research.llm.as_ref()), ask)
        .free(list, personas)
        .free(one, persona)
        .free(panel, margins)
        .with_state(state))
}

/// A language model takes its time, and, where it costs, is asked for money that has settled.
fn worded(route: Route, llm: Option<&Llm>) -> Route {
    let Some(llm) = llm else { return route };
    let route = route.timeout(TIMEOUT + llm.deadline());
    let dear = llm.most_each() * 1e6 > PRICE_PER_PERSONA as f64 * TRUSTED_SHARE;
    if dear { route.upfront() } else { route }
}

fn price(_: &Parts, body: &Bytes) -> Result<Usdc, Problem> {
    let price = Query::from_json(body).and_then(|query| query.price()).map_err(QueryError::from)?;
    Ok(Usdc::from_atomic(price))
}

/// What could not be answered is refused before any money moves.
fn check(research: Arc<Research>) -> impl Fn(&Parts, &Bytes) -> Result<(), Problem> + Send + Sync {
    move |_, body| {
        let query = Query::from_json(body).map_err(QueryError::from)?;
        research.engine.admit(&query)?;
        Ok(())
    }
}

/// `POST /v1/personas/query`.
async fn ask(
    State(desk): Shared,
    payment: Payment,
    headers: HeaderMap,
    JsonBody(query): JsonBody<Query>,
) -> Result<Response, Problem> {
    let hash = prompt_hash(&query);
    let known = if query.fresh { None } else { desk.cache().get(&hash) };
    let status = match (&known, query.fresh) {
        (Some(_), _) => "persona; hit",
        (None, true) => "persona; fwd=request",
        (None, false) => "persona; fwd=uri-miss; stored",
    };
    let answer = match known {
        Some(answer) => answer,
        None => desk.make(hash, query, &payment).await?,
    };
    let mut response = if stream::wanted(&headers) {
        stream::events(&answer, &payment)?
    } else {
        Json(&*answer).into_response()
    };
    response.headers_mut().insert("cache-status", HeaderValue::from_static(status));
    Ok(response)
}

/// Which part of the panel.
#[derive(Deserialize, JsonSchema)]
struct Page {
    /// How many to skip.
    #[serde(default)]
    offset: usize,
    /// How many to show, 100 at most. 20 unless given.
    limit: Option<usize>,
}

#[derive(Serialize)]
struct Listed {
    total: usize,
    personas: Vec<Value>,
}

async fn personas(State(desk): Shared, Params(page): Params<Page>) -> Json<Listed> {
    let people = &desk.research.engine.panel.people;
    let shown = people.iter().skip(page.offset).take(page.limit.unwrap_or(20).min(100));
    Json(Listed { total: people.len(), personas: shown.map(crate::panel::Persona::record).collect() })
}

async fn persona(State(desk): Shared, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    let found = desk.research.engine.panel.by_id(&id).map(crate::panel::Persona::record);
    found.map(Json).ok_or_else(|| {
        Problem::new(StatusCode::NOT_FOUND, "no_such_persona", "the panel has nobody of this id")
    })
}

async fn margins(State(desk): Shared) -> Json<Value> {
    Json(desk.research.engine.panel.margins())
}

impl Desk {
    /// A run after a crash has no second go at the language model: its words may have been paid for.
    async fn make(&self, hash: String, query: Query, payment: &Payment) -> Result<Arc<Answer>, Problem> {
        let wording = if payment.run == 1 { Wording::Model } else { Wording::Composed };
        let answer = Arc::new(self.research.answer(query, wording).await?);
        if answer.complete() {
            self.cache().put(hash, Arc::clone(&answer));
        }
        Ok(answer)
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        let status = match &error {
            QueryError::Request(RequestError::Body(_)) => StatusCode::BAD_REQUEST,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Self::new(status, error.reason(), error.to_string())
    }
}
