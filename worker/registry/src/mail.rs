//! Mails on their way out: through the binding `EMAIL`, or an HTTP API.
use core::time::Duration;

use futures_util::future::{Either, select};
use js_sys::{JsString, Object};
use keyward_issuer::notice::mail::Mail;
use keyward_issuer::notice::{NoticeId, Outcome};
use keyward_platform::property;
use keyward_wire::event::EventName;
use keyward_wire::registry::{MailParts, MailRequest, MailSettings, MailWay};
use wasm_bindgen::{JsCast, JsValue};
use worker::{Delay, EmailAddress, Env, SendEmailBuilder};

use crate::configuration::Configuration;
use crate::outgoing::Outgoing;

const BINDING: &str = "EMAIL";
/// By which a repeat is known where the sender may not set the `Message-ID`.
const NOTICE_FIELD: &str = "X-Keyward-Notice";
/// And what it tells, for programs that sort mails.
const EVENT_FIELD: &str = "X-Keyward-Event";
const TIMEOUT: Duration = Duration::from_secs(10);

/// What came of sending.
pub(crate) struct Came {
    pub(crate) outcome: Outcome,
    /// Of the answer, where there is one.
    pub(crate) status: Option<u16>,
    /// Whether somebody said that nothing was sent.
    pub(crate) is_refused: bool,
}

impl Came {
    /// What is not heard of may have been sent.
    pub(crate) fn with(outcome: Outcome, status: Option<u16>) -> Self {
        Self {
            outcome,
            status,
            is_refused: status.is_some() && outcome != Outcome::Delivered,
        }
    }
}

/// Whether mails can leave at all.
pub(crate) fn channel<'a>(env: &Env, configuration: &'a Configuration) -> Option<&'a MailSettings> {
    let settings = configuration.settings.mail.as_ref()?;
    match settings.way {
        MailWay::Binding => property(env, BINDING).map(|_| settings),
        MailWay::Http(_) => Some(settings),
    }
}

pub(crate) async fn send(
    env: &Env,
    configuration: &Configuration,
    to: &str,
    id: &NoticeId,
    event: EventName,
    mail: &Mail,
) -> Came {
    let Some(settings) = channel(env, configuration) else {
        return Came::with(Outcome::Failed, None);
    };
    let parts = MailParts {
        event: event.as_str(),
        from: &settings.from,
        from_name: &settings.from_name,
        to,
        subject: &mail.subject,
        text: &mail.text,
        html: &mail.html,
        message_id: &id.message_id(settings.domain()),
        idempotency_key: id.as_str(),
        unsubscribe: &mail.unsubscribe,
    };
    match &settings.way {
        MailWay::Binding => by_binding(env, &parts).await,
        MailWay::Http(request) => by_http(request, configuration, &parts).await,
    }
}

async fn by_http(
    request: &MailRequest,
    configuration: &Configuration,
    parts: &MailParts<'_>,
) -> Came {
    let headers: Vec<_> = request.headers(parts).collect();
    let own = headers.iter().map(|(name, value)| (*name, value.as_str()));
    let secret = configuration.secrets.mail_headers.iter();
    let secret = secret.map(|(name, value)| (name.as_str(), value.as_str()));
    let status = Outgoing {
        method: &request.method,
        url: &request.url,
        content_type: request.content_type(),
        fields: own.chain(secret).collect(),
        body: &request.body(parts),
        timeout: TIMEOUT,
    }
    .send()
    .await;
    let outcome = match status {
        Some(200..=299) => Outcome::Delivered,
        // It was understood, and is not taken. What else is wrong may be mended over there.
        Some(400 | 413 | 422) => Outcome::Refused,
        _ => Outcome::Failed,
    };
    Came::with(outcome, status)
}

async fn by_binding(env: &Env, parts: &MailParts<'_>) -> Came {
    let send = async {
        let from = EmailAddress::new(parts.from_name, parts.from);
        let to = [parts.to.to_owned()];
        let headers = Object::new();
        // The service makes the Message-ID itself and takes none.
        let unsubscribe = format!("<{}>", parts.unsubscribe);
        let fields = [
            (NOTICE_FIELD, parts.idempotency_key),
            (EVENT_FIELD, parts.event),
            ("List-Unsubscribe", &unsubscribe),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ];
        for (name, value) in fields {
            let (name, value) = (JsValue::from_str(name), JsValue::from_str(value));
            js_sys::Reflect::set(&headers, &name, &value)?;
        }
        let headers: Object<JsString> = headers.unchecked_into();
        let mail =
            SendEmailBuilder::builder_with_email_address_and_slice(&from, &to, parts.subject)
                .text(parts.text)
                .html(parts.html)
                .headers(&headers)
                .build();
        let sender = env.send_email(BINDING)?;
        sender.send_with_builder(&mail).await?;
        Ok::<_, worker::Error>(())
    };
    match select(Box::pin(send), Box::pin(Delay::from(TIMEOUT))).await {
        Either::Left((Ok(()), _)) => Came::with(Outcome::Delivered, None),
        Either::Left((Err(_), _)) => Came {
            is_refused: true,
            ..Came::with(Outcome::Failed, None)
        },
        Either::Right(_) => Came::with(Outcome::Failed, None),
    }
}
