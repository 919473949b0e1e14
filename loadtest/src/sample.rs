//! What is measured of one call.

use std::{fmt, str::FromStr, time::Duration};

use x402::{Authorization, B256, ChannelId, PaymentId, Usdc};

/// A length of time that is measured of every call that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// From the intended start to the real one: the generator's own delay.
    Wait,
    /// Asking for the price, until the 402 is read.
    Challenge,
    /// Choosing the offer and signing, waiting for a signing thread included.
    Sign,
    /// The seller's checks, the turn in its queue and its claim, by its own account (`Server-Timing`).
    Verify,
    /// The seller's work and its commit, by its own account.
    Serve,
    /// The settlement, until it was final enough for the seller, by its account. When the chain showed it stands in
    /// [`Measure::ToFlashblock`] and [`Measure::ToBlock`].
    Settle,
    /// What no account covers: the network, queues, sending again, and a silent seller's whole time.
    Rest,
    /// From the intended start to the answer: what an independent customer waits.
    Total,
    /// From the real start to the answer. In an open loop, this is the figure that leaves out what it should show.
    Service,
    /// From the payment's sending until its transaction was seen in a flashblock.
    ToFlashblock,
    /// From the payment's sending until the block with its settlement was seen.
    ToBlock,
    /// From the payment's sending until that block was safe.
    ToSafe,
}

impl Measure {
    /// All.
    pub const ALL: [Self; 12] = [
        Self::Wait,
        Self::Challenge,
        Self::Sign,
        Self::Verify,
        Self::Serve,
        Self::Settle,
        Self::Rest,
        Self::Total,
        Self::Service,
        Self::ToFlashblock,
        Self::ToBlock,
        Self::ToSafe,
    ];
    /// Those that follow one another from the intended start to the answer: together they are the total.
    pub const PARTS: [Self; 7] =
        [Self::Wait, Self::Challenge, Self::Sign, Self::Verify, Self::Serve, Self::Settle, Self::Rest];
    pub(crate) const EXPECTED: &str = "the measures are wait, challenge, sign, verify, serve, \
        settle, rest, total, service, to-flashblock, to-block, to-safe";

    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wait => "wait",
            Self::Challenge => "challenge",
            Self::Sign => "sign",
            Self::Verify => "verify",
            Self::Serve => "serve",
            Self::Settle => "settle",
            Self::Rest => "rest",
            Self::Total => "total",
            Self::Service => "service",
            Self::ToFlashblock => "to-flashblock",
            Self::ToBlock => "to-block",
            Self::ToSafe => "to-safe",
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Measure {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|measure| measure.name() == name).ok_or(Self::EXPECTED)
    }
}

/// One call, from its intended start to its end. Times count from the run's beginning.
#[derive(Clone, Debug)]
pub struct Call {
    /// Which target.
    pub target: usize,
    /// When it was to start.
    pub intended: Duration,
    /// When it did.
    pub started: Duration,
    /// When its answer was read, or it was given up.
    pub ended: Duration,
    /// The measured parts.
    pub phases: Phases,
    /// What was paid with, where it came to that.
    pub payment: Option<Payment>,
    /// What was taken from a channel for the answer, where it was paid from one.
    pub drawn: Option<Drawn>,
    /// What came back.
    pub answer: Answer,
    /// How often the payment was sent.
    pub sendings: u32,
}

/// The parts of a call that are measured one by one; those that it did not come to are zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Phases {
    /// [`Measure::Challenge`].
    pub challenge: Option<Duration>,
    /// [`Measure::Sign`].
    pub sign: Option<Duration>,
    /// What the seller told of the rest.
    pub told: Told,
}

/// A seller's own account of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// [`Measure::Verify`].
    pub verify: Option<Duration>,
    /// [`Measure::Serve`].
    pub serve: Option<Duration>,
    /// [`Measure::Settle`].
    pub settle: Option<Duration>,
}

/// A payment that was sent.
#[derive(Clone, Copy, Debug)]
pub struct Payment {
    /// What was signed.
    pub authorization: Authorization,
    /// Its public name.
    pub id: PaymentId,
    /// When it was first sent.
    pub sent: Duration,
    /// What the seller says of its settlement.
    pub claimed: Claimed,
}

/// What an answer took from a channel.
#[derive(Clone, Copy, Debug)]
pub struct Drawn {
    /// The channel.
    pub channel: ChannelId,
    /// What was charged before.
    pub base: Usdc,
    /// What this call was charged.
    pub charged: Usdc,
    /// What was signed for it.
    pub signed: Usdc,
    /// When it was sent.
    pub sent: Duration,
}

/// What an answer's `PAYMENT-RESPONSE` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Claimed {
    /// Nothing.
    #[default]
    Nothing,
    /// That it settled, and in which transaction.
    Settled(Option<B256>),
    /// That it did not.
    Failed,
    /// That nobody knows yet.
    Pending,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// With what was asked for: a success, or for an unpaid target the offer.
    Served,
    /// With a refusal: why.
    Refused(String),
    /// Without a definite answer: the last thing that was heard.
    Unclear(String),
}

impl Call {
    /// A measure of this call, if it has it. The chain's clock is not known here.
    #[must_use]
    pub fn measure(&self, measure: Measure) -> Option<Duration> {
        let Phases { challenge, sign, told } = self.phases;
        match measure {
            Measure::Wait => Some(self.started.saturating_sub(self.intended)),
            Measure::Challenge => challenge,
            Measure::Sign => sign,
            Measure::Verify => told.verify,
            Measure::Serve => told.serve,
            Measure::Settle => told.settle,
            Measure::Rest => Some(self.service().saturating_sub(self.phases.sum())),
            Measure::Total => Some(self.ended.saturating_sub(self.intended)),
            Measure::Service => Some(self.service()),
            Measure::ToFlashblock | Measure::ToBlock | Measure::ToSafe => None,
        }
    }

    /// Whether the buyer got what was asked for.
    #[must_use]
    pub fn is_served(&self) -> bool {
        self.answer == Answer::Served
    }

    /// What was signed for.
    #[must_use]
    pub fn signed(&self) -> Usdc {
        let by_payment = self.payment.map(|payment| payment.authorization.value);
        by_payment.or(self.drawn.map(|drawn| drawn.signed)).unwrap_or_default()
    }

    /// What the seller says it took.
    #[must_use]
    pub fn claimed(&self) -> Usdc {
        let settled = self.payment.filter(|payment| matches!(payment.claimed, Claimed::Settled(_)));
        let by_payment = settled.map(|payment| payment.authorization.value);
        by_payment.or(self.drawn.map(|drawn| drawn.charged)).unwrap_or_default()
    }

    /// When it was paid.
    #[must_use]
    pub fn paid(&self) -> Option<Duration> {
        self.payment.map(|payment| payment.sent).or(self.drawn.map(|drawn| drawn.sent))
    }

    fn service(&self) -> Duration {
        self.ended.saturating_sub(self.started)
    }
}

impl Phases {
    fn sum(&self) -> Duration {
        let Told { verify, serve, settle } = self.told;
        [self.challenge, self.sign, verify, serve, settle].into_iter().flatten().sum()
    }
}
