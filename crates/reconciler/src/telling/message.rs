//! What a target is told of an event: what happened in one sentence, where to look, and for programs the ids.
//!
//! What people wrote to each other (reasons, comments, messages) stays in the portal.

use latchkey_domain::event::Envelope;
use serde_json::{Value, json};

/// How a chat takes messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChatFormat {
    /// Slack's incoming webhooks, and what understands them.
    Slack,
    /// Microsoft Teams' workflows: an adaptive card.
    Teams,
}

/// The address of the page about it. `portal` is without a slash at the end.
pub(super) fn link(body: &Value, portal: &str) -> String {
    let id = |field: &str| body.get(field).and_then(Value::as_str);
    match (id("request"), id("role")) {
        (Some(request), _) => format!("{portal}/requests/{request}"),
        (None, Some(role)) => format!("{portal}/roles/{role}"),
        (None, None) => format!("{portal}/"),
    }
}

/// The event's own fields: ids and fixed words.
pub(super) fn fields(envelope: &Envelope) -> Value {
    serde_json::to_value(&envelope.body).unwrap_or(Value::Null)
}

/// A webhook's body, as Standard Webhooks advises.
pub(super) fn webhook(envelope: &Envelope, sentence: &str, portal: &str) -> Value {
    let fields = fields(envelope);
    json!({
        "type": envelope.body.kind(),
        "timestamp": envelope.at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
        "data": {
            "event": envelope.id.to_string(),
            "text": sentence,
            "link": link(&fields, portal),
            "fields": fields,
        },
    })
}

/// A chat's message.
pub(super) fn chat(format: ChatFormat, envelope: &Envelope, sentence: &str, portal: &str) -> Value {
    let link = link(&fields(envelope), portal);
    match format {
        ChatFormat::Slack => json!({ "text": format!("{}\n<{}|Open in the portal>", slack(sentence), slack(&link)) }),
        // A run of text is shown as it is: names can't become links or formatting.
        ChatFormat::Teams => json!({
            "type": "message",
            "attachments": [{
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": null,
                "content": {
                    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                    "type": "AdaptiveCard",
                    "version": "1.4",
                    "body": [{ "type": "RichTextBlock", "inlines": [{ "type": "TextRun", "text": sentence }] }],
                    "actions": [{ "type": "Action.OpenUrl", "title": "Open in the portal", "url": link }],
                },
            }],
        }),
    }
}

/// The three characters that mean something in Slack's text: a name can't mention everybody or be a link.
fn slack(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use latchkey_domain::{EventId, GrantId, IdentityId, RoleId, actor::ActorRef, event::EventBody, grant::GrantEnd};
    use uuid::Uuid;

    use super::*;

    const PORTAL: &str = "https://latchkey.example.test";

    fn envelope() -> Envelope {
        let id = Uuid::from_u128(7);
        let body = EventBody::GrantEnded {
            grant: GrantId(id),
            identity: IdentityId(id),
            role: RoleId(id),
            reason: GrantEnd::Expired,
        };
        Envelope {
            v: 1,
            id: EventId(id),
            at: "2027-03-09T23:00:00Z".parse().unwrap(),
            actor: ActorRef::Host,
            body,
            texts: std::collections::BTreeMap::default(),
            catalog: None,
        }
    }

    #[test]
    fn a_webhook_says_what_when_and_where() {
        let body = webhook(&envelope(), "It ended.", PORTAL);
        assert_eq!(body["type"], "grant_ended");
        assert_eq!(body["timestamp"], "2027-03-09T23:00:00.000000Z");
        assert_eq!(body["data"]["text"], "It ended.");
        let role = "00000000-0000-0000-0000-000000000007";
        assert_eq!(body["data"]["link"], format!("{PORTAL}/roles/{role}"));
        assert_eq!(body["data"]["fields"]["role"], role);
    }

    #[test]
    fn in_a_chat_a_name_is_only_a_name() {
        let said = "<!channel> & <https://evil.test|Ann> asked.";
        let body = chat(ChatFormat::Slack, &envelope(), said, PORTAL);
        let text = body["text"].as_str().unwrap();
        assert!(text.starts_with("&lt;!channel&gt; &amp; &lt;https://evil.test|Ann&gt; asked.\n<https://"), "{text}");
        let body = chat(ChatFormat::Teams, &envelope(), said, PORTAL);
        let card = &body["attachments"][0]["content"];
        assert_eq!(card["body"][0]["inlines"][0]["text"], said);
        assert!(card["actions"][0]["url"].as_str().unwrap().starts_with("https://latchkey.example.test/roles/"));
    }
}
