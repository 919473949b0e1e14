//! What a ledger must do, whichever database it is in: every test runs on SQLite and on a Postgres of its own.

mod attachments;
mod channels;
mod claims;
mod journal;
mod leases;
mod moves;
mod place;
mod postgres_only;
mod rate;
mod refunds;
mod sqlite_only;

/// Runs each test in every place that a ledger can have.
macro_rules! everywhere {
    ($($module:ident::$test:ident,)*) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$module::$test(&super::place::Place::sqlite()).await;
            })*
        }

        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$module::$test(&super::place::Place::postgres()).await;
            })*
        }
    };
}

everywhere! {
    attachments::an_attachment_is_committed_with_the_answer_or_not_at_all,
    attachments::a_key_is_given_once,
    attachments::calls_from_channels_and_payments_share_keys_and_order,
    attachments::readers_at_once_see_one_order_without_gaps,
    claims::a_claim_is_read_back_as_it_was_made,
    claims::of_many_copies_one_wins,
    claims::a_payer_never_promises_more_than_it_holds,
    claims::what_settled_after_the_balance_was_read_is_not_promised_again,
    claims::a_purchase_is_made_by_one_payment_until_that_is_dead,
    claims::who_lets_others_work_for_nothing_pays_first,
    claims::a_claim_made_once_more_is_ones_own_until_it_is_taken_over,
    moves::the_database_allows_what_the_types_allow,
    moves::an_answer_is_read_back_byte_for_byte,
    moves::an_answer_is_forgotten_when_its_time_is_over_and_its_proof_never,
    moves::a_change_under_an_old_fence_changes_nothing,
    moves::a_transfer_vouches_for_one_payment,
    moves::a_ledger_belongs_to_one_payee_on_one_network,
    journal::a_signer_belongs_to_one_process_at_a_time,
    journal::who_lost_a_signer_writes_nothing_down,
    journal::a_transaction_stands_in_the_ledger_and_at_its_payments_before_it_is_sent,
    leases::a_lease_keeps_others_away_until_it_is_let_go_or_runs_out,
    leases::who_works_keeps_a_payment_and_what_was_let_go_stays_so,
    leases::of_many_who_take_a_payment_over_one_does,
    leases::unfinished_work_is_shared_and_never_taken_twice,
    leases::what_waits_for_its_buyer_is_left_alone,
    leases::what_was_taken_least_often_comes_first,
    refunds::a_part_is_owed_once_the_payment_has_settled_and_given_back_once,
    refunds::no_refund_is_of_more_than_is_owed_or_left_in_the_day_s_budget,
    channels::a_call_and_its_charge_are_read_back_together,
    channels::an_answer_goes_to_who_knows_its_name_and_without_one_for_a_while,
    channels::of_many_calls_at_one_base_one_is_charged,
    channels::a_call_from_another_base_is_not_charged,
    channels::what_was_charged_is_never_taken_back,
    channels::a_refund_and_a_call_exclude_each_other,
    channels::the_oldest_debt_comes_first_until_it_is_claimed_or_set_aside,
    channels::one_process_claims_at_a_time,
}
