//! Numbers of requests: an answer of the gateway repeats the number of what it answers.

/// Gives each request of one client its own number, from 1. 0 is left out, because the gateway
/// answers with it to what it could not read.
#[derive(Debug, Default)]
pub struct RequestNumbers {
    last: u32,
}

impl RequestNumbers {
    pub fn take(&mut self) -> u32 {
        self.last = self.last.checked_add(1).unwrap_or(1);
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_never_zero() {
        let mut numbers = RequestNumbers { last: u32::MAX - 1 };
        assert_eq!((numbers.take(), numbers.take(), numbers.take()), (u32::MAX, 1, 2));
    }
}
