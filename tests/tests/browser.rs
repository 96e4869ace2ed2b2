//! The same UI in a plain browser, where a scripted host stands in for the program.
#![cfg(target_os = "linux")]

use acceptance::browser::Browser;

#[tokio::test]
async fn the_ui_runs_in_a_browser_with_a_scripted_host() {
    let browser = Browser::open().await;
    browser.connection("online").await;
    let rows = "return document.querySelectorAll('[data-testid=chat-row]').length";
    browser.until(rows, "the script has said three things", |n| n.as_u64() >= Some(3)).await;
    browser.type_comment("said in a browser").await;
    browser.row("said in a browser", "sent").await;
    browser.flies("said in a browser").await;
    browser.screenshot("12-browser").await;
    browser.close().await;
}
