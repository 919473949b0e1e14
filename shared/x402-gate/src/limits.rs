//! What one client and one payer may take up at a time.

use std::{
    collections::{HashMap, hash_map::Entry},
    hash::{BuildHasher, RandomState},
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use axum::extract::ConnectInfo;
use http::{Extensions, HeaderMap, HeaderName};
use x402::{Address, PaymentId};

/// How often one client may ask without a payment. Who asks is the address of the connection
/// ([`axum::extract::ConnectInfo`]; without it nobody is limited), or what one's own proxy says it is. Loopback is not
/// limited, unless a proxy names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnpaidLimit {
    /// Requests a second, in the long run.
    pub per_second: u32,
    /// Requests at once, after a silence.
    pub burst: u32,
    /// The header in which one's own proxy names the client, as the last of a list by comma. Never one that clients reach us
    /// with past the proxy.
    pub client_header: Option<HeaderName>,
}

/// As many clients are told apart; of those that share a slot one may use up the other's share. The table never grows.
const SLOTS: usize = 1 << 14;

/// Tells which client asks too often, by the generic cell rate algorithm: each slot holds the time at which its client has paid
/// back what it took.
pub struct Meter {
    limit: UnpaidLimit,
    slots: Box<[AtomicU64]>,
    hasher: RandomState,
    began: Instant,
}

impl Meter {
    /// A meter that has seen nobody yet.
    #[must_use]
    pub fn new(limit: UnpaidLimit) -> Self {
        let slots = (0..SLOTS).map(|_| AtomicU64::new(0)).collect();
        Self { limit, slots, hasher: RandomState::new(), began: Instant::now() }
    }

    /// Whether this request, of which these are the header fields and the extensions, may be answered.
    #[must_use]
    pub fn admits(&self, headers: &HeaderMap, extensions: &Extensions) -> bool {
        self.client(headers, extensions).is_none_or(|client| self.take(client, self.began.elapsed()))
    }

    fn client(&self, headers: &HeaderMap, extensions: &Extensions) -> Option<IpAddr> {
        match &self.limit.client_header {
            Some(name) => {
                let named = headers.get_all(name).iter().next_back()?.to_str().ok()?;
                named.rsplit(',').next()?.trim().parse().ok()
            }
            None => {
                let ConnectInfo(address) = extensions.get::<ConnectInfo<SocketAddr>>()?;
                let client = address.ip().to_canonical();
                (!client.is_loopback()).then_some(client)
            }
        }
    }

    fn take(&self, client: IpAddr, now: Duration) -> bool {
        let interval = 1_000_000 / u64::from(self.limit.per_second.max(1));
        let tolerance = interval * u64::from(self.limit.burst.max(1));
        let now = u64::try_from(now.as_micros()).unwrap_or(u64::MAX);
        let slot = usize::try_from(self.hasher.hash_one(network(client))).unwrap_or_default() % SLOTS;
        let taken = self.slots[slot].fetch_update(Relaxed, Relaxed, |paid_back| {
            let next = paid_back.max(now) + interval;
            (next - now <= tolerance).then_some(next)
        });
        taken.is_ok()
    }
}

/// Who has one address of version 6 has the 2^64 beside it.
fn network(client: IpAddr) -> u128 {
    match client.to_canonical() {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits() >> 64 << 64,
    }
}

/// The payments of each payer that are being worked on. Copies of one payment count once.
#[derive(Clone, Debug, Default)]
pub(crate) struct InFlight(Arc<Mutex<HashMap<Address, HashMap<PaymentId, usize>>>>);

/// A payment is being worked on until this is dropped.
#[derive(Debug)]
pub(crate) struct Flying {
    in_flight: InFlight,
    payer: Address,
    id: PaymentId,
}

impl InFlight {
    /// Counts a payment, unless its payer has `most` others.
    pub(crate) fn enter(&self, payer: Address, id: PaymentId, most: usize) -> Option<Flying> {
        let mut payers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let payments = payers.entry(payer).or_default();
        let others = payments.len();
        match payments.entry(id) {
            Entry::Occupied(mut copies) => *copies.get_mut() += 1,
            Entry::Vacant(first) if others < most => {
                first.insert(1);
            }
            Entry::Vacant(_) => return None,
        }
        Some(Flying { in_flight: self.clone(), payer, id })
    }
}

impl Drop for Flying {
    fn drop(&mut self) {
        let mut payers = self.in_flight.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Entry::Occupied(mut payer) = payers.entry(self.payer) else { return };
        if let Entry::Occupied(mut copies) = payer.get_mut().entry(self.id) {
            *copies.get_mut() -= 1;
            if *copies.get() == 0 {
                copies.remove();
            }
        }
        if payer.get().is_empty() {
            payer.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meter(per_second: u32, burst: u32, client_header: Option<HeaderName>) -> Meter {
        Meter::new(UnpaidLimit { per_second, burst, client_header })
    }

    fn connected(address: &str) -> Extensions {
        let mut extensions = Extensions::new();
        let address: IpAddr = address.parse().expect("an address");
        extensions.insert(ConnectInfo(SocketAddr::new(address, 4021)));
        extensions
    }

    #[test]
    fn a_client_gets_its_burst_and_then_its_rate_and_others_theirs() {
        let meter = meter(10, 5, None);
        let [client, other] = ["203.0.113.7", "203.0.113.8"].map(|ip| ip.parse().expect("an address"));
        let takes =
            |client, ms, times| (0..times).filter(|_| meter.take(client, Duration::from_millis(ms))).count();
        assert_eq!(takes(client, 0, 100), 5, "the burst");
        assert_eq!(takes(client, 100, 100), 1, "one every tenth of a second");
        assert_eq!(takes(client, 350, 100), 2);
        assert_eq!(takes(client, 60_000, 100), 5, "and the burst after a silence");
        assert_eq!(takes(other, 350, 100), 5);
    }

    #[test]
    fn neighbours_in_version_6_are_one_client_and_mapped_addresses_are_what_they_map() {
        let of = |ip: &str| network(ip.parse().expect("an address"));
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:203.0.113.7"), of("203.0.113.7"));
    }

    #[test]
    fn loopback_is_free_and_a_proxy_names_the_client_last() {
        let (none, strict) = (HeaderMap::new(), meter(1, 1, None));
        for _ in 0..10 {
            assert!(strict.admits(&none, &connected("127.0.0.1")) && strict.admits(&none, &connected("::1")));
            assert!(strict.admits(&none, &Extensions::new()), "nobody known, nobody limited");
        }
        assert!(strict.admits(&none, &connected("203.0.113.7")));
        assert!(!strict.admits(&none, &connected("203.0.113.7")));

        let proxied = meter(1, 1, Some(HeaderName::from_static("x-forwarded-for")));
        let forwarded = |chain: &'static str| {
            HeaderMap::from_iter([(HeaderName::from_static("x-forwarded-for"), chain.parse().expect("text"))])
        };
        let proxy = connected("127.0.0.1");
        assert!(proxied.admits(&forwarded("1.1.1.1, 203.0.113.7"), &proxy));
        assert!(
            !proxied.admits(&forwarded("2.2.2.2, 203.0.113.7"), &proxy),
            "what a client says of itself is no matter"
        );
        assert!(proxied.admits(&forwarded("203.0.113.9"), &proxy));
    }

    #[test]
    fn a_payer_has_so_many_payments_under_way_and_copies_count_once() {
        let in_flight = InFlight::default();
        let enter = |payer: u8, id: u8| {
            in_flight.enter(Address::repeat_byte(payer), PaymentId(x402::B256::repeat_byte(id)), 2)
        };
        let (first, copy, second) = (enter(1, 1), enter(1, 1), enter(1, 2));
        assert!(first.is_some() && copy.is_some() && second.is_some());
        assert!(enter(1, 3).is_none(), "a third payment");
        assert!(enter(2, 3).is_some(), "of another payer");
        drop(first);
        assert!(enter(1, 3).is_none(), "a copy is still there");
        drop(copy);
        assert!(enter(1, 3).is_some());
        drop(second);
        assert!(in_flight.0.lock().expect("a lock").is_empty(), "nothing is kept");
    }
}
