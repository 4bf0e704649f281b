//! Calls to the provider: short, without redirects, and with an answer of bounded size.

use std::{pin::Pin, time::Duration};

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse, http, reqwest};
use url::Url;

use crate::settings::is_loopback;

/// More than any discovery document, key set or token answer.
const LONGEST_ANSWER: usize = 512 * 1024;

/// A client for one provider.
pub struct Http(reqwest::Client);

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum HttpProblem {
    /// It didn't arrive, or nothing came back in time.
    #[error("the call failed")]
    Call(#[from] reqwest::Error),
    /// What came back is no HTTP answer.
    #[error("the answer cannot be read")]
    Answer(#[from] http::Error),
    /// What came back is too long.
    #[error("the answer is longer than {LONGEST_ANSWER} bytes")]
    TooLong,
}

impl Http {
    pub fn new(issuer: &Url) -> Result<Self, reqwest::Error> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("latchkey/", env!("CARGO_PKG_VERSION")))
            // A redirect could lead the client's secret, or us, anywhere.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(3))
            .timeout(Duration::from_secs(8));
        if is_loopback(issuer) {
            builder = builder.no_proxy();
        }
        builder.build().map(Self)
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpProblem> {
        let mut answer = self.0.execute(request.try_into()?).await?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if body.len() + chunk.len() > LONGEST_ANSWER {
                return Err(HttpProblem::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        let mut response = http::Response::builder().status(answer.status());
        for (name, value) in answer.headers() {
            response = response.header(name, value);
        }
        Ok(response.body(body)?)
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpProblem;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpProblem>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}
