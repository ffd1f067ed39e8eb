//! Settings as JSON: read or refused, and what is read is within its bounds.
#![no_main]
use keyward_core::deployment::is_name;
use keyward_wire::settings::Settings;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let settings = match Settings::parse(text) {
        Ok(settings) => settings,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let core = settings.deployment.settings();
    assert!(is_name(&core.name));
    assert!((10..=900).contains(&core.created_age_s_max) && core.created_ahead_s_max <= 300);
    assert!(settings.isolate_ttl_s <= 300 && (1..=300).contains(&settings.origin_timeout_s));
    for one in &core.authorities {
        let found = settings.deployment.authority(&one.authority, one.scheme);
        assert_eq!(found.map(|found| &found.authority), Some(&one.authority));
        // A URL parser finds nothing but a host and a port in it, and no default port.
        let url = format!("{}://{}/", one.scheme.as_str(), one.authority);
        if let Ok(url) = url::Url::parse(&url) {
            assert!(url.username().is_empty() && url.password().is_none());
            assert_eq!((url.path(), url.query()), ("/", None));
            assert_eq!(url.port().is_some(), has_port(&one.authority), "{url}");
        }
    }
});

fn has_port(authority: &str) -> bool {
    let (_, after_address) = authority.rsplit_once(']').unwrap_or(("", authority));
    after_address
        .rsplit_once(':')
        .is_some_and(|(_, port)| !port.is_empty())
}
