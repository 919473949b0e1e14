//! Which offers are paid. Everything is pinned by the buyer beforehand; the seller's answer can only fit or not.

use std::{collections::BTreeMap, fmt, time::Duration};

use x402::{Address, EXACT, Network, PaymentRequirements, Usdc};

use crate::{Budgets, Challenge, Offer, offer::epoch};

/// What this buyer holds to, call after call.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The one chain that is paid on, in its USDC.
    pub network: Network,
    /// The longest time in seconds that a signed payment stays valid; an offer that asks for more is refused.
    pub max_timeout_seconds: u64,
    /// Who must be paid at a host, where that is known beforehand; hosts with their port, as in [`crate::Request::host`].
    pub payees: BTreeMap<String, Address>,
    /// What may be spent.
    pub budgets: Budgets,
    /// How long a payment without a clear answer is sent again before the call gives up with
    /// [`crate::SendError::Unresolved`].
    pub patience: Duration,
    /// The longest answer that is read, in bytes.
    pub max_answer_bytes: usize,
}

/// What this one call may cost, which budget it is for, and what its offer must say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// The highest price.
    pub max_price: Option<Usdc>,
    /// The name of a budget that limits it besides the total one.
    pub budget: Option<String>,
    /// Of a draw, the epoch that the request names: the offer must be of its key.
    pub epoch: Option<u32>,
}

/// None of the offers can be paid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no offer to accept: {}", Listed(rejections))]
pub struct NoOffer {
    /// Why, offer by offer. Empty when the seller takes no USDC on any chain known here.
    pub rejections: Vec<Rejection>,
}

/// Why an offer is not paid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// Another scheme than is paid with: `exact`, or `batch-settlement` for calls from a channel.
    #[error("scheme `{0}` is not the one to pay with")]
    Scheme(String),
    /// Another chain.
    #[error("network {offered} is not {pinned}")]
    Network {
        /// The seller's.
        offered: String,
        /// Ours.
        pinned: Network,
    },
    /// Another token, or USDC in a domain that is not its own.
    #[error("token {0} is not this network's USDC")]
    Asset(Address),
    /// Another way of moving the token than EIP-3009.
    #[error("transfer method {0} is not eip3009")]
    TransferMethod(String),
    /// Above the highest price of the call.
    #[error("price {price} is above {limit}, the most for this call")]
    Price {
        /// The seller's.
        price: Usdc,
        /// Ours.
        limit: Usdc,
    },
    /// The payment would stay valid for too long.
    #[error("a window of {offered} s is above {limit} s")]
    Timeout {
        /// The seller's.
        offered: u64,
        /// Ours.
        limit: u64,
    },
    /// The key of another day than the draw is asked for in.
    #[error("the offer is not of the key of epoch {asked}: ask again")]
    Epoch {
        /// The seller's.
        offered: Option<u32>,
        /// Ours.
        asked: u32,
    },
    /// Not who is known to be paid at this host.
    #[error("payee {offered} is not {pinned}, which is pinned for this host")]
    Payee {
        /// The seller's.
        offered: Address,
        /// Ours.
        pinned: Address,
    },
}

impl Policy {
    /// The defaults on a network: windows of ten minutes at most, [`Budgets::default`], a minute's patience, 32 MiB.
    #[must_use]
    pub fn new(network: Network) -> Self {
        Self {
            network,
            max_timeout_seconds: 600,
            payees: BTreeMap::new(),
            budgets: Budgets::default(),
            patience: Duration::from_secs(60),
            max_answer_bytes: 32 * 1024 * 1024,
        }
    }

    /// Chooses the cheapest offer that fits, the first among equals.
    ///
    /// # Errors
    /// [`NoOffer`] with a reason for each offer when none fits.
    pub fn choose(&self, challenge: Challenge, host: &str, terms: &Terms) -> Result<Offer, NoOffer> {
        self.choose_scheme(challenge, host, terms, EXACT)
    }

    /// The same among the offers of one scheme.
    ///
    /// # Errors
    /// [`NoOffer`] with a reason for each offer when none fits.
    pub fn choose_scheme(
        &self,
        challenge: Challenge,
        host: &str,
        terms: &Terms,
        scheme: &str,
    ) -> Result<Offer, NoOffer> {
        let (mut fitting, mut rejections) = (Vec::new(), Vec::new());
        for offer in challenge.accepts {
            match self.check(&offer, host, terms, scheme) {
                Ok(()) => fitting.push(offer),
                Err(rejection) => rejections.push(rejection),
            }
        }
        let cheapest = fitting.into_iter().min_by_key(|offer| offer.amount);
        Ok(Offer {
            x402_version: challenge.version,
            resource: challenge.resource,
            requirements: cheapest.ok_or(NoOffer { rejections })?,
            extensions: challenge.extensions,
        })
    }

    /// Whether an offer that was chosen before fits this call too.
    pub(crate) fn allows(
        &self,
        offer: &PaymentRequirements,
        host: &str,
        terms: &Terms,
        scheme: &str,
    ) -> bool {
        self.check(offer, host, terms, scheme).is_ok()
    }

    fn check(
        &self,
        offer: &PaymentRequirements,
        host: &str,
        terms: &Terms,
        scheme: &str,
    ) -> Result<(), Rejection> {
        if offer.scheme != scheme {
            return Err(Rejection::Scheme(offer.scheme.clone()));
        }
        if offer.network != self.network.caip2() {
            return Err(Rejection::Network { offered: offer.network.clone(), pinned: self.network });
        }
        self.check_asset(offer)?;
        if let Some(limit) = terms.max_price.filter(|limit| offer.amount > *limit) {
            return Err(Rejection::Price { price: offer.amount, limit });
        }
        let (offered, limit) = (offer.max_timeout_seconds, self.max_timeout_seconds);
        if offered > limit {
            return Err(Rejection::Timeout { offered, limit });
        }
        let of_another_day = |asked: &u32| epoch(offer) != Some(*asked);
        if let Some(asked) = terms.epoch.filter(of_another_day) {
            return Err(Rejection::Epoch { offered: epoch(offer), asked });
        }
        match self.payees.get(host) {
            Some(pinned) if *pinned != offer.pay_to => {
                Err(Rejection::Payee { offered: offer.pay_to, pinned: *pinned })
            }
            _ => Ok(()),
        }
    }

    /// The token must be USDC, and where the seller names its signing domain, in the domain that the chain knows.
    fn check_asset(&self, offer: &PaymentRequirements) -> Result<(), Rejection> {
        let usdc = self.network.usdc();
        let extra = |key: &str| offer.extra.as_ref()?.get(key)?.as_str();
        let domain = extra("name").is_none_or(|name| name == usdc.name)
            && extra("version").is_none_or(|version| version == usdc.version);
        if offer.asset != usdc.address || !domain {
            return Err(Rejection::Asset(offer.asset));
        }
        match extra("assetTransferMethod") {
            None | Some("eip3009") => Ok(()),
            Some(other) => Err(Rejection::TransferMethod(other.to_owned())),
        }
    }
}

impl NoOffer {
    /// Whether money alone stands in the way.
    #[must_use]
    pub fn is_price(&self) -> bool {
        self.rejections.iter().any(|rejection| matches!(rejection, Rejection::Price { .. }))
    }
}

struct Listed<'a>(&'a [Rejection]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((first, rest)) = self.0.split_first() else {
            return f.write_str("nothing that this client can pay with");
        };
        write!(f, "{first}")?;
        rest.iter().try_for_each(|rejection| write!(f, "; {rejection}"))
    }
}
