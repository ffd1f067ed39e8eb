//! Addresses and networks as they are written.

use super::*;

#[test]
fn an_address_has_one_spelling_for_every_reader() {
    let good = [
        ("0.0.0.0", "0.0.0.0"),
        ("192.0.2.7", "192.0.2.7"),
        ("2001:DB8::1", "2001:db8::1"),
        ("2001:0db8:0:0:0:0:0:1", "2001:db8::1"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::FFFF:c000:207", "192.0.2.7"),
        (
            "0000:0000:0000:0000:0000:ffff:192.168.100.228",
            "192.168.100.228",
        ),
        ("::192.0.2.7", "::192.0.2.7"),
        ("64:ff9b::192.0.2.7", "64:ff9b::192.0.2.7"),
    ];
    for (text, address) in good {
        assert_eq!(parse_address(text), Ok(ip(address)), "{text}");
    }
    use AddressError as E;
    let bad = [
        ("", E::Empty),
        ("010.0.0.1", E::LeadingZero),
        ("10.0.0.01", E::LeadingZero),
        ("10.0.0.00", E::LeadingZero),
        ("0x0a.0.0.1", E::NotAnAddress),
        ("10.1", E::NotAnAddress),
        ("167772161", E::NotAnAddress),
        ("256.0.0.1", E::NotAnAddress),
        ("10.0.0.1.", E::NotAnAddress),
        ("10.0.0.1:80", E::NotAnAddress),
        (" 10.0.0.1", E::NotAnAddress),
        ("10.0.0.1\n", E::NotAnAddress),
        ("１0.0.0.1", E::NotAnAddress),
        ("fe80::1%eth0", E::Zone),
        ("fe80::1%25eth0", E::Zone),
        ("[::1]", E::Brackets),
        ("[::1]:443", E::Brackets),
        ("::ffff:010.0.0.1", E::NotAnAddress),
        ("00001::", E::NotAnAddress),
        ("1::2::3", E::NotAnAddress),
        (":", E::NotAnAddress),
        ("localhost", E::NotAnAddress),
        ("unknown", E::NotAnAddress),
        ("_hidden", E::NotAnAddress),
        (
            "0000:0000:0000:0000:0000:0000:255.255.255.2550",
            E::NotAnAddress,
        ),
    ];
    for (text, error) in bad {
        assert_eq!(parse_address(text), Err(error), "{text}");
    }
}

#[test]
fn a_network_is_what_people_mean_or_an_error() {
    let good = [
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("192.0.2.7", "192.0.2.7/32"),
        ("192.0.2.7/32", "192.0.2.7/32"),
        ("2001:db8::/32", "2001:db8::/32"),
        ("2001:db8::1", "2001:db8::1/128"),
        ("::ffff:192.0.2.7", "192.0.2.7/32"),
        ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
        ("::ffff:128.0.0.0/97", "128.0.0.0/1"),
        ("::/1", "::/1"),
    ];
    for (text, network) in good {
        assert_eq!(parse_network(text), Ok(net(network)), "{text}");
    }
    use NetworkProblem as P;
    let bad = [
        (
            "10.0.0.1/8",
            P::HostBits {
                meant: net("10.0.0.0/8"),
            },
        ),
        (
            "2001:db8::1/32",
            P::HostBits {
                meant: net("2001:db8::/32"),
            },
        ),
        (
            "::ffff:10.0.0.1/104",
            P::HostBits {
                meant: net("10.0.0.0/8"),
            },
        ),
        ("::ffff:10.0.0.0/95", P::MappedPrefix),
        ("::ffff:10.0.0.0/8", P::MappedPrefix),
        ("0.0.0.0/0", P::Everything),
        ("10.0.0.0/0", P::Everything),
        ("::/0", P::Everything),
        ("::ffff:0.0.0.0/96", P::Everything),
        ("10.0.0.0/33", P::Prefix),
        ("::/129", P::Prefix),
        ("::ffff:10.0.0.0/129", P::Prefix),
        ("10.0.0.0/", P::Prefix),
        ("10.0.0.0/+8", P::Prefix),
        ("10.0.0.0/08", P::Prefix),
        ("10.0.0.0/ 8", P::Prefix),
        ("10.0.0.0/8/8", P::Prefix),
        ("10.0.0.0/255.0.0.0", P::Prefix),
        ("10.0.0.0/264", P::Prefix),
        ("", P::Address(AddressError::Empty)),
        ("/8", P::Address(AddressError::Empty)),
        ("010.0.0.0/8", P::Address(AddressError::LeadingZero)),
        ("10.0.0.*", P::Address(AddressError::NotAnAddress)),
        ("10.0.0.1-10.0.0.9", P::Address(AddressError::NotAnAddress)),
    ];
    for (text, problem) in bad {
        let error = parse_network(text).expect_err(text);
        assert_eq!((error.entry(), error.problem()), (text, &problem));
    }
}

#[test]
fn errors_say_what_to_write_instead() {
    let told = |text| parse_network(text).expect_err(text).to_string();
    assert_eq!(
        told("10.0.0.1/8"),
        "`10.0.0.1/8` has bits set behind the prefix; the network is 10.0.0.0/8"
    );
    assert_eq!(
        told("010.0.0.1"),
        "`010.0.0.1` has a part with a leading zero"
    );
    assert_eq!(told("a\nb"), "`a\\nb` is not an IPv4 or IPv6 address");
    assert!(told(&"x".repeat(9999)).len() < 200);
}

#[test]
fn a_list_names_each_bad_entry() {
    assert_eq!(
        parse_networks("10.0.0.0/8, 192.0.2.7 ,\n2001:db8::/32"),
        Ok(vec![
            net("10.0.0.0/8"),
            net("192.0.2.7/32"),
            net("2001:db8::/32")
        ])
    );
    assert_eq!(parse_networks(""), Ok(vec![]));
    assert_eq!(parse_networks(" \n"), Ok(vec![]));
    let errors = parse_networks("10.0.0.1/8,192.0.2.7,,x").expect_err("bad");
    let entries: Vec<&str> = errors.iter().map(NetworkError::entry).collect();
    assert_eq!(entries, vec!["10.0.0.1/8", "", "x"]);
    assert!(parse_networks("10.0.0.1,").is_err());
    let many = |count| vec!["10.0.0.1"; count].join(",");
    assert_eq!(
        parse_networks(&many(NETWORKS_MAX)).map(|list| list.len()),
        Ok(NETWORKS_MAX)
    );
    let errors = parse_networks(&many(NETWORKS_MAX + 1)).expect_err("too many");
    assert_eq!(
        errors.first().map(NetworkError::problem),
        Some(&NetworkProblem::TooMany)
    );
}
