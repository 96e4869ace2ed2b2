//! What has to hold when everything is quiet: between the viewers, and between them and what the
//! service has answered.

use chat_types::gateway::RoomFigures;
use std::collections::{BTreeMap, HashMap};

use super::ledger::{Book, Said, id_of};
use super::plan::Plan;
use super::seat::SeatReport;

/// What every viewer reports, by its place in the plan.
pub(super) type Reports = Vec<HashMap<String, SeatReport>>;

/// Every promise that was broken, in words.
pub(super) fn compare(plan: &Plan, reports: &Reports, book: &Book) -> Vec<String> {
    let mut broken = book.broken.clone();
    for group_id in &plan.rooms {
        let seats: Vec<_> = plan
            .viewers
            .iter()
            .zip(reports)
            .filter_map(|(viewer, report)| Some((viewer.user_id.as_str(), report.get(group_id)?)))
            .collect();
        let said: BTreeMap<_, _> = book
            .said
            .iter()
            .filter(|(_, said)| said.group_id == *group_id)
            .map(|(id, said)| (id.as_str(), said))
            .collect();
        one_number_is_one_message(&seats, &said, &mut broken);
        senders_keep_their_order(&said, &mut broken);
        for (user_id, seat) in &seats {
            screen_is_true(user_id, seat, &said, &mut broken);
        }
        if let [(first, one), others @ ..] = seats.as_slice() {
            for (user_id, seat) in others.iter().filter(|(_, seat)| seat.agreed != one.agreed) {
                broken.push(format!(
                    "{user_id} sees {group_id} as {:?}, {first} as {:?}",
                    seat.agreed, one.agreed
                ));
            }
        }
    }
    broken
}

fn one_number_is_one_message(
    seats: &[(&str, &SeatReport)],
    said: &BTreeMap<&str, &Said>,
    broken: &mut Vec<String>,
) {
    let mut numbered: BTreeMap<u32, &str> = BTreeMap::new();
    let answered = said.iter().flat_map(|(id, said)| said.seqs.iter().map(|seq| (*seq, *id)));
    let rows = seats.iter().flat_map(|(_, seat)| seat.screen.rows());
    let shown = rows.filter(|row| row.seq != 0).map(|row| (row.seq, id_of(&row.text)));
    for (seq, id) in answered.chain(shown) {
        let before = numbered.insert(seq, id);
        if before.is_some_and(|before| before != id) {
            broken.push(format!("{seq} is the number of {id} and of {before:?}"));
        }
    }
}

/// What was sent to one start of the service is numbered in the order in which it was said.
fn senders_keep_their_order(said: &BTreeMap<&str, &Said>, broken: &mut Vec<String>) {
    let mut last: BTreeMap<(&str, u32), (u64, u32)> = BTreeMap::new();
    let mut in_order: Vec<_> = said.values().collect();
    in_order.sort_by_key(|said| (&said.from, said.number));
    for said in in_order {
        let (Some(start), Some(seq), 1) =
            (said.starts.first(), said.seqs.first(), said.starts.len())
        else {
            continue;
        };
        let before = last.insert((&said.from, *start), (said.number, *seq));
        if let Some((number, before)) = before.filter(|(_, before)| before > seq) {
            broken.push(format!(
                "of {} in {}, {number} has the number {before} and {} has {seq}",
                said.from, said.group_id, said.number
            ));
        }
    }
}

fn screen_is_true(
    user_id: &str,
    seat: &SeatReport,
    said: &BTreeMap<&str, &Said>,
    broken: &mut Vec<String>,
) {
    let mut last = 0;
    for row in seat.screen.rows().filter(|row| !row.own) {
        if row.seq <= last {
            broken.push(format!("{user_id} is shown {} below {last}", id_of(&row.text)));
        }
        last = row.seq;
    }
    let mut unseen = Vec::new();
    for (id, said) in said.iter().filter(|(_, said)| said.from != user_id) {
        let shown = seat.screen.has_shown(id);
        // Sent again, it may have another fate than it had the first time.
        if said.sendings == 1 && shown && (said.refused || said.sampled_out) {
            broken.push(format!("{user_id} was shown {id}, which went to nobody: {said:?}"));
        }
        if said.recalled && seat.stayed && seat.screen.shows(id) {
            broken.push(format!("{user_id} still shows {id}, which was taken back"));
        }
        let seq = said.seqs.first().copied().filter(|seq| seat.came_at.is_some_and(|at| *seq > at));
        if let Some(seq) = seq.filter(|_| !shown && !said.recalled) {
            unseen.push((seq, *id));
        }
    }
    unseen.sort_unstable();
    // What was given up at one time lies in one range; no more of it may be unseen than was told.
    for lost in &seat.lost {
        let mut left = lost.count;
        unseen.retain(|(seq, _)| {
            let told = left > 0 && *seq > lost.after && *seq <= lost.last;
            left -= u64::from(told);
            !told
        });
    }
    if unseen.len() as u64 > seat.dropped {
        let lost = &seat.lost;
        broken.push(format!("{user_id} was told of {lost:?} and has not seen {unseen:?}"));
    }
}

/// The figures of a room add up.
pub(super) fn figures_add_up(group_id: &str, figures: &RoomFigures, viewers: usize) -> Vec<String> {
    let mut broken = Vec::new();
    for (class, of_class) in &figures.classes {
        let gone: u64 = of_class.shed.values().chain(of_class.refused.values()).sum();
        if of_class.received != of_class.delivered + gone + of_class.waiting {
            broken.push(format!("{group_id}: {class:?} does not add up: {of_class:?}"));
        }
    }
    if figures.connections as usize != viewers || figures.online as usize != viewers {
        broken.push(format!("{group_id} has {viewers} viewers: {figures:?}"));
    }
    broken
}
