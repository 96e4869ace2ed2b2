//! The services of this process.

use crate::desk::Desk;
use crate::error::CommandError;
use crate::services::ServiceView;

/// State and address of the services of this process.
pub async fn service_status(desk: &Desk) -> ServiceView {
    desk.services().view().await
}

/// Stops them; nothing happens when they do not run.
///
/// # Errors
/// They did not stop in order.
pub async fn stop_service(desk: &Desk) -> Result<(), CommandError> {
    Ok(desk.services().stop().await?)
}

/// Starts them again and points the clients of this program at them.
///
/// # Errors
/// They could not be started; the sentence says why.
pub async fn start_service(desk: &Desk) -> Result<(), CommandError> {
    let gateway_url = desk.services().start().await?;
    for page in desk.all() {
        let client = page.seat().room.client();
        client.set_gateway_url(gateway_url.clone()).await;
        client.reconnect().await;
    }
    Ok(())
}
