//! What every store must do: a suite that each store runs unchanged, with [`store_contract!`].
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::print_stdout)]

pub(super) mod audit;
pub(super) mod fixtures;
pub(super) mod logins;
pub(super) mod orgs;
pub(super) mod past;
pub(super) mod profiles;
pub(super) mod revisions;
pub(super) mod seals;
pub(super) mod staging;
pub(super) mod transactions;
pub(super) mod trouble;

use super::Store;

/// A place where a store keeps its state while its test runs.
pub(super) trait Place {
    /// The store under test.
    type Store: Store;

    /// An empty place.
    fn new() -> Self;

    /// Opens the store, with what was left there by the one before.
    fn open(&self) -> Self::Store;

    /// Opens the store so that there is room for about two megabytes and no more.
    fn open_small(&self) -> Self::Store;
}

/// Runs the whole contract, as one test for each of its points, against the store of a [`Place`].
macro_rules! store_contract {
    ($place:ty) => {
        $crate::store::contract::store_contract! { @each $place;
            orgs::an_organization_is_created_once,
            orgs::a_statement_comes_right_after_the_head,
            orgs::one_of_many_authors_wins,
            orgs::statements_come_in_pages,
            audit::a_nonce_counts_once_per_key,
            audit::a_nonce_is_looked_up_without_counting,
            audit::old_nonces_are_forgotten,
            audit::uses_are_counted_exactly,
            audit::activity_never_goes_back,
            audit::positions_are_dense_under_concurrency,
            audit::records_come_in_pages,
            audit::receivers_get_on_each_by_itself,
            audit::archived_records_leave_their_leaves,
            profiles::a_profile_holds_what_its_newest_revision_does,
            profiles::some_secrets_are_read_by_name,
            profiles::names_can_be_exchanged,
            profiles::a_permit_is_for_one_profile,
            revisions::a_revision_follows_the_newest,
            revisions::one_of_many_writers_wins,
            revisions::a_new_key_generation_leaves_nothing_of_the_old,
            revisions::contradictions_are_given_up,
            past::every_revision_is_put_together_again,
            past::a_version_is_found_as_it_was_encrypted_last,
            past::a_purge_destroys_a_version_of_all_epochs,
            staging::a_revision_takes_what_its_author_staged,
            staging::authors_do_not_meet,
            staging::a_revision_of_the_same_epoch_takes_parts,
            staging::nothing_is_staged_into_what_a_revision_holds,
            staging::what_is_discarded_is_gone,
            staging::an_authors_newest_attempts_are_kept,
            staging::a_hold_ends,
            seals::a_seal_is_replaced,
            seals::only_named_seals_are_read,
            seals::earlier_keys_come_newest_first,
            logins::a_password_is_replaced,
            logins::new_keys_are_asked_for_until_they_are_settled,
            logins::a_log_in_is_finished_once,
            logins::a_log_in_expires,
            logins::what_expired_goes_with_the_next_log_in,
            logins::the_newest_sources_are_kept,
            logins::a_setup_code_is_used_once,
            logins::the_first_value_stays,
            transactions::a_failing_work_undoes_only_itself,
            transactions::a_panicking_work_undoes_only_itself,
            transactions::works_see_earlier_works,
            transactions::what_is_answered_is_seen_by_all,
            transactions::a_snapshot_is_of_one_moment,
            transactions::a_snapshot_cannot_write,
            transactions::everything_survives_reopening,
            transactions::throughput_is_shown,
            trouble::writing_without_an_organization_is_given_up,
            trouble::a_full_store_keeps_what_it_answered,
            trouble::a_full_store_can_still_be_read,
            trouble::one_work_too_large_fails_alone,
            trouble::a_work_may_hold_the_last_handle,
        }
    };
    (@each $place:ty; $($module:ident :: $test:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                let place = <$place as $crate::store::contract::Place>::new();
                $crate::store::contract::$module::$test(&place).await;
            }
        )+
    };
}
pub(super) use store_contract;
