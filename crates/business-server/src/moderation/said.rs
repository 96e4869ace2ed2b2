//! What a person reads in a message, as one text, and the way back into the message.

use chat_types::Element;
use std::ops::Range;

/// Put in the place of a word.
const MASK: &str = "***";

/// The texts of a message one after the other: a word that is spread over two elements is a word.
#[derive(Debug)]
pub(super) struct Said {
    text: String,
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    /// Place of the element in the message.
    element: usize,
    /// Bytes of the text.
    range: Range<usize>,
}

impl Said {
    pub(super) fn of(body: &[Element]) -> Self {
        let mut said = Self { text: String::new(), parts: Vec::new() };
        for (element, content) in body.iter().enumerate() {
            match content {
                Element::Text(text) => said.add(element, &text.text),
                Element::Face(face) => said.add(element, &face.data),
                Element::Location(location) => said.add(element, &location.desc),
                Element::File(file) => said.add(element, &file.file_name),
                Element::Custom(custom) => {
                    for text in [&custom.data, &custom.desc, &custom.ext] {
                        said.add(element, text);
                    }
                }
                Element::Image(_) | Element::Sound(_) | Element::Video(_) => {}
            }
        }
        said
    }

    fn add(&mut self, element: usize, text: &str) {
        let start = self.text.len();
        self.text.push_str(text);
        self.parts.push(Part { element, range: start..self.text.len() });
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The message with these parts of the text masked. `None` when one of them is in something else
    /// than a text, which cannot be masked and stay what it is.
    pub(super) fn masked(
        &self,
        body: &[Element],
        mut ranges: Vec<Range<usize>>,
    ) -> Option<Vec<Element>> {
        ranges.sort_by_key(|range| range.start);
        let ranges = joined(ranges);
        let mut masked = body.to_vec();
        for part in &self.parts {
            let within = overlaps(&ranges, &part.range);
            if within.is_empty() {
                continue;
            }
            let Element::Text(text) = masked.get_mut(part.element)? else { return None };
            text.text = mask(self.text.get(part.range.clone())?, &within)?;
        }
        Some(masked)
    }
}

/// Sorted ranges, with those that touch each other made one.
fn joined(sorted: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut joined: Vec<Range<usize>> = Vec::with_capacity(sorted.len());
    for range in sorted.into_iter().filter(|range| !range.is_empty()) {
        match joined.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

/// What of joined ranges lies in a part, counted from its start.
fn overlaps(joined: &[Range<usize>], part: &Range<usize>) -> Vec<Range<usize>> {
    let first = joined.partition_point(|range| range.end <= part.start);
    let after = joined.partition_point(|range| range.start < part.end);
    let within = joined.get(first..after).unwrap_or_default();
    let cut = within.iter().map(|range| {
        range.start.max(part.start) - part.start..range.end.min(part.end) - part.start
    });
    cut.filter(|range| !range.is_empty()).collect()
}

fn mask(text: &str, ranges: &[Range<usize>]) -> Option<String> {
    let mut masked = String::with_capacity(text.len());
    let mut rest = 0;
    for range in ranges {
        masked.push_str(text.get(rest..range.start)?);
        masked.push_str(MASK);
        rest = range.end;
    }
    masked.push_str(text.get(rest..)?);
    Some(masked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chat_types::element::CustomElement;

    #[test]
    fn words_are_masked_where_they_stand_and_nothing_else_is() {
        let body = [Element::text("buy sp"), Element::text("am, spam!")];
        let said = Said::of(&body);
        assert_eq!(said.text(), "buy spam, spam!");
        // The second word is found twice, and in part.
        let masked = said.masked(&body, vec![10..14, 4..8, 10..12]).unwrap();
        assert_eq!(masked, [Element::text("buy ***"), Element::text("***, ***!")]);
        assert_eq!(said.masked(&body, Vec::new()).unwrap(), body);
    }

    #[test]
    fn what_is_no_text_is_read_and_cannot_be_masked() {
        let data = Element::Custom(CustomElement { data: "spam".into(), ..Default::default() });
        let body = [Element::text("so "), data];
        let said = Said::of(&body);
        assert_eq!(said.text(), "so spam");
        assert_eq!(said.masked(&body, Vec::from([3..5, 5..7])), None);
        assert!(said.masked(&body, Vec::from([0..1, 1..2])).is_some());
    }
}
