//! One line a decision, as JSON, without secrets.
use keyward_core::parse::Exchange;
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Line {
    event: &'static str,
    pub(crate) outcome: &'static str,
    pub(crate) status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) code: Option<&'static str>,
    /// Well-formed, otherwise it would not have been looked up; not yet proven to be the client's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key_id: Option<String>,
    /// Proven.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) organisation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) environment: Option<String>,
    /// The pattern, never the path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) route: Option<String>,
    /// Where the record came from: `memory` or `kv`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tier: Option<&'static str>,
    /// Who found out about a token's signature: `memory` or `runtime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) signature: Option<&'static str>,
    /// What only the operator may know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

impl Default for Line {
    fn default() -> Self {
        Self {
            event: "decision",
            outcome: "deny",
            status: 0,
            code: None,
            key_id: None,
            organisation: None,
            environment: None,
            route: None,
            tier: None,
            signature: None,
            reason: None,
        }
    }
}

impl Line {
    /// What is known before the key is.
    pub(crate) fn describe(&mut self, exchange: &Exchange<'_>) {
        self.environment = Some(exchange.environment().to_owned());
        self.route = exchange
            .route()
            .map(|found| found.route.pattern().to_owned());
    }

    pub(crate) fn write(&self) {
        if let Ok(text) = serde_json::to_string(self) {
            worker::console_log!("{text}");
        }
    }
}
