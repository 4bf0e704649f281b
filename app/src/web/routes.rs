//! Which address leads where.

use axum::{
    Router,
    middleware::from_fn_with_state,
    routing::{get, post},
};

use super::{PageError, act, answer::draw_errors, live, load, state::AppState};

/// Every page and every change that needs somebody signed in. The caller puts [`super::Signed`] and [`super::Visit`] into
/// the requests that come here, and a session layer around it.
pub fn router(state: AppState) -> Router {
    let pages = Router::new()
        .route("/", get(load::home::get))
        .route("/catalog", get(load::catalog::get))
        .route("/roles/{id}", get(load::role::get))
        .route("/cart", get(load::cart::get))
        .route("/cart/people", get(load::cart_people::get))
        .route("/compare", get(load::compare::get))
        .route("/requests", get(load::requests::get))
        .route("/requests/{id}", get(load::request::get))
        .route("/requests/{id}/events", get(live::request_events))
        .route("/requests/{id}/withdraw/{item}", get(load::confirm::withdraw))
        .route("/access/{grant}/give-back", get(load::confirm::give_back))
        .route("/requests/{id}/write/{item}", get(load::confirm_more::write))
        .route("/requests/{id}/approvers/{item}", get(load::approvals::people::add))
        .route("/access/{grant}/end", get(load::confirm_more::end))
        .route("/expiring", get(load::expiring::get))
        .route("/expiring/let-go", get(load::expiring::let_go))
        .route("/approvals", get(load::approvals::get))
        .route("/approvals/delegation", get(load::delegation::get))
        .route("/approvals/together", get(load::approvals::together::get))
        .route("/approvals/together/done", get(load::approvals::together::done))
        .route("/approvals/hand-over/{item}", get(load::approvals::people::hand_over))
        .route("/wishes", get(load::wishes::list))
        .route("/wishes/new", get(load::wishes::new))
        .route("/wishes/{id}", get(load::wishes::one::get))
        .route("/team", get(load::team::get))
        .route("/people/{id}", get(load::person::get))
        .route("/sessions", get(load::sessions::get))
        .route("/audit", get(load::audit::get))
        .route("/audit.csv", get(load::audit::csv))
        .route("/systems", get(load::systems::list))
        .route("/systems/confirm-restore", get(load::confirm::restore))
        .route("/systems/{key}", get(load::systems::one))
        .route("/admin/separation", get(load::separation::list))
        .route("/admin/separation/conflicts", get(load::separation::conflicts))
        .route("/admin/separation/conflicts.csv", get(load::separation::csv))
        .route("/admin/separation/rules/{key}", get(load::separation::rule))
        .route("/admin/separation/exceptions/{id}/end", get(load::separation::end_exception))
        .route("/admin", get(load::admin::get));
    let changes = Router::new()
        .route("/do/request-role", post(act::request_role::post))
        .route("/do/add-to-cart", post(act::add_to_cart::post))
        .route("/do/cart", post(act::cart::post))
        .route("/do/withdraw-item", post(act::withdraw_item::post))
        .route("/do/give-back", post(act::give_back::post))
        .route("/do/extend-expiring", post(act::expiring::extend))
        .route("/do/let-go", post(act::expiring::let_go))
        .route("/do/make-wish", post(act::wishes::make))
        .route("/do/answer-wish", post(act::wishes::answer))
        .route("/do/decide-proposal", post(act::wishes::decide))
        .route("/do/withdraw-wish", post(act::wishes::withdraw))
        .route("/do/decide", post(act::decide::post))
        .route("/do/delegate", post(act::delegate::post))
        .route("/do/end-delegation", post(act::delegate::end))
        .route("/do/grant-exception", post(act::grant_exception::post))
        .route("/do/end-exception", post(act::end_exception::post))
        .route("/do/decide-together", post(act::decide_together::post))
        .route("/do/hand-over", post(act::hand_over::post))
        .route("/do/add-approver", post(act::add_approver::post))
        .route("/do/write-message", post(act::write_message::post))
        .route("/do/end-grant", post(act::end_grant::post))
        .route("/do/end-session", post(act::end_session::one))
        .route("/do/end-other-sessions", post(act::end_session::others))
        .route("/do/retry-fulfilment", post(act::retry_fulfilment::post))
        .route("/do/confirm-restore", post(act::confirm_restore::post));
    pages
        .merge(changes)
        .fallback(|| async { PageError::NotFound })
        .layer(from_fn_with_state(state.clone(), draw_errors))
        .with_state(state)
}
