//! Records as the registry may hold them: what is written is read at the edge, the same, and makes
//! a key.
#![no_main]
use std::collections::BTreeSet;
use std::sync::LazyLock;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use keyward_core::catalogue::Actions;
use keyward_core::jws::JwsAlgorithm;
use keyward_core::key::{Key, NoncePolicy, Profile, Profiles, ReplayPolicy, SigningRules};
use keyward_core::mac::Algorithm;
use keyward_fuzz::setting::SETTING;
use keyward_wire::grants::{Accounts, GrantTable};
use keyward_wire::record::{Assignment, BasicIssue, Live, Material, Record, SignedIssue, State};
use keyward_wire::record::{SealedSecret, TokenIssue, TokenProfile};
use keyward_wire::ring::RingId;
use keyward_wire::seal::SealContext;
use keyward_wire::{Expect, MasterRing, Opened, PublishRing, Publisher, Unsealing};
use keyward_wire::{kv_name, open_record};
use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;

const ENVIRONMENT: &str = "production";
const NOW_S: u64 = 1_800_000_000;

struct Registry {
    publisher: Publisher,
    publish: PublishRing,
    masters: Unsealing,
    ring: RingId,
}

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| {
    let ring = RingId::parse("r1").expect("an id");
    let publisher = Publisher::new(ring.clone(), &[1; 32]);
    let keys = [(ring.clone(), publisher.public_key())];
    let masters = MasterRing::new([(ring.clone(), [2; 32].into())]).expect("masters");
    Registry {
        publish: PublishRing::new(keys).expect("a key"),
        publisher,
        masters: Unsealing::Masters(masters),
        ring,
    }
});

fuzz_target!(|data: &[u8]| {
    let Ok(record) = record(&mut Unstructured::new(data)) else {
        return;
    };
    let Ok(payload) = record.to_payload() else {
        return;
    };
    assert_eq!(Record::from_payload(&payload).as_ref(), Ok(&record));

    let registry = &*REGISTRY;
    let name = kv_name(&record.key_id);
    let Ok(text) = registry.publisher.publish(&name, &payload) else {
        return;
    };
    let expect = Expect {
        deployment: "fuzz",
        environment: ENVIRONMENT,
        key_id: &record.key_id,
    };
    let opened = open_record(
        &text,
        &name,
        &registry.publish,
        &registry.masters,
        expect,
        NOW_S,
    );
    match (opened, &record.state) {
        (Ok(Opened::Key(parts)), State::Live(live)) => {
            assert_eq!(parts.expires_at_s, live.expires_at_s);
            Key::compile(parts, &SETTING.catalogue)
                .expect("a record that was published makes a key");
        }
        (Ok(Opened::Tombstone { .. }), State::Tombstone) => {}
        (Ok(Opened::OtherEnvironment { .. }), _) => assert_ne!(record.environment, ENVIRONMENT),
        (Err(error), State::Live(live)) => {
            let stale = live.fresh_until_s.is_none_or(|until| until < NOW_S);
            assert!(stale, "{error}");
        }
        (outcome, state) => panic!("{outcome:?} of {state:?}"),
    }
});

fn record(u: &mut Unstructured<'_>) -> Result<Record> {
    let key_id = match u.int_in_range(0..=3)? {
        0 => SETTING.signed.clone(),
        1 => "imported-1".into(),
        _ => u.arbitrary()?,
    };
    let (organisation, environment) = (name(u, "acme")?, name(u, ENVIRONMENT)?);
    let state = if u.ratio(1, 8)? {
        State::Tombstone
    } else {
        State::Live(live(u, &key_id, &organisation, &environment)?)
    };
    Ok(Record {
        key_id,
        organisation,
        environment,
        generation: u.arbitrary()?,
        state,
    })
}

/// Usual names more often than any.
fn name(u: &mut Unstructured<'_>, usual: &str) -> Result<String> {
    if u.ratio(3, 4)? {
        Ok(usual.into())
    } else {
        u.arbitrary()
    }
}

fn time(u: &mut Unstructured<'_>) -> Result<u64> {
    Ok(match u.int_in_range(0..=2)? {
        0 => NOW_S + 60,
        1 => NOW_S - 60,
        _ => u.arbitrary()?,
    })
}

fn maybe<T>(
    u: &mut Unstructured<'_>,
    make: impl FnOnce(&mut Unstructured<'_>) -> Result<T>,
) -> Result<Option<T>> {
    if u.arbitrary()? {
        make(u).map(Some)
    } else {
        Ok(None)
    }
}

fn many<T>(
    u: &mut Unstructured<'_>,
    make: impl Fn(&mut Unstructured<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let count = u.int_in_range(0..=3)?;
    (0..count).map(|_| make(u)).collect()
}

fn live(
    u: &mut Unstructured<'_>,
    key_id: &str,
    organisation: &str,
    environment: &str,
) -> Result<Live> {
    let context = SealContext {
        deployment: "fuzz",
        environment,
        organisation,
        key_id,
        kind: "signed",
        issue: "",
        algorithm: "",
    };
    Ok(Live {
        fresh_until_s: maybe(u, time)?,
        not_before_s: maybe(u, time)?,
        expires_at_s: time(u)?,
        disabled: u.arbitrary()?,
        addresses: maybe(u, |u| many(u, network))?,
        assignments: many(u, assignment)?,
        material: match u.int_in_range(0..=2)? {
            0 => basic(u, organisation)?,
            1 => signed(u, context)?,
            _ => token(u, context)?,
        },
    })
}

fn network(u: &mut Unstructured<'_>) -> Result<IpNet> {
    let net = match u.int_in_range(0..=2)? {
        0 => Ipv4Net::new(u.arbitrary::<u32>()?.into(), u.int_in_range(0..=32)?).map(IpNet::V4),
        1 => Ipv6Net::new(u.arbitrary::<u128>()?.into(), u.int_in_range(0..=128)?).map(IpNet::V6),
        _ => {
            let mapped = 0xFFFF_0000_0000_u128 | u128::from(u.arbitrary::<u32>()?);
            Ipv6Net::new(mapped.into(), u.int_in_range(90..=128)?).map(IpNet::V6)
        }
    };
    let net = net.expect("a prefix that fits");
    Ok(if u.arbitrary()? { net.trunc() } else { net })
}

fn assignment(u: &mut Unstructured<'_>) -> Result<Assignment> {
    let mut grants = GrantTable::default();
    for _ in 0..u.int_in_range(0..=2)? {
        let actions = Actions::parse(u.choose(&["", "c", "ru", "crud"])?).unwrap_or_default();
        grants.grant(&name(u, "api")?, &name(u, "things")?, actions);
    }
    Ok(Assignment {
        role: name(u, "admin")?,
        accounts: if u.arbitrary()? {
            Accounts::All
        } else {
            Accounts::Listed(BTreeSet::from_iter(many(u, |u| name(u, "a1"))?))
        },
        grants,
    })
}

fn basic(u: &mut Unstructured<'_>, organisation: &str) -> Result<Material> {
    let ring = &REGISTRY.ring;
    let keys = REGISTRY
        .masters
        .keys(organisation, ring)
        .expect("the ring's keys");
    let issues = many(u, |u| {
        Ok(BasicIssue {
            issue: u.choose(&["i1", "i2"])?.to_string(),
            ring: ring.clone(),
            mac: keys.basic_mac(&u.arbitrary::<[u8; 8]>()?),
            of_digest: u.arbitrary()?,
            not_after_s: maybe(u, time)?,
        })
    })?;
    Ok(Material::Basic(issues))
}

fn signed(u: &mut Unstructured<'_>, context: SealContext<'_>) -> Result<Material> {
    let ring = &REGISTRY.ring;
    let keys = REGISTRY
        .masters
        .keys(context.organisation, ring)
        .expect("the ring's keys");
    let algorithm = *u.choose(&[
        Algorithm::HmacSha256,
        Algorithm::HmacSha384,
        Algorithm::HmacSha512,
    ])?;
    let issues = many(u, |u| {
        let usual = *u.choose(&["i1", "i2"])?;
        let issue = name(u, usual)?;
        let context = SealContext {
            issue: &issue,
            algorithm: algorithm.as_str(),
            ..context
        };
        let sealed = keys
            .seal(&context, ring, u.arbitrary()?, &u.arbitrary::<[u8; 8]>()?)
            .expect("a short secret");
        Ok(SignedIssue {
            issue,
            ring: ring.clone(),
            sealed,
            not_after_s: maybe(u, time)?,
        })
    })?;
    Ok(Material::Signed {
        algorithm,
        rules: SigningRules {
            nonce: *u.choose(&[NoncePolicy::Optional, NoncePolicy::Required])?,
            profiles: Profiles::with(many(u, |u| u.choose(&Profile::ALL).copied())?),
            replay: *u.choose(&[
                ReplayPolicy::Window,
                ReplayPolicy::Strict,
                ReplayPolicy::StrictAll,
            ])?,
            allow_unsigned_query: u.arbitrary()?,
        },
        issues,
    })
}

fn token(u: &mut Unstructured<'_>, context: SealContext<'_>) -> Result<Material> {
    let ring = &REGISTRY.ring;
    let keys = REGISTRY
        .masters
        .keys(context.organisation, ring)
        .expect("the ring's keys");
    let algorithm = *u.choose(&[
        JwsAlgorithm::EdDsa,
        JwsAlgorithm::Hs256,
        JwsAlgorithm::Hs384,
        JwsAlgorithm::Hs512,
    ])?;
    let has_secret = algorithm.mac().is_some() ^ u.ratio(1, 8)?;
    let profile = if u.ratio(1, 4)? {
        TokenProfile::JwtIss
    } else {
        TokenProfile::Keyward
    };
    let issues = many(u, |u| {
        let issue = name(u, "i1")?;
        let context = SealContext {
            kind: "token",
            issue: &issue,
            algorithm: algorithm.as_str(),
            ..context
        };
        let sealed = keys
            .seal(&context, ring, u.arbitrary()?, &u.arbitrary::<[u8; 8]>()?)
            .expect("a short secret");
        let ring = ring.clone();
        Ok(TokenIssue {
            issue,
            secret: has_secret.then_some(SealedSecret { ring, sealed }),
            not_after_s: maybe(u, time)?,
        })
    })?;
    Ok(Material::Token {
        algorithm,
        profile,
        issues,
    })
}
