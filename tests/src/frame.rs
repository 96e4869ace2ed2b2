//! What a person does to a window from outside the page: a screen in memory has no window manager
//! whose button could be pressed.

use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{
    AtomEnum, ClientMessageEvent, ConfigureWindowAux, ConnectionExt as _, EventMask, Window,
};
use x11rb::rust_connection::RustConnection;

/// Far more than a title has, in units of four bytes.
const TITLE_LONGS: u32 = 256;

/// Asks the window with this title to close, as the button of its frame would.
pub(crate) fn close_by_its_frame(title: &str) {
    let (screen, number) = x11rb::connect(None).unwrap();
    let root = screen.setup().roots[number].root;
    let window = find(&screen, root, title).expect("a window has this title");
    let [protocols, delete] = ["WM_PROTOCOLS", "WM_DELETE_WINDOW"]
        .map(|name| screen.intern_atom(false, name.as_bytes()).unwrap().reply().unwrap().atom);
    let message = ClientMessageEvent::new(32, window, protocols, [delete, 0, 0, 0, 0]);
    // Its answer is waited for: what a connection leaves behind when it is closed may be lost.
    screen.send_event(false, window, EventMask::NO_EVENT, message).unwrap().check().unwrap();
}

/// Puts the window with this title somewhere else. The driver's own way to do it would leave the
/// window deaf to a request to close, now and then.
pub(crate) fn move_by_its_frame(title: &str, x: i32, y: i32) {
    let (screen, number) = x11rb::connect(None).unwrap();
    let root = screen.setup().roots[number].root;
    let window = find(&screen, root, title).expect("a window has this title");
    let place = ConfigureWindowAux::new().x(x).y(y);
    screen.configure_window(window, &place).unwrap().check().unwrap();
}

fn find(screen: &RustConnection, parent: Window, title: &str) -> Option<Window> {
    let children = screen.query_tree(parent).unwrap().reply().unwrap().children;
    children.into_iter().find_map(|window| {
        let (name, text) = (AtomEnum::WM_NAME, AtomEnum::ANY);
        let asked = screen.get_property(false, window, name, text, 0, TITLE_LONGS).unwrap();
        // A window may be gone by now.
        let is_it = asked.reply().is_ok_and(|name| name.value == title.as_bytes());
        if is_it { Some(window) } else { find(screen, window, title) }
    })
}
