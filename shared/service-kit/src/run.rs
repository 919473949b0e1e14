use std::{
    env,
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::Args;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;
use x402_facilitator::Mismatch;

use crate::{
    Context, Offering, Service, StartError, admin,
    chain::{ChainSide, ChainStart, ChainWatch, wrong_chain},
    cli::{self, Cli, Invocation},
    context::{Background, Selling},
    offering::{Ground, Mounted, Place},
    output,
    readiness::Readiness,
    server::{Listener, with_manners},
    shutdown, telemetry,
};

/// Runs a service from its command line to its exit: the one call of its `main`.
///
/// `build` gets the service's own configuration and makes what is served: [`Routes`](x402_gate::Routes) with prices, or a
/// plain [`axum::Router`], which takes neither payee nor database.
///
/// The process exits with 0 after a signal or a subcommand, with 64 when its configuration is wrong, with 1 when
/// something else kept it from serving.
pub fn run<C, O, B>(mut service: Service, build: B) -> ExitCode
where
    C: Args,
    O: Offering,
    B: AsyncFnOnce(C, Context) -> Result<O, StartError>,
{
    let invocation = cli::parse::<O::Args, C>(&mut service, env::args_os().collect());
    match invocation.and_then(|invocation| act(&service, invocation, build)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::note(&error.report());
            ExitCode::from(error.exit_code())
        }
    }
}

fn act<C, O, B>(service: &Service, invocation: Invocation<O::Args, C>, build: B) -> Result<(), StartError>
where
    C: Args,
    O: Offering,
    B: AsyncFnOnce(C, Context) -> Result<O, StartError>,
{
    match invocation {
        Invocation::Show(help) => help.print().map_err(StartError::failed("printing the help")),
        Invocation::Command(subcommand, matches) => runtime()?.block_on(subcommand.run(&matches)),
        Invocation::Serve(cli) => {
            telemetry::log(&cli.process)?;
            let metrics = telemetry::metrics()?;
            runtime()?.block_on(serve(service, *cli, metrics, build))
        }
    }
}

fn runtime() -> Result<Runtime, StartError> {
    Runtime::new().map_err(StartError::failed("starting the runtime"))
}

async fn serve<C, O, B>(
    service: &Service,
    cli: Cli<O::Args, C>,
    metrics: PrometheusHandle,
    build: B,
) -> Result<(), StartError>
where
    C: Args,
    O: Offering,
    B: AsyncFnOnce(C, Context) -> Result<O, StartError>,
{
    let Cli { service: config, selling, chain, process } = cli;
    tracing::info!(service = service.name, version = service.version, network = ?chain.network, "starting");
    let stop = shutdown::on_signal()?;
    let customers = Listener::bind("public", process.listen).await?;
    let operators = Listener::bind("admin", process.admin_listen).await?;

    let start = ChainStart::open(service.name, &chain, O::remote(&selling)).await?;
    let place = Place {
        name: service.name,
        about: service.about,
        version: service.version,
        deployment: chain.network,
        address: customers.address(),
    };
    let shop = O::open(selling, place).await?;
    let sold: Option<Selling> = shop.clone().into();
    let side = start.with_ledger(sold.as_ref().map(|selling| &selling.ledger))?;
    let background = Background::default();
    let context = Context {
        program: service.name,
        deployment: chain.network,
        facilitator: side.facilitator.clone(),
        selling: sold,
        background: background.clone(),
    };
    let offering = build(config, context).await?;
    let ground = Ground { place, side: side.clone(), stop: stop.clone() };
    let mounted = offering.mount(shop, ground)?;
    let grace = process.shutdown_grace;
    attend(Attendance { customers, operators, side, mounted, background, metrics, stop, grace }).await
}

/// Everything that serving takes.
struct Attendance {
    customers: Listener,
    operators: Listener,
    side: ChainSide,
    mounted: Mounted,
    background: Background,
    metrics: PrometheusHandle,
    stop: CancellationToken,
    grace: Duration,
}

/// Serves until stopped, by a signal or by a chain that turns out to be the wrong one.
async fn attend(attendance: Attendance) -> Result<(), StartError> {
    let Attendance { customers, operators, side, mounted, background, metrics, stop, grace } = attendance;
    let Mounted { router, mut till } = mounted;
    let domain = side.domain.clone();
    let (watch, chain) = ChainWatch::new(side);
    let gate = till.as_ref().map(|till| till.gate.clone());
    let readiness = Readiness { chain, domain, gate, stop: stop.clone() };

    let gone = CancellationToken::new();
    tokio::spawn(upkeep(metrics.clone(), gone.clone()));
    let admin =
        tokio::spawn(operators.serve(admin::router(readiness, metrics), gone.clone(), Duration::ZERO));
    let public = tokio::spawn(customers.serve(with_manners(router), stop.clone(), grace));
    let outcome = watch.run(stop.clone()).await;
    stop.cancel();

    let deadline = Instant::now() + grace;
    let left = || deadline.saturating_duration_since(Instant::now());
    // A task that panicked has nothing left to wait for.
    let _ = public.await;
    if let Some(till) = &mut till {
        till.drain(left()).await;
    }
    background.end(left()).await;
    if let Some(till) = till {
        till.close().await;
    }
    gone.cancel();
    let _ = admin.await;
    tracing::info!("stopped");
    outcome.map_err(|mismatch: Mismatch| wrong_chain(mismatch))
}

/// Folds recorded measurements together, or they pile up while nobody asks for them.
async fn upkeep(metrics: PrometheusHandle, stop: CancellationToken) {
    const INTERVAL: Duration = Duration::from_secs(5);
    while stop.run_until_cancelled(tokio::time::sleep(INTERVAL)).await.is_some() {
        metrics.run_upkeep();
    }
}
