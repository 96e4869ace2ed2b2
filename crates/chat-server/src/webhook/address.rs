//! Which receiver an application may configure (product/269/32431).

use chat_types::code::ApiError;

const MAX_URL_BYTES: usize = 1_024;
const MAX_TOKEN_BYTES: usize = 128;

/// Whether `url` can be a receiver: http or https, with a host, and without the characters that
/// the console of the cloud refuses, so that parameters can simply be appended.
pub(crate) fn check_url(url: &str) -> Result<(), ApiError> {
    let refuse = |why: String| Err(ApiError::bad_parameter(format!("the webhook URL {why}")));
    if url.len() > MAX_URL_BYTES {
        return refuse(format!("has more than {MAX_URL_BYTES} bytes"));
    }
    let forbidden = |c: char| matches!(c, '?' | '&' | '!' | '$' | '#') || c.is_whitespace();
    if let Some(c) = url.chars().find(|&c| forbidden(c) || c.is_control()) {
        return refuse(format!("may not contain {c:?}; parameters are appended by the service"));
    }
    let Ok(parsed) = reqwest::Url::parse(url) else {
        return refuse("cannot be understood: write it like https://shop.example/webhook".into());
    };
    if !matches!(parsed.scheme(), "http" | "https") || !parsed.has_host() {
        return refuse("has to start with http:// or https:// and a host".into());
    }
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return refuse("may not contain a user name: set a token to sign the calls".into());
    }
    Ok(())
}

/// Whether `token` can sign webhooks: 1 to 128 printable ASCII characters.
pub(crate) fn check_token(token: &str) -> Result<(), ApiError> {
    let printable = token.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    if token.is_empty() || token.len() > MAX_TOKEN_BYTES || !printable {
        return Err(ApiError::bad_parameter(format!(
            "a webhook token has 1 to {MAX_TOKEN_BYTES} printable ASCII characters"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_has_a_plain_web_address() {
        for good in [
            "http://127.0.0.1:8080",
            "https://shop.example/webhook/chat",
            "http://[::1]:9000/",
            "https://例え.example/道",
        ] {
            assert_eq!(check_url(good), Ok(()), "{good}");
        }
        let long = format!("http://shop.example/{}", "a".repeat(MAX_URL_BYTES));
        for bad in [
            "",
            "shop.example",
            "/webhook",
            "ftp://shop.example",
            "http://",
            "http://shop.example/a?b=c",
            "http://shop.example/a&b",
            "http://shop.example/a!",
            "http://shop.example/$a",
            "http://shop.example/a b",
            "http://shop.example/\n",
            "http://shop.example/#top",
            "http://user:pass@shop.example/",
            &long,
        ] {
            assert!(check_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_token_is_short_and_printable() {
        assert_eq!(check_token("x"), Ok(()));
        assert_eq!(check_token(&"~".repeat(MAX_TOKEN_BYTES)), Ok(()));
        for bad in ["", "tab\t", "é", &"a".repeat(MAX_TOKEN_BYTES + 1)] {
            assert!(check_token(bad).is_err(), "{bad}");
        }
    }
}
