//! Calls over HTTP and to chats, by dotted name: recorded, not made.
//!
//! What a name means is the documentation of Python's `urllib.request` and `http.client`, Requests, urllib3 and the Slack
//! SDK (looked up November 2026).
use super::expression::Arguments;
use super::flow::Evaluator;
use super::state::{Effect, EffectKind, Item, Object};
use crate::ir::value::{Val, Value};
use crate::source::span::Origins;
use ruff_text_size::TextRange;
use std::rc::Rc;

impl Evaluator<'_> {
    /// The result of a call of an HTTP or chat library; `None` when the name is none of theirs.
    pub(super) fn remote(&mut self, path: &str, arguments: &Arguments, at: TextRange) -> Option<Item> {
        let item = match path {
            "requests.Session" | "requests.session" | "requests" => Item::Path("requests".to_owned()),
            "urllib3.PoolManager" => Item::Path("urllib3".to_owned()),
            "requests.get" | "requests.post" | "requests.put" | "requests.patch" | "requests.delete" | "requests.head" => {
                let verb = path.rsplit('.').next().unwrap_or_default().to_uppercase();
                let verb = Val::text(verb, Origins::none());
                // Only `post` takes `json` as its third place; bodies are named everywhere else.
                let body = arguments.named("json").or_else(|| arguments.named("data")).or_else(|| {
                    if path == "requests.get" || path == "requests.delete" || path == "requests.head" {
                        None
                    } else {
                        arguments.positional.get(1).or_else(|| arguments.positional.get(2))
                    }
                });
                let body = body.cloned();
                let body = body.map(|b| self.body(&b));
                let url = arguments.get(0, "url").cloned();
                self.http(verb, url, body, at)
            }
            "requests.request" | "urllib3.request" => {
                let verb = arguments.get(0, "method").cloned().map_or_else(|| Val::text("GET", Origins::none()), |m| self.state.val(&m));
                let body = ["json", "data", "body", "fields"].iter().find_map(|name| arguments.named(name)).cloned();
                let body = body.map(|b| self.body(&b));
                let url = arguments.get(1, "url").cloned();
                self.http(verb, url, body, at)
            }
            "urllib.request.Request" => {
                let url = arguments.get(0, "url").map_or_else(|| Val::text("", Origins::none()), |u| self.state.val(u));
                let body = arguments.get(1, "data").cloned().map(|b| self.body(&b)).filter(|b| b.value != Value::Null);
                let method = arguments.get(5, "method").map(|m| self.state.val(m));
                Item::Object(Rc::new(Object::Request { url, method, body }), Origins::none())
            }
            "urllib.request.urlopen" => {
                let own = arguments.get(1, "data").cloned().map(|b| self.body(&b)).filter(|b| b.value != Value::Null);
                match arguments.get(0, "url").cloned() {
                    Some(Item::Object(object, _)) if matches!(&*object, Object::Request { .. }) => {
                        let Object::Request { url, method, body } = &*object else { return None };
                        let body = own.or_else(|| body.clone());
                        let verb =
                            method.clone().unwrap_or_else(|| Val::text(if body.is_some() { "POST" } else { "GET" }, Origins::none()));
                        self.http(verb, Some(Item::Scalar(url.clone())), body, at)
                    }
                    url => {
                        let verb = Val::text(if own.is_some() { "POST" } else { "GET" }, Origins::none());
                        self.http(verb, url, own, at)
                    }
                }
            }
            "http.client.HTTPSConnection" | "http.client.HTTPConnection" => {
                let scheme = if path.ends_with("HTTPSConnection") { "https://" } else { "http://" };
                let mut parts = vec![Val::text(scheme, Origins::none())];
                if let Some(host) = arguments.get(0, "host") {
                    parts.push(self.state.val(host));
                }
                if let Some(port) = arguments.get(1, "port") {
                    parts.push(Val::text(":", Origins::none()));
                    parts.push(self.state.val(port));
                }
                let parts: Vec<&Val> = parts.iter().collect();
                let base = self.concat(&parts, &Origins::none(), at);
                let base = self.state.val(&base);
                Item::Object(Rc::new(Object::Connection(base)), Origins::none())
            }
            "slack_sdk.WebClient" | "slack_sdk.web.WebClient" | "slack_sdk.WebhookClient" | "slack_sdk.webhook.WebhookClient" => {
                Item::Path("slack_sdk.client".to_owned())
            }
            "slack_sdk.client.chat_postMessage" | "slack_sdk.client.send" | "slack_sdk.client.send_dict" => {
                let arguments = self.map_of(arguments);
                self.effect(EffectKind::Chat { channel: "Slack".to_owned(), arguments }, at)
            }
            "pymsteams.connectorcard" => Item::Path("pymsteams.card".to_owned()),
            "pymsteams.card.send" => {
                let arguments = self.map_of(arguments);
                self.effect(EffectKind::Chat { channel: "Microsoft Teams".to_owned(), arguments }, at)
            }
            _ => return None,
        };
        Some(item)
    }

    /// The body of a call: what was given to `json.dumps`, or the value itself.
    pub(super) fn body(&self, item: &Item) -> Val {
        match item {
            Item::Object(object, origins) => match &**object {
                Object::Json(val) => val.clone().shaped_by(origins),
                _ => self.state.val(item),
            },
            _ => self.state.val(item),
        }
    }

    pub(super) fn http(&mut self, method: Val, url: Option<Item>, body: Option<Val>, at: TextRange) -> Item {
        let url = match url {
            Some(url) => self.state.val(&url),
            None => Val::unknown(self.excerpt(at), "the call names no address", self.span(at)),
        };
        self.effect(EffectKind::Http { method, url, body }, at)
    }

    /// Records a call; its response.
    pub(super) fn effect(&mut self, kind: EffectKind, at: TextRange) -> Item {
        let effect = Effect { kind, span: self.span(at), conditional: self.state.conditional.clone() };
        if self.state.effects.len() < 64 {
            self.state.effects.push(effect);
        }
        Item::Object(Rc::new(Object::Reply(self.state.effects.len() - 1)), Origins::none())
    }
}
