//! Which addresses are public: every range of the design, at both its ends and in all its disguises, with the addresses just outside.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;
use scraper_service::fetch::address::{SPECIAL_V4, SPECIAL_V6, is_global};

/// The first, the middle and the last address of every special range of IPv4.
pub(crate) fn special_v4() -> impl Iterator<Item = Ipv4Addr> {
    let samples = |range| {
        let (first, last) = ends_v4(range);
        [first, first.midpoint(last), last].map(Ipv4Addr::from_bits)
    };
    SPECIAL_V4.into_iter().flat_map(samples)
}

/// The first and the last address of every special range of IPv6.
pub(crate) fn special_v6() -> impl Iterator<Item = Ipv6Addr> {
    let ends =
        |(net, length): (Ipv6Addr, u32)| [net, Ipv6Addr::from_bits(net.to_bits() | (u128::MAX >> length))];
    SPECIAL_V6.into_iter().flat_map(ends)
}

fn ends_v4((net, length): (Ipv4Addr, u32)) -> (u32, u32) {
    (net.to_bits(), net.to_bits() | u32::MAX.checked_shr(length).unwrap_or(0))
}

/// The ways to write an IPv4 address within an IPv6 one.
pub(crate) fn disguises(address: Ipv4Addr) -> [Ipv6Addr; 3] {
    let bits = u128::from(address.to_bits());
    [
        address.to_ipv6_mapped(),
        Ipv6Addr::from_bits((0x64_ff9b << 96) | bits),
        Ipv6Addr::from_bits((0x2002 << 112) | (bits << 80)),
    ]
}

#[test]
fn special_ranges_are_refused_at_both_ends_and_in_every_disguise() {
    for address in special_v4() {
        assert!(!is_global(address.into()), "{address}");
        for disguise in disguises(address) {
            assert!(!is_global(disguise.into()), "{disguise} is {address}");
        }
    }
    for address in special_v6() {
        assert!(!is_global(address.into()), "{address}");
    }
}

#[test]
fn special_addresses_that_people_use_are_refused() {
    for address in [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::127.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "5f00::1",
        "3fff::1",
    ] {
        assert!(!is_global(address.parse().expect("an address")), "{address}");
    }
}

#[test]
fn the_neighbours_of_special_ranges_are_public() {
    for address in [
        "1.0.0.0",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2001:200::1",
        "2606:4700::1111",
        "2a00:1450::1",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
    ] {
        assert!(is_global(address.parse().expect("an address")), "{address}");
    }
}

proptest! {
    #[test]
    fn no_disguise_is_more_public_than_what_it_hides(bits: u32) {
        let address = Ipv4Addr::from_bits(bits);
        for disguise in disguises(address) {
            prop_assert!(!is_global(IpAddr::V6(disguise)) || is_global(IpAddr::V4(address)));
        }
    }
}
