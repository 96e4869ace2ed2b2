//! Long lists, page by page.

/// The page of what was found, of which one more than a page was looked for, and the place of its
/// last entry if there are more behind it.
pub(crate) fn page_of<T, P>(
    mut found: Vec<T>,
    page: u32,
    place: impl Fn(&T) -> P,
) -> (Vec<T>, Option<P>) {
    let page = usize::try_from(page).unwrap_or(usize::MAX);
    let is_last = found.len() <= page;
    found.truncate(page);
    let next = found.last().filter(|_| !is_last).map(place);
    (found, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_where_the_next_one_begins_if_there_is_one() {
        assert_eq!(page_of(vec![5, 4, 3], 2, |entry| *entry), (vec![5, 4], Some(4)));
        assert_eq!(page_of(vec![5, 4], 2, |entry| *entry), (vec![5, 4], None));
        assert_eq!(page_of(Vec::<u64>::new(), 2, |entry| *entry), (vec![], None));
    }
}
