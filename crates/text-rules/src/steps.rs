//! How much of a text was looked at.

/// Takes the count of what a reader does with the signs of a text. Nobody counts outside of tests
/// and fuzzing, and then it costs nothing.
pub(crate) trait Steps {
    fn add(&mut self, steps: usize);
}

impl Steps for () {
    fn add(&mut self, _steps: usize) {}
}

impl Steps for usize {
    fn add(&mut self, steps: usize) {
        *self += steps;
    }
}
