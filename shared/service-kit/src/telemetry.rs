//! Logs to stderr, metrics to whoever scrapes the admin listener.

use std::{env, io, io::IsTerminal as _};

use metrics::{Unit, describe_gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

use crate::{
    StartError,
    args::{LogFormat, ProcessArgs},
};

/// Bounds of the histograms, in seconds: from a local check of a signature to a settlement that waits for several blocks.
const SECONDS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0];

/// Starts logging, once per process.
pub(crate) fn log(process: &ProcessArgs) -> Result<(), StartError> {
    let filter: EnvFilter = process.log.parse().map_err(|error| {
        let hint = "directives look like `info` or `info,x402_gate=debug`";
        StartError::config(format!("--log {}: {error}", process.log), hint)
    })?;
    let colour = io::stderr().is_terminal() && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(colour);
    let started = match process.log_format {
        LogFormat::Text => logs.try_init(),
        LogFormat::Json => logs.json().flatten_event(true).with_span_list(false).try_init(),
    };
    started.map_err(StartError::failed("starting the log"))
}

/// Starts counting, once per process.
pub(crate) fn metrics() -> Result<PrometheusHandle, StartError> {
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
        .map_err(StartError::failed("setting up the metrics"))?;
    let handle = builder.install_recorder().map_err(StartError::failed("setting up the metrics"))?;
    describe_gauge!("rpc_head_age_seconds", Unit::Seconds, "Age of the newest block the RPC shows");
    describe_gauge!("signer_gas_wei", "Ether that a signer holds for gas, in wei");
    Ok(handle)
}
