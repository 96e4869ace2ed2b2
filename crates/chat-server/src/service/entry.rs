//! Coming into a room and signing in and out, with the webhooks that go with it.

use chat_types::code::{ApiError, Code};
use chat_types::gateway::{KickCause, Platform, RemovedReason, ServerFrame};
use chat_types::group::GroupType;
use chat_types::webhook::{ExitType, JoinType, StateAction, StateReason};
use chat_types::{GroupId, UserId};
use std::sync::Arc;

use super::fields::{readable, right_in};
use super::rules::{role_in, rules};
use super::{Ended, Login, Service, SignedIn, no_such_group};
use crate::application::Application;
use crate::faults::Faults;
use crate::room::{Arrival, Barred, Removal, Room, View, Visitor};
use crate::storage::{FOREVER, StoredGroup};
use crate::webhook::Decision;

/// What a client says when it wants to come into a room.
#[derive(Debug, Clone, Copy)]
pub(crate) struct JoinRequest {
    pub(crate) id: u32,
    pub(crate) after_seq: Option<u32>,
}

impl Service {
    /// Lets a connection into a room. The room itself answers, so that nothing of the room can
    /// come before the answer. A banned account is refused with 10007, and a group that stores its
    /// members lets only those in.
    pub(crate) async fn join(
        &self,
        app: &Arc<Application>,
        group_id: &GroupId,
        user_id: &UserId,
        login: &Login,
        request: JoinRequest,
    ) -> Result<Arc<Room>, ApiError> {
        let room = self.room(app.sdk_app_id, group_id).await?;
        self.check_may_join(&room, group_id, user_id)?;
        // Who comes back within the grace time, or is in with another device, has been asked for
        // already.
        let is_new = !room.is_member(user_id, self.now_s());
        let group_type = room.with(|group| group.group_type);
        if is_new && group_type == GroupType::AVChatRoom {
            match self.before_join(app, &room, user_id, login.origin()).await {
                Decision::Allow(_) | Decision::Silent => {}
                Decision::Refuse(error) => return Err(error),
            }
            // The answer may have taken two seconds.
            self.check_may_join(&room, group_id, user_id)?;
        }
        let account = self.account(app.sdk_app_id, user_id.as_str()).await?;
        let muted_everywhere_until = account.map_or(0, |account| account.group_muted_until);
        let visitor = Visitor::Account(user_id.clone());
        let arrival = Arrival {
            connection: login.connection,
            visitor: &visitor,
            outbox: &login.outbox,
            platform: login.platform,
            request_id: request.id,
            after_seq: request.after_seq,
            join_messages: app.settings.join_messages as usize,
            muted_everywhere_until,
            now_s: self.now_s(),
        };
        let view = |group: &StoredGroup| View {
            custom_fields: readable(app, group, right_in(app, group, user_id)),
            role: role_in(app, group, user_id),
            rules: rules(app, group),
        };
        let entry = match room.join(arrival, view) {
            Ok(entry) => entry,
            Err(Barred::Dismissed) => return Err(no_such_group(group_id)),
            Err(Barred::Banned | Barred::NoMember) => {
                self.check_may_join(&room, group_id, user_id)?;
                return Err(ApiError::new(
                    Code::NO_PERMISSION,
                    format!("this account may not come into {group_id}"),
                ));
            }
        };
        self.faults.at(Faults::ENTERED, user_id.as_str());
        if entry.is_new && group_type == GroupType::AVChatRoom {
            let (users, origin) = ([user_id.to_string()], login.origin());
            self.after_join(app, &room, user_id, JoinType::Apply, &users, origin).await;
        }
        if entry.was_offline {
            self.report_online(app, &room, user_id, login.origin()).await;
        }
        Ok(room)
    }

    fn check_may_join(
        &self,
        room: &Room,
        group_id: &GroupId,
        user_id: &UserId,
    ) -> Result<(), ApiError> {
        let now_s = self.now_s();
        room.with(|group| {
            if let Some(ban) = group.bans.get(user_id.as_str()).filter(|ban| ban.until > now_s) {
                let until = match ban.until {
                    FOREVER => "for ever".to_owned(),
                    until => format!("for {} more seconds", until - now_s),
                };
                return Err(ApiError::new(
                    Code::NO_PERMISSION,
                    format!("this account is banned from {group_id} {until}"),
                ));
            }
            if group.group_type != GroupType::AVChatRoom
                && !group.members.contains_key(user_id.as_str())
            {
                return Err(ApiError::new(
                    Code::NO_PERMISSION,
                    format!("only members come into {group_id}: have the account added"),
                ));
            }
            Ok(())
        })
    }

    /// Takes a connection out of an AVChatRoom at its own wish. In a group that stores its members
    /// the account gives its membership up.
    pub(crate) async fn leave(
        &self,
        app: &Arc<Application>,
        group_id: &GroupId,
        room: &Arc<Room>,
        user_id: &UserId,
        login: &Login,
    ) -> Result<(), ApiError> {
        if room.with(|group| group.group_type) != GroupType::AVChatRoom {
            return self.quit(app, group_id, room, user_id, login).await;
        }
        let Some(mut last) = room.leave(login.connection) else { return Err(not_in(group_id)) };
        if login.platform == Platform::Web {
            // Whoever leaves on the web leaves on all devices; not the other way round.
            let removal = Removal {
                reason: RemovedReason::Left,
                operator: user_id.as_str(),
                until_s: None,
                info: "the account left on the web",
                except: None,
            };
            let taken_out = room.remove(std::slice::from_ref(user_id), self.now_s(), &removal);
            last |= !taken_out.users.is_empty();
        }
        if last {
            let (users, origin) = ([user_id.to_string()], login.origin());
            self.after_exit(app, room, user_id, ExitType::Quit, &users, origin).await;
        }
        Ok(())
    }

    /// Enters a login, ends the oldest ones of the same account on the same platform that are too
    /// many with it, and tells. With the welcome it comes into these rooms, of groups that store the
    /// account. Fails when it could not be put into the others of the kind.
    pub(crate) async fn signed_in(
        &self,
        who: &SignedIn,
        login: &Login,
        welcome: &ServerFrame,
        rooms: &[(GroupId, Arc<Room>)],
    ) -> Result<(), ApiError> {
        let (app, user) = (who.sdk_app_id, &who.user_id);
        let origin = login.origin();
        let _in_order = self.sessions.order(user).await;
        let most = who.app.settings.logins_per_platform as usize;
        self.attached.open(login.connection);
        let enter = || self.attach(user, login, rooms);
        let earlier = self.sessions.sign_in(app, user, login.clone(), most, welcome, enter);
        self.presence_changed(app, user);
        // Whoever was made a member since the rooms were looked up, and before the login was there.
        let caught_up = self.attach_login(app, user, login).await;
        let kicked: Vec<&'static str> =
            earlier.iter().map(|login| login.origin().platform).collect();
        self.state_changed(
            &who.app,
            user,
            (StateAction::Login, StateReason::Register),
            &kicked,
            origin,
        )
        .await;
        caught_up
    }

    /// Takes a login out. One that a later login has replaced is not told of: the later one was.
    pub(crate) async fn signed_out(&self, who: &SignedIn, login: &Login, ended: Ended) {
        self.attached.close(login.connection);
        let (app, user) = (who.sdk_app_id, &who.user_id);
        let _in_order = self.sessions.order(user).await;
        self.sessions.followers.unfollow(login.connection);
        if self.sessions.sign_out(app, user, login.connection, ended, self.now_s()).is_none() {
            return;
        }
        self.presence_changed(app, user);
        let action = match ended {
            Ended::Logout => (StateAction::Logout, StateReason::Unregister),
            Ended::LinkClose => (StateAction::Disconnect, StateReason::LinkClose),
            Ended::TimeOut => (StateAction::Disconnect, StateReason::TimeOut),
        };
        let app = self.known_application(app).unwrap_or_else(|_| Arc::clone(&who.app));
        self.state_changed(&app, user, action, &[], login.origin()).await;
    }

    /// Takes out a login whose end failed, without telling the application.
    pub(crate) fn let_go(&self, who: &SignedIn, login: &Login) {
        self.attached.close(login.connection);
        self.sessions.followers.unfollow(login.connection);
        let (app, user, ended) = (who.sdk_app_id, &who.user_id, Ended::LinkClose);
        if self.sessions.sign_out(app, user, login.connection, ended, self.now_s()).is_some() {
            self.presence_changed(app, user);
        }
    }

    /// Ends every login of an account, as an administrator wants it. Who was in an AVChatRoom has left
    /// it: to come back is to come in anew.
    pub(crate) async fn kick_account(
        &self,
        app: &Arc<Application>,
        user: &UserId,
        cause: KickCause,
    ) {
        let _in_order = self.sessions.order(user).await;
        let logins = self.sessions.kick(app.sdk_app_id, user, cause);
        self.presence_changed(app.sdk_app_id, user);
        if cause == KickCause::Administrator {
            self.put_out(app, user, &logins).await;
        }
        for login in logins {
            let action = (StateAction::Logout, StateReason::Unregister);
            self.state_changed(app, user, action, &[], login.origin()).await;
        }
    }
}

pub(super) fn not_in(group_id: &GroupId) -> ApiError {
    ApiError::new(Code::NOT_IN_ROOM, format!("this connection is not in {group_id}"))
}
