//! Minutes as a table for spreadsheets.

use super::store::Minute;

/// Times are Unix seconds; a minute in which nobody was counted has no viewers.
const HEADER: [&str; 16] = [
    "room",
    "title",
    "stream",
    "minute_s",
    "viewers",
    "joins",
    "leaves",
    "comments",
    "new_chatters",
    "likes",
    "gifts",
    "income",
    "orders",
    "pieces",
    "refused",
    "left_out",
];

/// The table as CSV (RFC 4180).
pub(super) fn page(
    room: &str,
    title: &str,
    stream: u64,
    minutes: &[Minute],
) -> Result<Vec<u8>, csv::Error> {
    let mut table = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::with_capacity(HEADER.len() * 12 * (minutes.len() + 1)));
    table.write_record(HEADER)?;
    let (room, title, stream) = (guarded(room), guarded(title), stream.to_string());
    for minute in minutes {
        let texts = [room.clone(), title.clone(), stream.clone(), minute.minute_s.to_string()];
        let viewers = minute.viewers.map(|viewers| viewers.to_string()).unwrap_or_default();
        let numbers = [
            minute.counts.joins,
            minute.counts.leaves,
            minute.counts.comments,
            minute.counts.new_chatters,
            minute.counts.likes,
            minute.trade.gifts,
            minute.trade.income,
            minute.trade.orders,
            minute.trade.pieces,
            minute.counts.refused,
            minute.counts.left_out,
        ]
        .map(|number| number.to_string());
        table.write_record(texts.iter().chain([&viewers]).chain(&numbers))?;
    }
    table.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}

/// A spreadsheet takes a text that begins like a formula for one, and runs it: a quote before it
/// keeps it a text.
fn guarded(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        return format!("'{text}");
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::store::Counts;
    use super::*;
    use proptest::prelude::*;

    fn rows(title: &str, minutes: &[Minute]) -> Vec<Vec<String>> {
        let bytes = page("room", title, 3, minutes).unwrap();
        let mut reader = csv::Reader::from_reader(bytes.as_slice());
        let rows = reader.records().map(|row| row.unwrap().iter().map(String::from).collect());
        rows.collect()
    }

    #[test]
    fn a_minute_is_a_line_under_its_header() {
        let minute = Minute {
            minute_s: 60,
            viewers: Some(5),
            counts: Counts { likes: 7, ..Counts::default() },
            ..Minute::default()
        };
        let bytes = page("room", "Cups, \"new\"", 3, &[minute]).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let lines: Vec<&str> = text.split("\r\n").collect();
        assert_eq!(lines[0], HEADER.join(","));
        assert_eq!(lines[1], r#"room,"Cups, ""new""",3,60,5,0,0,0,0,7,0,0,0,0,0,0"#);
        assert_eq!(lines[2..], [""]);
    }

    #[test]
    fn nobody_counted_is_not_nobody_there() {
        let unknown = Minute::default();
        let nobody = Minute { viewers: Some(0), ..Minute::default() };
        let viewers: Vec<String> =
            rows("t", &[unknown, nobody]).into_iter().map(|row| row[4].clone()).collect();
        assert_eq!(viewers, ["", "0"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn no_title_becomes_a_formula_or_breaks_the_table(title in "(?s)[=+@\\-\t\r\n\",a-z ]{0,12}") {
            let row = &rows(&title, &[Minute::default()])[0];
            prop_assert_eq!(row.len(), HEADER.len());
            let quoted = format!("'{title}");
            prop_assert!(row[1] == title || row[1] == quoted);
            prop_assert!(!row[1].starts_with(['=', '+', '-', '@']));
        }
    }
}
