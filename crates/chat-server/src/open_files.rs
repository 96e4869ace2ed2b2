//! How many connections fit into the files that the process may have open.

/// What is open beside connections: databases, logs, the listener, what goes out to webhooks.
const OTHER_FILES: usize = 100;
/// HTTP connections on which valid calls came, beside those of the gateway.
const CALLERS: usize = 1_000;
/// Of connections that have proven nothing yet there may be one for so many who have signed in.
const SIGNED_IN_PER_NEWCOMER: usize = 4;
/// And never fewer than this.
const FEWEST_NEWCOMERS: usize = 256;
/// Where files are few, callers and newcomers have this part of them each.
const SMALL_SHARE: usize = 8;

/// Connections of each kind at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shares {
    pub(crate) signed_in: usize,
    pub(crate) newcomers: usize,
    pub(crate) callers: usize,
}

impl Shares {
    /// What is wanted, if so many files are enough for it, else what fits; one connection in any
    /// case.
    fn of(wanted: usize, files: usize) -> Self {
        let callers = CALLERS.min(files / SMALL_SHARE);
        let fewest = FEWEST_NEWCOMERS.min(files / SMALL_SHARE);
        let left = files.saturating_sub(callers).saturating_sub(OTHER_FILES);
        let beside_newcomers = left - left.div_ceil(SIGNED_IN_PER_NEWCOMER + 1);
        let fits = beside_newcomers.min(left.saturating_sub(fewest)).max(1);
        let signed_in = wanted.min(fits);
        Self { signed_in, newcomers: (signed_in / SIGNED_IN_PER_NEWCOMER).max(fewest), callers }
    }

    /// Files that are needed for all of them.
    fn files(self) -> usize {
        let connections = self.signed_in.saturating_add(self.newcomers);
        connections.saturating_add(self.callers).saturating_add(OTHER_FILES)
    }
}

/// Raises the limit of open files as far as the system lets this process, and says how many
/// connections there may be with that.
pub(crate) fn raise(wanted: usize) -> Shares {
    let all = Shares::of(wanted, usize::MAX);
    let Some(files) = limit() else { return all };
    let shares = Shares::of(wanted, files);
    if shares.signed_in < wanted {
        tracing::warn!(
            open_files = files,
            needed = all.files(),
            wanted,
            max_connections = shares.signed_in,
            "too few files may be open for so many connections, so fewer are taken: raise the hard \
             limit of open files to what is needed (ulimit -Hn, LimitNOFILE of systemd), or lower \
             --max-connections"
        );
    }
    shares
}

#[cfg(unix)]
fn limit() -> Option<usize> {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(files) => Some(usize::try_from(files).unwrap_or(usize::MAX)),
        Err(error) => {
            tracing::warn!(%error, "the limit of open files is not known");
            None
        }
    }
}

/// Elsewhere sockets are no files.
#[cfg(not(unix))]
fn limit() -> Option<usize> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_connections_are_taken_as_files_are_there_for() {
        let wanted = Shares { signed_in: 20_000, newcomers: 5_000, callers: 1_000 };
        assert_eq!(wanted.files(), 26_100);
        assert_eq!(Shares::of(20_000, usize::MAX), wanted);
        assert_eq!(Shares::of(20_000, 26_100), wanted);
        assert_eq!(Shares::of(20_000, 26_099).signed_in, 19_999);
        assert_eq!(Shares::of(20_000, 1_024).signed_in, 636, "a usual soft limit");
        assert_eq!(Shares::of(5, 1_024).signed_in, 5);
        for files in (300..60_000).step_by(97) {
            for wanted in [1, 300, 1_024, 20_000, 1_000_000] {
                let shares = Shares::of(wanted, files);
                assert!((1..=wanted).contains(&shares.signed_in));
                assert!(shares.files() <= files, "{shares:?} in {files}");
                let spare = files - shares.files();
                assert!(shares.signed_in == wanted || spare <= 1, "{shares:?} leaves {spare}");
            }
        }
        assert_eq!(Shares::of(20_000, 0).signed_in, 1, "it starts, and the log says why");
    }
}
