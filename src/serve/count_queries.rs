//! For measurements: how many queries a request made, in the header `x-latchkey-queries`.

use axum::{extract::Request, http::HeaderValue, middleware::Next, response::Response};

/// Counting is on where this variable is set. It isn't a setting: no installation needs it.
pub const VARIABLE: &str = "MEASURE_LATCHKEY_QUERIES";

/// Counts the queries of one request and tells the number.
pub async fn layer(request: Request, next: Next) -> Response {
    let (mut response, queries) = latchkey_store::count_queries(next.run(request)).await;
    response.headers_mut().insert("x-latchkey-queries", HeaderValue::from(queries));
    response
}
