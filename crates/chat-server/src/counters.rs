//! What the service counts: one table from which the counters, their reading and their place among
//! the metrics come.

use prometheus_client::metrics::counter::Counter;

/// A table of counters: the struct of them, and their registration under their names, with `_total`
/// behind each.
macro_rules! counter_table {
    ($(#[$doc:meta])* $table:ident { $($name:ident: $help:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Default)]
        pub(crate) struct $table {
            $(#[doc = $help] pub(crate) $name: prometheus_client::metrics::counter::Counter,)+
        }

        impl $table {
            pub(crate) fn register(&self, registry: &mut prometheus_client::registry::Registry) {
                $(registry.register(stringify!($name), $help, self.$name.clone());)+
            }
        }
    };
}

pub(crate) use counter_table;

macro_rules! counters {
    ($($name:ident: $help:literal;)+) => {
        counter_table! {
            /// The counters of one service.
            Counters { $($name: $help;)+ }
        }

        /// The counters at one moment, since the service started.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub struct Counts {
            $(#[doc = $help] pub $name: u64,)+
        }

        impl Counters {
            pub(crate) fn read(&self) -> Counts {
                Counts { $($name: self.$name.get(),)+ }
            }
        }
    };
}

counters! {
    connections_opened: "Connections to the gateway that were opened";
    connections_turned_away: "Connections that were refused because as many are signed in as may be";
    connections_displaced: "Connections that had to make way for newer ones before they had signed in";
    connections_refused_address: "Connections that were refused because their address has too many open";
    connections_refused_rate: "Connections that were refused because their address opens them too fast";
    connections_refused_plain_text: "Connections that were refused because they came past the proxies that encrypt";
    connections_refused_proxy: "Connections that were refused because they did not begin as a proxy has to";
    connections_refused_files: "Connections that were refused because no more files can be open";
    connections_late: "Connections that were closed because the first request did not arrive in time";
    handshakes_failed: "TLS handshakes that failed or took too long";
    handshakes_displaced: "TLS handshakes that made room for newer ones because there were too many at once";
    connections_closed_slow_reader: "Connections ended because the reader made no progress";
    connections_closed_silent: "Connections ended because the client said nothing for too long";
    messages_accepted: "Messages that got a number and went to their room";
    messages_repeated: "Messages that were recognised as repeats and delivered to nobody again";
    repeats_forgotten: "Messages whose repeats are not known for their whole time, because too many came after them";
    repeats_forgotten_sampled_out: "Messages that a room left out and whose repeats are not known for their whole time, because too many came after them";
    messages_recorded: "Delivered messages whose traces in storage (history, last words of a member) were written";
    record_transactions: "Transactions in which that was done; one takes all that wait";
    record_retries: "Transactions of that kind that failed and were tried again";
    records_dropped: "Delivered messages that are missing in the history, because too many waited or the service stopped while storage failed";
    bursts_written: "Ticks of a room that a connection was given in one write";
    bursts_queued: "Ticks of a room that had to wait for a connection, whole or in part";
    copies_missed_slow_reader: "Copies of messages and tips that were left out for a connection that reads too slowly";
    frames_malformed: "Frames from clients that could not be read";
    rooms_looked_after: "Rooms that were due and were looked after";
    rooms_unloaded: "Rooms that left memory because nobody used them";
    panics_rooms: "Panics in the turn of a room, which goes on with the next one";
    panics_connections: "Panics in a request or at the end of a connection, which were its end";
    panics_routines: "Panics in what the service does by itself, which it does again when it is due";
    ends_cut_short: "Connections whose end took too long, so that they were taken out without telling the application";
    requests_refused_connection: "Requests that a connection made too fast";
    requests_refused_account: "Requests and logins that the connections of one account made too fast together";
    requests_refused_address: "Requests and logins that came from one address too fast";
    calls_refused_application: "REST calls that one application made too fast";
    calls_refused_command: "REST calls of one command that one application made too fast";
    noise_held_back: "Frames that did nothing, for which a connection was not heard for a moment";
    admissions_shared: "Requests that shared an allowance because too many clients were known already";
}

pub(crate) fn add(counter: &Counter, by: u64) {
    counter.inc_by(by);
}
