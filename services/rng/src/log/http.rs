//! The log over HTTP: C2SP tlog-tiles, and proofs for those who do not compute them from tiles.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Query, State},
    http::{
        StatusCode,
        header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use draw::{hex_bytes, receipt::log::InclusionProof};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use service_kit::{Problem, Route, Routes};

use super::{LogError, tile::Tile};
use crate::Rng;

/// The log's routes, all free.
pub(crate) fn add(routes: Routes<Arc<Rng>>) -> Routes<Arc<Rng>> {
    let free = |path, summary: &str| Route::get(path).summary(summary);
    let proofs =
        free("/v1/proofs/{leafHash}", "That a draw is in the log, and the key of its day before it.");
    let grown = free("/v1/consistency", "That the log only grew from one size to another.");
    let latest = free("/checkpoint", "The log's latest signed checkpoint (C2SP tlog-checkpoint).");
    let tiles = free("/tile/{*path}", "The log in tiles that never change (C2SP tlog-tiles).");
    routes
        .free(proofs.response::<InclusionProof>(), proof)
        .free(grown.query::<Sizes>().response::<Consistency>(), consistency)
        .free(latest, checkpoint)
        .free(tiles, tile)
}

/// Tiles never change.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// `GET /checkpoint`.
async fn checkpoint(State(rng): State<Arc<Rng>>) -> Result<Response, Problem> {
    let note = rng.log.store.head().await?.checkpoint;
    note.map(|note| bytes("text/plain; charset=utf-8", "no-cache", note.into_bytes()))
        .ok_or_else(|| not_found("the log is empty"))
}

/// `GET /tile/<L>/<N>[.p/<W>]` and `GET /tile/entries/<N>[.p/<W>]`.
async fn tile(State(rng): State<Arc<Rng>>, Path(path): Path<String>) -> Result<Response, Problem> {
    let tile: Tile = path.parse().map_err(|_| not_found("no path of a tile"))?;
    let size = rng.log.store.head().await?.size;
    if !tile.is_within(size) {
        return Err(not_found("the log has not grown so far"));
    }
    let content = rng.log.store.tile(&tile).await?;
    Ok(bytes("application/octet-stream", FOR_EVER, content))
}

/// `GET /v1/proofs/{leafHash}`.
async fn proof(
    State(rng): State<Arc<Rng>>,
    Path(leaf): Path<String>,
) -> Result<Json<InclusionProof>, Problem> {
    let leaf = hex_bytes::parse(&leaf)
        .map_err(|error| Problem::new(StatusCode::BAD_REQUEST, "invalid_leaf_hash", error.to_string()))?;
    let proof = rng.log.prove(&leaf).await?;
    proof
        .map(Json)
        .ok_or_else(|| not_found("no draw of this leaf hash is in the log yet: ask again in a second"))
}

/// Which two trees.
#[derive(Deserialize, JsonSchema)]
struct Sizes {
    /// Leaves of the earlier one.
    #[schemars(example = 1)]
    old: u64,
    /// Leaves of the later one; of the latest checkpoint unless given.
    new: Option<u64>,
}

/// That one tree is the beginning of another (RFC 9162 section 2.1.4).
#[derive(Serialize, JsonSchema)]
struct Consistency {
    /// Leaves of the earlier tree.
    old: u64,
    /// Leaves of the later tree.
    new: u64,
    /// The hashes, as `0x` and hex.
    path: Vec<String>,
}

/// `GET /v1/consistency`.
async fn consistency(
    State(rng): State<Arc<Rng>>,
    Query(Sizes { old, new }): Query<Sizes>,
) -> Result<Json<Consistency>, Problem> {
    let size = rng.log.store.head().await?.size;
    let new = new.unwrap_or(size);
    if old > new || new > size {
        let detail = format!("not old <= new <= {size}");
        return Err(Problem::new(StatusCode::BAD_REQUEST, "invalid_sizes", detail));
    }
    let path = rng.log.consistency(old, new).await?;
    Ok(Json(Consistency { old, new, path: path.iter().map(|hash| hex_bytes::format(hash)).collect() }))
}

fn bytes(media_type: &'static str, cache: &'static str, content: Vec<u8>) -> Response {
    let headers = [(CONTENT_TYPE, media_type), (CACHE_CONTROL, cache), (ACCESS_CONTROL_ALLOW_ORIGIN, "*")];
    (headers, content).into_response()
}

fn not_found(detail: &str) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not_found", detail)
}

impl From<LogError> for Problem {
    fn from(error: LogError) -> Self {
        Self::internal(error)
    }
}
