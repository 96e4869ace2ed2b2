//! Signing in and importing accounts.

use chat_types::UserId;
use chat_types::code::{ApiError, Code};
use usersig::Expected;

use super::{Service, internal};

/// Profile values of an account, in bytes (product/269/1500).
const MAX_PROFILE_VALUE_BYTES: usize = 500;

/// Somebody whose UserSig was checked.
#[derive(Debug, Clone)]
pub(crate) struct SignedIn {
    pub(crate) sdk_app_id: u32,
    pub(crate) user_id: UserId,
    /// Seconds until the UserSig runs out.
    pub(crate) valid_for_s: u64,
}

impl Service {
    /// Checks the UserSig of an account: 60006 for an unknown application, then the codes of
    /// [`usersig::Error`] in its order.
    pub(crate) async fn check_user_sig(
        &self,
        sdk_app_id: u32,
        user_id: UserId,
        user_sig: &str,
    ) -> Result<SignedIn, ApiError> {
        let app = self.storage.application(sdk_app_id).await.map_err(internal)?;
        let Some(app) = app else {
            return Err(ApiError::new(
                Code::APP_INVALID,
                format!("sdkappid {sdk_app_id} names no application of this service"),
            ));
        };
        let now_s = self.clock.now_s();
        let expected = Expected { sdk_app_id, key: &app.key, identifier: user_id.as_str(), now_s };
        let claims = usersig::verify(user_sig, &expected)
            .map_err(|error| ApiError::new(Code(error.code()), error.to_string()))?;
        let valid_for_s = claims.expires_at_s().saturating_sub(now_s);
        Ok(SignedIn { sdk_app_id, user_id, valid_for_s })
    }

    /// Makes sure that the account exists, as the first login of an account does in the cloud, and
    /// returns its nickname.
    pub(crate) async fn account_of_login(&self, who: &SignedIn) -> Result<String, ApiError> {
        let (app, user) = (who.sdk_app_id, who.user_id.as_str());
        if let Some(nick) = self.storage.account_nick(app, user).await.map_err(internal)? {
            return Ok(nick);
        }
        let now_s = self.clock.now_s();
        self.storage.upsert_account(app, user, None, None, now_s).await.map_err(internal)?;
        Ok(String::new())
    }

    pub(crate) async fn is_admin(&self, who: &SignedIn) -> Result<bool, ApiError> {
        self.storage.is_admin(who.sdk_app_id, who.user_id.as_str()).await.map_err(internal)
    }

    /// Adds an account or changes its nickname and picture.
    pub(crate) async fn import_account(
        &self,
        sdk_app_id: u32,
        user_id: &str,
        nick: Option<&str>,
        face_url: Option<&str>,
    ) -> Result<(), ApiError> {
        let parameter = |info: String| ApiError::new(Code::ACCOUNT_PARAMETER, info);
        let user_id = UserId::new(user_id).map_err(|error| parameter(error.info))?;
        for (field, value) in [("Nick", nick), ("FaceUrl", face_url)] {
            if value.is_some_and(|value| value.len() > MAX_PROFILE_VALUE_BYTES) {
                return Err(parameter(format!(
                    "{field} is over {MAX_PROFILE_VALUE_BYTES} bytes: shorten it"
                )));
            }
        }
        let now_s = self.clock.now_s();
        self.storage
            .upsert_account(sdk_app_id, user_id.as_str(), nick, face_url, now_s)
            .await
            .map_err(|error| ApiError { code: Code::ACCOUNT_INTERNAL, ..internal(error) })?;
        if let Some(nick) = nick {
            self.account_renamed(sdk_app_id, &user_id, nick);
        }
        Ok(())
    }
}
