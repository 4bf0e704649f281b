//! Answers that say no, in words and with the request's number.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use latchkey_service::sign_in::{RefusalKind, Refused, SignInRefusal};
use latchkey_store::StoreError;

use super::Auth;
use crate::security::{Notice, RequestId};

impl Auth {
    /// A refused sign-in. No session begins; one that the browser had stays as it was.
    pub(super) fn refused(&self, refused: Refused, request: &RequestId, return_to: &str) -> Response {
        let reason = refused.reason;
        let words = reason.words();
        let again = format!(
            "/auth/login?{}",
            url::form_urlencoded::Serializer::new(String::new()).append_pair("return_to", return_to).finish()
        );
        let notice = Notice::new(status(reason), reason.code(), words.title, words.what, words.why, words.help)
            .link("Sign in again", &again)
            .of(request);
        let mut response = self.0.notices.answer(&notice);
        if let Some(wait) = refused.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.num_seconds().max(1)));
        }
        response
    }

    /// Our own fault.
    pub(super) fn broken(&self, error: &StoreError, request: &RequestId) -> Response {
        tracing::error!(%error, "a sign-in failed at the database");
        let notice = Notice::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "database_failed",
            "Latchkey cannot work at the moment",
            "The database did not answer, so nothing was changed.",
            "",
            "Try again in a minute. If this page comes back, give the request number to your IT support.",
        );
        self.0.notices.answer(&notice.of(request))
    }
}

fn status(reason: SignInRefusal) -> StatusCode {
    match (reason, reason.kind()) {
        (SignInRefusal::ProviderUnreachable | SignInRefusal::ProviderUnfit, _) => StatusCode::SERVICE_UNAVAILABLE,
        (SignInRefusal::ProviderDenied, _) | (_, RefusalKind::Person) => StatusCode::FORBIDDEN,
        (_, RefusalKind::Answer) => StatusCode::BAD_REQUEST,
        (_, RefusalKind::Token | RefusalKind::Provider) => StatusCode::BAD_GATEWAY,
        (_, RefusalKind::TooMany) => StatusCode::TOO_MANY_REQUESTS,
    }
}
