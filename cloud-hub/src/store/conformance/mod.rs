//! Stories that every store must tell the same way; run on each implementation by its tests.
//!
//! Each story gets an empty store and the clock behind it. They speak only the trait.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a story may fail loudly")]

mod agents;
mod effects;
mod orders;
mod wishes;

use std::future::Future;
use std::pin::Pin;

use super::Store;
use crate::clock::SetClock;

/// A story on an empty store.
pub type Story = fn(&'static dyn Store, SetClock) -> Pin<Box<dyn Future<Output = ()> + Send>>;

macro_rules! stories {
    ($($module:ident::$name:ident,)*) => {
        /// Every story with its name.
        pub const STORIES: &[(&str, Story)] = &[$((stringify!($name), |store, clock| Box::pin($module::$name(store, clock)))),*];
    };
}

stories! {
    orders::a_delivery_stored_twice_is_one_row,
    orders::pages_hear_of_what_they_show_and_of_nothing_else,
    orders::the_same_order_twice_makes_its_jobs_once,
    orders::an_older_snapshot_changes_nothing,
    orders::less_wanted_withdraws_and_more_wanted_makes,
    orders::a_held_line_does_not_stop_the_others,
    orders::an_order_is_read_again_when_its_product_is_known,
    orders::an_order_without_its_money_stays_new,
    orders::a_cancelled_order_wants_nothing,
    orders::printed_surplus_goes_to_the_shelf_and_is_used_first,
    orders::what_was_sent_is_no_stock,
    agents::a_code_is_good_once_and_for_its_time,
    agents::a_pinned_job_is_claimed_with_its_hand_out,
    agents::events_are_applied_once_and_in_order,
    agents::a_replacement_is_adopted_and_never_made_twice,
    agents::a_replacement_takes_the_place_of_what_it_replaces,
    agents::a_declined_job_goes_elsewhere_or_asks,
    agents::a_claimed_job_is_asked_back_and_never_given_away,
    agents::a_local_job_that_is_dropped_is_given_to_nobody,
    agents::an_agent_in_another_life_compares_notes_first,
    effects::an_order_of_good_parts_is_labelled_and_fulfilled_once,
    effects::a_call_of_a_dead_process_is_unknown,
    effects::refusals_use_up_tries_and_waiting_does_not,
    effects::an_order_on_hold_sends_nothing,
    effects::a_label_bought_for_a_cancelled_order_is_given_back,
}
