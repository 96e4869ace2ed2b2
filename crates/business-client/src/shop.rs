//! One account in one room: what it has, what it gives, and what it may do there.
//!
//! A task keeps the account signed in, sends the clicks that a [`ComboButton`] collects, and tells the
//! newest [`ShopView`]. Calls that move coins are made one after the other, so that the balance is
//! always that of the last one. The task ends when the last handle is gone.

use chat_types::business::Gift;
use chat_types::business::api::{Give, Given, Recommendation, Role, RoomStatus};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};

use crate::combo_button::{ComboButton, Failed, Order, RETRY_AFTER};
use crate::view::{
    ComboView, GiftKindView, GiftRefusalView, ProductEntryView, ShopError, ShopView,
};
use crate::{Client, Error};

/// A shop that did not let the account in is asked again after so long, twice as long each time up to
/// [`OPEN_AT_MOST`].
const OPEN_AFTER: Duration = Duration::from_secs(1);
const OPEN_AT_MOST: Duration = Duration::from_secs(30);
/// How often a single call that moves coins is made before it is given up.
const TRIES: u32 = 3;

/// What a shop needs to know.
pub struct ShopConfig {
    pub client: Client,
    pub room: String,
    /// Gets each own gift when it is paid, for the giver's own screen. When nobody takes them they are
    /// left out: the room tells of them, too.
    pub paid: mpsc::Sender<Gift>,
    /// Names orders; a seed of the system's own unless a test says otherwise.
    pub rng: StdRng,
}

impl ShopConfig {
    pub fn new(client: Client, room: impl Into<String>, paid: mpsc::Sender<Gift>) -> Self {
        Self { client, room: room.into(), paid, rng: StdRng::from_rng(&mut rand::rng()) }
    }
}

/// Handle of a shop; may be cloned.
#[derive(Clone)]
pub struct Shop {
    desk: Arc<Desk>,
    /// The task ends when the last one is dropped.
    _open: Arc<watch::Sender<()>>,
}

struct Desk {
    client: Client,
    room: String,
    paid: mpsc::Sender<Gift>,
    began: Instant,
    state: Mutex<State>,
    view: watch::Sender<ShopView>,
    /// Something was clicked.
    clicked: Notify,
    /// Held by the call that moves coins.
    money: tokio::sync::Mutex<()>,
}

struct State {
    button: ComboButton,
    rng: StdRng,
    /// After everything that was answered.
    balance: i64,
    gifts: Vec<GiftKindView>,
    /// Whether an earlier sending of the order on its way may have been paid.
    may_be_paid: bool,
    /// Without balance and combo.
    told: ShopView,
}

impl State {
    /// Says why clicks were dropped, if they were.
    fn refuse(&mut self, failed: Failed, error: Error) {
        let Failed::Dropped { gift, clicks } = failed else { return };
        let number = self.told.refusal.number.saturating_add(1);
        let error = error.after(std::mem::take(&mut self.may_be_paid)).into();
        self.told.refusal = GiftRefusalView { number, gift, count: clicks, error };
    }
}

impl Shop {
    /// Opens the shop. Has to be called within a tokio runtime.
    pub fn open(config: ShopConfig) -> Self {
        let ShopConfig { client, room, paid, rng } = config;
        let state = State {
            button: ComboButton::default(),
            rng,
            balance: 0,
            gifts: Vec::new(),
            may_be_paid: false,
            told: ShopView::default(),
        };
        let desk = Arc::new(Desk {
            client,
            room,
            paid,
            began: Instant::now(),
            state: Mutex::new(state),
            view: watch::Sender::new(ShopView::default()),
            clicked: Notify::new(),
            money: tokio::sync::Mutex::default(),
        });
        let (open, closed) = watch::channel(());
        tokio::spawn(keep(Arc::clone(&desk), closed));
        Self { desk, _open: Arc::new(open) }
    }

    /// The shop as it is now, and when it is another one.
    pub fn view(&self) -> watch::Receiver<ShopView> {
        self.desk.view.subscribe()
    }

    /// One click on a gift. What becomes of it is told by the view: the combo grows, or a refusal
    /// stands there.
    ///
    /// # Errors
    /// The click was not taken: `away` while the shop is not open, `too_many` when too many wait.
    pub fn click(&self, gift: &str) -> Result<(), ShopError> {
        let now = self.desk.now();
        let mut state = self.desk.state();
        if !state.told.open {
            return Err(Error::Away("it has not let this account in".into()).into());
        }
        let State { button, rng, .. } = &mut *state;
        if !button.click(gift, now, rng) {
            return Err(ShopError {
                code: "too_many".into(),
                info: "too many gifts are on their way: wait a moment".into(),
            });
        }
        self.desk.tell(&mut state);
        self.desk.clicked.notify_one();
        Ok(())
    }

    /// Gives a number of gifts that was chosen in advance. They are paid when this returns.
    ///
    /// # Errors
    /// Nothing was paid, except that after `unclear` it is not known.
    pub async fn give(&self, gift: &str, count: u32) -> Result<(), ShopError> {
        let desk = &self.desk;
        let key = desk.key();
        let give = Give {
            room: desk.room.clone(),
            gift: gift.into(),
            count: Some(count),
            clicks: None,
            combo: None,
        };
        let _turn = desk.money.lock().await;
        match again(|| desk.client.give(&give, &key)).await {
            Ok(given) => {
                desk.show(given.gift);
                desk.has(given.balance);
                Ok(())
            }
            Err(error) => Err(desk.failed(error).await),
        }
    }

    /// Fills up the wallet.
    ///
    /// # Errors
    /// As for [`Shop::give`].
    pub async fn top_up(&self, coins: i64) -> Result<(), ShopError> {
        let desk = &self.desk;
        let key = desk.key();
        let _turn = desk.money.lock().await;
        match again(|| desk.client.top_up(coins, &key)).await {
            Ok(wallet) => {
                desk.has(wallet.balance);
                Ok(())
            }
            Err(error) => Err(desk.failed(error).await),
        }
    }

    /// The catalogue.
    ///
    /// # Errors
    /// What the service answered, or `away`.
    pub async fn products(&self) -> Result<Vec<ProductEntryView>, ShopError> {
        let products = self.desk.client.products().await?;
        Ok(products.into_iter().map(ProductEntryView::from).collect())
    }

    /// Puts a product into the slot: for who runs the room.
    ///
    /// # Errors
    /// What the service answered, `away`, or `unclear`: the slot shows what is.
    pub async fn recommend(&self, product: &str) -> Result<(), ShopError> {
        let what =
            Recommendation { product: product.to_owned(), price_minor: None, ends_in_s: None };
        Ok(self.desk.client.recommend(&self.desk.room, &what).await?)
    }

    /// Takes the product down: for who runs the room.
    ///
    /// # Errors
    /// As for [`Shop::recommend`].
    pub async fn take_down(&self) -> Result<(), ShopError> {
        Ok(self.desk.client.take_down(&self.desk.room).await?)
    }

    /// Follows the host of the room, or does so no more.
    ///
    /// # Errors
    /// As for [`Shop::recommend`]; the view has what is known.
    pub async fn follow(&self, following: bool) -> Result<(), ShopError> {
        let standing = self.desk.client.set_follow(&self.desk.room, following).await?;
        let mut state = self.desk.state();
        state.told.following = standing.following;
        self.desk.tell(&mut state);
        Ok(())
    }

    /// Goes live, pauses, ends: for who runs the room.
    ///
    /// # Errors
    /// As for [`Shop::recommend`].
    pub async fn set_status(&self, status: RoomStatus) -> Result<(), ShopError> {
        self.desk.client.set_status(&self.desk.room, status).await?;
        Ok(())
    }
}

impl Desk {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing is left half done by who holds it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn key(&self) -> String {
        format!("{:032x}", self.state().rng.random::<u128>())
    }

    fn show(&self, gift: Gift) {
        if let Err(error) = self.paid.try_send(gift) {
            tracing::debug!(%error, "own gift not shown at once");
        }
    }

    fn has(&self, balance: i64) {
        let mut state = self.state();
        state.balance = balance;
        self.tell(&mut state);
    }

    /// A call that moves coins failed. Where it is not known whether it was done, the wallet tells.
    async fn failed(&self, error: Error) -> ShopError {
        if error.may_be_done() {
            self.look_into_wallet().await;
        }
        error.into()
    }

    async fn look_into_wallet(&self) {
        match self.client.wallet().await {
            Ok(wallet) => self.has(wallet.balance),
            Err(error) => tracing::debug!(%error, "the balance stays as it was known"),
        }
    }

    /// Tells the view, if it is another one.
    fn tell(&self, state: &mut State) {
        let mut view = state.told.clone();
        let running = state.button.running().map(|(gift, count, unanswered)| ComboView {
            gift: gift.to_owned(),
            count,
            unanswered,
        });
        view.combo = running.unwrap_or_default();
        let price = |id: &str| {
            state.gifts.iter().find(|gift| gift.id == id).map_or(0, |gift| i64::from(gift.price))
        };
        let pending =
            state.button.unanswered().map(|(gift, clicks)| price(gift) * i64::from(clicks));
        let balance = state.balance.saturating_sub(pending.sum());
        #[allow(clippy::cast_precision_loss, reason = "JSON numbers have no more")]
        let balance = balance as f64;
        view.balance = balance;
        view.gifts.clone_from(&state.gifts);
        self.view.send_if_modified(|told| {
            let is_other = *told != view;
            *told = view;
            is_other
        });
    }

    /// Signs in and learns what there is.
    async fn enter(&self) -> Result<(), Error> {
        let gifts = self.client.gifts().await?;
        let turn = self.money.lock().await;
        let wallet = self.client.wallet().await?;
        self.has(wallet.balance);
        drop(turn);
        let who = self.client.account().await?;
        // A room that the shop knows nothing of has no host here, and its viewers have a wallet still.
        let (runs_room, following) = match self.client.room(&self.room).await {
            Ok(room) => {
                let runs_room = room.owner == who.user_id.as_str() || who.role == Role::Admin;
                (runs_room, self.client.follow(&self.room).await?.following)
            }
            Err(Error::Refused(problem)) if problem.status == 404 => (false, false),
            Err(error) => return Err(error),
        };
        let mut state = self.state();
        state.gifts = gifts.into_iter().map(GiftKindView::from).collect();
        state.told = ShopView {
            open: true,
            user_id: who.user_id.into(),
            name: who.name,
            role: who.role.into(),
            runs_room,
            following,
            may_top_up: wallet.may_top_up,
            refusal: std::mem::take(&mut state.told.refusal),
            ..ShopView::default()
        };
        self.tell(&mut state);
        Ok(())
    }

    fn shut(&self) {
        let mut state = self.state();
        state.told.open = false;
        let given_up = state.button.give_up();
        state.refuse(given_up, Error::Away("it is shut".into()));
        self.tell(&mut state);
    }

    /// Sends an order, and keeps what becomes of it.
    async fn send(&self, order: Order) {
        let give = Give {
            room: self.room.clone(),
            gift: order.gift.clone(),
            count: None,
            clicks: Some(order.clicks),
            combo: Some(order.combo.clone()),
        };
        let _turn = self.money.lock().await;
        let answer = self.client.give(&give, &order.key).await;
        if self.take(answer) {
            self.look_into_wallet().await;
        }
    }

    /// Keeps what became of an order. True when the balance that is known now may be an old one: what
    /// is answered to a repeat was true when it was done, and after a failure nobody has said anything.
    fn take(&self, answer: Result<Given, Error>) -> bool {
        let mut state = self.state();
        let is_old = state.may_be_paid || answer.as_ref().is_err_and(Error::may_be_done);
        match answer {
            Ok(given) => {
                state.may_be_paid = false;
                state.balance = given.balance;
                state.button.paid(given.combo_total);
                self.show(given.gift);
            }
            Err(error) => {
                state.may_be_paid |= error.may_be_done();
                let failed = if error.is_passing() {
                    state.button.failed(error.retry_after(), self.now())
                } else {
                    state.button.refused()
                };
                state.refuse(failed, error);
            }
        }
        self.tell(&mut state);
        is_old
    }
}

/// Makes a call that carries a key again when it may be answered otherwise.
async fn again<T, F>(call: impl Fn() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    let mut wait = RETRY_AFTER;
    let mut may_be_done = false;
    for _ in 1..TRIES {
        match call().await {
            Err(error) if error.is_passing() => {
                may_be_done |= error.may_be_done();
                sleep(wait.max(error.retry_after().unwrap_or_default())).await;
                wait *= 2;
            }
            answer => return answer,
        }
    }
    call().await.map_err(|error| error.after(may_be_done))
}

/// Keeps the account signed in, and sends what is clicked.
async fn keep(desk: Arc<Desk>, mut closed: watch::Receiver<()>) {
    let mut address = desk.client.address();
    let mut open = false;
    let mut wait = OPEN_AFTER;
    loop {
        let is_there = address.borrow_and_update().is_some();
        if is_there && !open {
            match desk.enter().await {
                Ok(()) => (open, wait) = (true, OPEN_AFTER),
                Err(error) => tracing::warn!(%error, "the shop is not open"),
            }
        }
        let due = if open {
            if let Some(order) = next(&desk) {
                desk.send(order).await;
                continue;
            }
            let due = desk.state().button.due();
            due.map(|due| desk.began + due)
        } else {
            let again = is_there.then(|| Instant::now() + wait);
            wait = (wait * 2).min(OPEN_AT_MOST);
            again
        };
        tokio::select! {
            gone = closed.changed() => if gone.is_err() { return },
            changed = address.changed() => {
                if changed.is_err() { return }
                // Another service may know other gifts, and another balance.
                (open, wait) = (false, OPEN_AFTER);
                desk.shut();
            }
            () = desk.clicked.notified() => {}
            () = async { sleep_until(due.unwrap_or_else(Instant::now)).await }, if due.is_some() => {}
        }
    }
}

/// The order that is to be sent now.
fn next(desk: &Desk) -> Option<Order> {
    let now = desk.now();
    let mut state = desk.state();
    if state.button.tick(now) {
        desk.tell(&mut state);
    }
    state.button.send(now)
}
