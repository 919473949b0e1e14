//! What may go wrong on the way to a server, how often, and on which requests.

mod parse;
mod plan;
mod print;

use std::{collections::BTreeMap, num::NonZeroU32, time::Duration};

pub use parse::{ParseFaultsError, Problem};
pub(crate) use plan::Plan;

/// What a [`FaultProxy`](crate::FaultProxy) does wrong. The first rule that fires decides about a request, so each request
/// meets one fault at most; a request that no rule fires on passes untouched.
///
/// Rules can be written as a list with commas, of which each has the form `FAULT[(ARGUMENT)][@SCOPE][=WHEN]`:
///
/// | text | fault |
/// |---|---|
/// | `drop` | [`Fault::Drop`] |
/// | `drop-after` | [`Fault::DropAfter`] |
/// | `delay(200ms)` | [`Fault::Delay`] |
/// | `429`, `429(5)` | [`Fault::TooManyRequests`] |
/// | `502`, `504` | [`Fault::BadGateway`], [`Fault::GatewayTimeout`] |
/// | `garbage` | [`Fault::Garbage`] |
/// | `stale(3)` | [`Fault::Stale`] |
/// | `swap`, `swap(500ms)` | [`Fault::Swap`] |
/// | `twice`, `retry` | [`Fault::Twice`], [`Fault::Retry`] |
/// | `replay` | [`Fault::Replay`] |
/// | `gone(2s)` | [`Fault::Gone`] |
///
/// A scope is a path (`@/settle`) or a JSON-RPC method (`@eth_call`). `=0.05` is a probability, `=every:3` the third, the
/// sixth and so on, `=next:2` the next two; without it the rule always fires. `seed=7` is for the probabilities.
///
/// ```
/// use devnet::{Fault, Faults, Rule, Scope, When};
/// let faults: Faults = "502@/settle=next:1, drop-after=0.05, seed=7".parse()?;
/// let lost = Rule { fault: Fault::BadGateway, scope: Scope::Path("/settle".into()), when: When::Next(1) };
/// assert_eq!((faults.seed, &faults.rules[0]), (7, &lost));
/// # Ok::<_, devnet::ParseFaultsError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults {
    /// The same seed makes the same choices in a sequence of requests that is the same for each rule.
    pub seed: u64,
    /// In the order in which they are asked.
    pub rules: Vec<Rule>,
}

/// One kind of fault, on some requests, some of the time.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// What happens.
    pub fault: Fault,
    /// To which requests.
    pub scope: Scope,
    /// How often. A rule counts the requests in its scope that no earlier rule fired on.
    pub when: When,
}

/// What can happen to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The connection is closed, and the server sees nothing.
    Drop,
    /// The server answers, and the connection is closed instead: the work is done and nobody is told.
    DropAfter,
    /// The answer comes so much later.
    Delay(Duration),
    /// 429, and the server sees nothing.
    TooManyRequests {
        /// `Retry-After`, in seconds.
        retry_after: u32,
    },
    /// 502 after the server has answered: the work is done.
    BadGateway,
    /// 504 after the server has answered: the work is done.
    GatewayTimeout,
    /// The server's answer with a body that is neither JSON nor UTF-8.
    Garbage,
    /// JSON-RPC: a node that lags. Whatever asks for the newest or the pending block is answered as of an older one; logs
    /// and receipts after that block are not there yet. Questions that name a block by number or hash are not touched, nor
    /// are transactions. Anything else than JSON-RPC passes.
    Stale {
        /// How far the node lags. The local chain remembers the states of 64 blocks.
        blocks: u64,
    },
    /// The answer is held back until another one has been given. The answers of a JSON-RPC batch come in reverse order.
    Swap {
        /// How long at most, since a client that waits for its answer before it asks again would wait for ever.
        patience: Duration,
    },
    /// The request is forwarded a second time after its answer, which is given.
    Twice,
    /// The request is forwarded a second time, as by a middleman who lost the first answer; the second one is given.
    Retry,
    /// The last answer to the same request is given again, and the server sees nothing. A JSON-RPC request is the same
    /// whatever its id. What was not asked before, and any batch, passes.
    Replay,
    /// The server answers; then every connection breaks, and new ones are refused for so long.
    Gone(Duration),
}

/// Which requests a rule is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// All.
    #[default]
    Everything,
    /// Those to a path, which starts with a slash and is compared as a whole. In a text it has no comma and no `=`.
    Path(String),
    /// JSON-RPC calls of a method, and batches that contain one.
    Method(String),
}

/// How often a rule fires on the requests in its scope.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum When {
    /// At random.
    Chance(Probability),
    /// On every nth.
    Every(NonZeroU32),
    /// On the next n, and then never again.
    Next(u32),
}

/// A number from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Probability(f64);

/// What a proxy has done since it was started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// HTTP requests that came in.
    pub requests: u64,
    /// Requests that were sent to the server.
    pub forwarded: u64,
    /// How often each fault was inflicted.
    pub faults: BTreeMap<Fault, u64>,
}

impl When {
    /// Every time.
    pub const ALWAYS: Self = Self::Chance(Probability(1.0));
}

impl Probability {
    /// `None` outside of 0 to 1.
    #[must_use]
    pub fn new(value: f64) -> Option<Self> {
        (0.0..=1.0).contains(&value).then_some(Self(value))
    }
}

impl Scope {
    fn covers(&self, path: &str, methods: &[&str]) -> bool {
        match self {
            Self::Everything => true,
            Self::Path(scope) => scope == path,
            Self::Method(scope) => methods.contains(&scope.as_str()),
        }
    }
}

impl Counts {
    /// How often a fault was inflicted.
    #[must_use]
    pub fn of(&self, fault: Fault) -> u64 {
        self.faults.get(&fault).copied().unwrap_or_default()
    }
}
