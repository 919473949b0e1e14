//! Channels: one call a base, whoever commits it, and nothing that is taken back.

use std::future::Future;

use axum::http::{HeaderMap, StatusCode};
use futures_util::future::join_all;
use x402::{Address, B256, Bytes, ChannelConfig, ChannelId, PaymentId, RequestHash, Usdc};

use super::place::{MINUTE, PAY_TO, Place, random};
use crate::ledger::{Answer, ChannelRecord, Ledger, PaidCall};

const fn usdc(units: u64) -> Usdc {
    Usdc::from_atomic(units)
}

fn config() -> ChannelConfig {
    ChannelConfig {
        payer: random().into(),
        payer_authorizer: random().into(),
        receiver: PAY_TO,
        receiver_authorizer: Address::repeat_byte(5),
        token: Address::repeat_byte(6),
        withdraw_delay: 900,
        salt: B256::ZERO,
    }
}

pub(super) async fn opened(ledger: &Ledger, claimed: u64) -> ChannelRecord {
    ledger.open_channel(ChannelId(random().into()), &config(), usdc(claimed)).await.expect("opened")
}

pub(super) fn call(channel: ChannelId, base: u64, charge: u64) -> PaidCall {
    let mut headers = HeaderMap::new();
    headers.append("x-twice", "1".parse().expect("a value"));
    headers.append("x-twice", "2".parse().expect("a value"));
    PaidCall {
        channel,
        base: usdc(base),
        charge: usdc(charge),
        ceiling: usdc(base + 10_000),
        signature: Bytes::from(random::<65>()),
        request_hash: RequestHash(random().into()),
        route: "POST /item".to_owned(),
        attempt: random(),
        deposit: None,
        answer: Answer { status: StatusCode::CREATED, headers, body: b"\x00answer".to_vec().into() },
        payment: PaymentId(random().into()),
        attachment: None,
        proof: Some("{}".to_owned()),
        identifier: None,
    }
}

async fn record(ledger: &Ledger, id: ChannelId) -> ChannelRecord {
    ledger.channel(id).await.expect("read").expect("a record")
}

/// Runs over every replica that can share the place.
async fn over<F: Future<Output = ()>>(place: &Place, test: impl Fn(Ledger, Ledger) -> F) {
    let replicas = place.replicas().await;
    let (first, last) = (replicas[0].clone(), replicas[replicas.len() - 1].clone());
    test(first, last).await;
}

pub(super) async fn a_call_and_its_charge_are_read_back_together(place: &Place) {
    let ledger = place.open().await;
    let channel = opened(&ledger, 0).await;
    let mut paid = call(channel.id, 0, 700);
    paid.deposit = Some((Some(B256::repeat_byte(3)), usdc(5_000)));
    assert!(ledger.commit_call(&paid).await.expect("committed"));

    let known = ledger.channel_call(channel.id, usdc(0)).await.expect("read").expect("the call").call;
    assert!(known.is(paid.ceiling, paid.request_hash, "POST /item"));
    assert!(!known.is(paid.ceiling, paid.request_hash, "POST /other"));
    assert_eq!((known.charge, known.deposit, known.answer), (usdc(700), paid.deposit, paid.answer));
    assert_eq!(known.proof, paid.proof);
    let record = record(&ledger, channel.id).await;
    let voucher = record.voucher.clone().expect("a voucher");
    assert_eq!((record.charged, record.owes()), (usdc(700), usdc(700)));
    assert_eq!((voucher.max_claimable_amount, voucher.signature), (usdc(10_000), paid.signature));
    assert_eq!(record.config, channel.config);
    assert!(record.owed_since.is_some());
}

pub(super) async fn an_answer_goes_to_who_knows_its_name_and_without_one_for_a_while(place: &Place) {
    let ledger = place.open().await;
    let channel = opened(&ledger, 0).await;
    let named = PaidCall { identifier: Some("purchase-number-1".to_owned()), ..call(channel.id, 0, 700) };
    for paid in [&named, &call(channel.id, 700, 700)] {
        assert!(ledger.commit_call(paid).await.expect("committed"));
    }
    let stored =
        async |base| ledger.channel_call(channel.id, usdc(base)).await.expect("read").expect("the call");
    let (named, unnamed) = (stored(0).await, stored(700).await);
    assert!(named.is_for(Some("purchase-number-1"), i64::MAX));
    assert!(!named.is_for(Some("purchase-number-2"), 0) && !named.is_for(None, 0));
    assert!(unnamed.is_for(None, 1) && unnamed.is_for(Some("purchase-number-2"), 1));
    assert!(!unnamed.is_for(None, i64::MAX));
}

pub(super) async fn of_many_calls_at_one_base_one_is_charged(place: &Place) {
    over(place, |first, last| async move {
        let channel = opened(&first, 0).await;
        let calls: Vec<_> = (0..16).map(|_| call(channel.id, 0, 700)).collect();
        let commits = calls.iter().enumerate().map(|(index, call)| {
            let ledger = if index % 2 == 0 { &first } else { &last };
            async move { ledger.commit_call(call).await.expect("answered") }
        });
        let charged = join_all(commits).await.into_iter().filter(|charged| *charged).count();
        assert_eq!(charged, 1);
        assert_eq!(record(&last, channel.id).await.charged, usdc(700));
    })
    .await;
}

pub(super) async fn a_call_from_another_base_is_not_charged(place: &Place) {
    let ledger = place.open().await;
    let channel = opened(&ledger, 500).await;
    assert_eq!((channel.charged, channel.claimed, channel.voucher), (usdc(500), usdc(500), None));
    for base in [0, 499, 501] {
        assert!(!ledger.commit_call(&call(channel.id, base, 1)).await.expect("answered"));
    }
    assert!(ledger.commit_call(&call(channel.id, 500, 1)).await.expect("answered"));
    assert!(!ledger.commit_call(&call(ChannelId(B256::ZERO), 0, 1)).await.expect("answered"));
}

pub(super) async fn what_was_charged_is_never_taken_back(place: &Place) {
    let ledger = place.open().await;
    let channel = opened(&ledger, 0).await;
    assert!(ledger.commit_call(&call(channel.id, 0, 700)).await.expect("committed"));
    let again = ledger.open_channel(channel.id, &channel.config, usdc(0)).await.expect("opened");
    assert_eq!(again.charged, usdc(700));
    let ahead = ledger.open_channel(channel.id, &channel.config, usdc(90_000)).await.expect("opened");
    assert_eq!((ahead.charged, ahead.claimed), (usdc(90_000), usdc(90_000)));
    assert_eq!(ahead.voucher, None, "nothing is known that was signed so far");
}

pub(super) async fn a_refund_and_a_call_exclude_each_other(place: &Place) {
    over(place, |first, last| async move {
        let channel = opened(&first, 0).await;
        let id = channel.id;
        assert!(!first.begin_refund(id, usdc(1), usdc(50), 0).await.expect("answered"), "more was charged");
        for round in 0..10_u64 {
            let charged = record(&first, id).await.charged;
            let paid = call(id, charged.atomic(), 700);
            let (refund, charge) = futures_util::join!(
                first.begin_refund(id, charged, usdc(50), round),
                last.commit_call(&paid)
            );
            assert!(refund.expect("answered") != charge.expect("answered"), "one of the two");
            first.end_refund(id, round).await.expect("ended");
        }
        assert!(first.begin_refund(id, record(&first, id).await.charged, usdc(50), 10).await.expect("begun"));
        first.refund_sent(id, B256::repeat_byte(1)).await.expect("written");
        let pending = last.refunding().await.expect("read").pop().and_then(|record| record.refund);
        let pending = pending.expect("a refund");
        assert_eq!((pending.amount, pending.nonce), (usdc(50), 10));
        assert_eq!(pending.transaction, Some(B256::repeat_byte(1)));
        last.end_refund(id, 9).await.expect("answered");
        assert!(record(&first, id).await.refund.is_some(), "another refund's end");
        last.end_refund(id, 10).await.expect("ended");
        assert!(record(&first, id).await.refund.is_none());
        assert!(first.refund_sent(id, B256::ZERO).await.is_err(), "there is none to send");
    })
    .await;
}

pub(super) async fn the_oldest_debt_comes_first_until_it_is_claimed_or_set_aside(place: &Place) {
    let ledger = place.open().await;
    let mut ids = Vec::new();
    for charge in [100, 200, 300] {
        let id = opened(&ledger, 0).await.id;
        assert!(ledger.commit_call(&call(id, 0, charge)).await.expect("committed"));
        ids.push(id);
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    let owing = async || {
        let owing = ledger.owing(10).await.expect("read");
        owing.iter().map(|record| record.id).collect::<Vec<_>>()
    };
    assert_eq!(owing().await, ids);
    assert_eq!(ledger.owed().await.expect("read").value, usdc(600));
    ledger.claimed(ids[0], usdc(99)).await.expect("written");
    assert_eq!(owing().await, ids, "a unit is owed yet");
    ledger.claimed(ids[0], usdc(100)).await.expect("written");
    ledger.claimed(ids[0], usdc(50)).await.expect("an older word changes nothing");
    ledger.set_aside(ids[1], "InvalidSignature").await.expect("written");
    assert_eq!(owing().await, ids[2..]);
    let owed = ledger.owed().await.expect("read");
    assert_eq!((owed.value, owed.lost), (usdc(300), usdc(200)));
    assert_eq!(record(&ledger, ids[0]).await.claimed, usdc(100));
}

pub(super) async fn one_process_claims_at_a_time(place: &Place) {
    over(place, |first, last| async move {
        let (one, other) = ([1; 16], [2; 16]);
        assert!(first.claimer(&one, MINUTE).await.expect("answered"));
        assert!(!last.claimer(&other, MINUTE).await.expect("answered"));
        assert!(first.claimer(&one, -MINUTE).await.expect("answered"), "it may stay, here until the past");
        assert!(last.claimer(&other, MINUTE).await.expect("answered"));
    })
    .await;
}
