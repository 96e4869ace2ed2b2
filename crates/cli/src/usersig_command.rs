//! `liveroom usersig`

use chat_server::clock::{Clock, SystemClock};
use chat_types::UserId;
use usersig::{DEFAULT_EXPIRE_S, SignRequest};

use crate::{Error, print_line};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Number of the application, as `liveroom app create` printed it
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    sdk_app_id: u32,
    /// Key of the application, as `liveroom app create` printed it. The variable keeps it out of
    /// the list of processes
    #[arg(long, env = "LIVEROOM_KEY", hide_env_values = true)]
    key: String,
    /// Account that will sign in
    #[arg(long)]
    user: String,
    /// Lifetime in seconds
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = DEFAULT_EXPIRE_S,
        value_parser = clap::value_parser!(u64).range(1..)
    )]
    expire: u64,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Error> {
    if arguments.key.is_empty() {
        return Err(Error::EmptyKey);
    }
    let user = UserId::new(arguments.user.as_str())
        .map_err(|error| Error::UserId(arguments.user.clone(), error.info))?;
    let signature = usersig::sign(&SignRequest {
        sdk_app_id: arguments.sdk_app_id,
        key: &arguments.key,
        identifier: user.as_str(),
        time_s: SystemClock.now_s(),
        expire_s: arguments.expire,
        userbuf: None,
    })?;
    print_line(&signature)
}
