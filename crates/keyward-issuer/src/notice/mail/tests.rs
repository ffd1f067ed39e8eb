use alloc::string::ToString;

use super::*;
use crate::notice::Threshold;
use proptest::prelude::*;

const FACTS: MailFacts<'_> = MailFacts {
    organisation: "acme",
    key_id: "kwk_52PftQTKXTfcTQZXcdkxOg3WYEOr",
    name: "Billing export",
    memo: "",
    kind: "signed",
    environment: "production",
    expires_at_s: 1_830_297_600,
    manage_at: "https://admin.example",
    unsubscribe: "https://admin.example/owners/notices/acme/x",
};

fn notices() -> [Notice; 5] {
    let expires_at_s = FACTS.expires_at_s;
    let expires = |threshold| Notice::Expires {
        threshold,
        expires_at_s,
    };
    [
        Notice::Created,
        Notice::Rotated {
            issue: "i1".to_string(),
            old_valid_until_s: None,
        },
        Notice::Removed,
        expires(Threshold::Days30),
        expires(Threshold::Expiry),
    ]
}

#[test]
fn what_operators_wrote_is_escaped_and_never_in_the_subject() {
    let key = MailFacts {
        name: "<b>Bob</b>\r\nBcc: eve@evil.example",
        memo: "one & two\n\"three\" <script>alert('x')</script>",
        ..FACTS
    };
    for notice in notices() {
        let mail = Mail::of(&notice, &key, 1_830_000_000);
        assert!(!mail.subject.contains("Bob"), "{}", mail.subject);
        assert!(!mail.text.contains("\nBcc:"), "{}", mail.text);
        assert!(
            mail.html
                .contains("&lt;b&gt;Bob&lt;/b&gt; Bcc: eve@evil.example<")
        );
        assert!(mail.html.contains(
            "one &amp; two<br>&quot;three&quot; &lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"
        ));
        assert!(!mail.html.contains("<script"));
    }
}

#[test]
fn days_left_are_those_of_the_clock_and_not_of_the_plan() {
    let [.., soon, _] = notices();
    for (left_s, said) in [
        (30 * 86_400, "expires in 30 days"),
        (30 * 86_400 - 1, "expires in 30 days"),
        (18 * 86_400, "expires in 18 days"),
        (86_400, "expires in 1 day"),
        (1, "expires in 1 day"),
    ] {
        let mail = Mail::of(&soon, &FACTS, FACTS.expires_at_s - left_s);
        assert!(mail.subject.ends_with(said), "{}", mail.subject);
    }
}

#[test]
fn a_long_id_is_cut_in_the_subject_alone() {
    let id = "x".repeat(128);
    let mail = Mail::of(
        &Notice::Created,
        &MailFacts {
            key_id: &id,
            ..FACTS
        },
        0,
    );
    assert!(
        mail.subject.len() < 78 && mail.subject.ends_with("x..."),
        "{}",
        mail.subject
    );
    assert!(mail.text.contains(&id) && mail.html.contains(&id));
}

proptest! {
    #[test]
    fn whatever_is_written_stays_in_its_place(name in "\\PC{0,200}|.{0,40}", memo in "(.|\n|\r){0,300}") {
        let hostile = MailFacts { name: &name, memo: &memo, ..FACTS };
        let count = |html: &str, what: &str| html.matches(what).count();
        for notice in notices() {
            let plain = Mail::of(&notice, &MailFacts { memo: "x", name: "x", ..FACTS }, 0);
            let mail = Mail::of(&notice, &hostile, 0);
            prop_assert_eq!(&mail.subject, &plain.subject);
            prop_assert!(mail.subject.bytes().all(|b| (0x20..0x7F).contains(&b)));
            // Nothing of it is an element, but for the breaks between lines and an empty fact that is left out.
            let rows = count(&plain.html, "<tr>") - count(&mail.html, "<tr>");
            prop_assert!(rows <= 2);
            let tags = count(&mail.html, "<") - count(&mail.html, "<br>");
            prop_assert_eq!(tags, count(&plain.html, "<") - rows * 6);
            prop_assert!(!mail.text.chars().any(|c| c.is_control() && c != '\n'));
            prop_assert!(mail.text.len() < 8_000);
        }
    }
}
