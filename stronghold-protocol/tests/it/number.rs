//! Numbers are within their ranges, in JSON too.

use stronghold_protocol::number::{
    Epoch, MAX_SAFE_INTEGER, NumberOutOfRange, Revision, RosterVersion, Seq, Version, parse_decimal,
};

#[test]
fn counters_start_at_their_first_and_end_below_2_to_the_53() {
    assert_eq!(Seq::new(0), Ok(Seq::FIRST));
    assert_eq!(Revision::new(0), Err(NumberOutOfRange));
    assert_eq!(Epoch::new(0), Err(NumberOutOfRange));
    assert_eq!(Version::new(0), Err(NumberOutOfRange));
    assert_eq!(RosterVersion::new(0), Err(NumberOutOfRange));
    assert_eq!(Revision::new(1), Ok(Revision::FIRST));
    assert_eq!(Revision::new(MAX_SAFE_INTEGER).unwrap().next().get(), MAX_SAFE_INTEGER);
    assert_eq!(Revision::new(MAX_SAFE_INTEGER + 1), Err(NumberOutOfRange));
    for (json, good) in
        [("1", true), ("9007199254740991", true), ("9007199254740992", false), ("0", false), ("-1", false)]
    {
        assert_eq!(serde_json::from_str::<Revision>(json).is_ok(), good, "{json}");
    }
    for json in ["1.0", "\"1\"", "1e0", "null", "true"] {
        assert!(serde_json::from_str::<Revision>(json).is_err(), "{json}");
    }
}

#[test]
fn a_number_in_a_query_has_one_text() {
    for good in ["0", "7", "10", "9007199254740991"] {
        assert_eq!(parse_decimal(good).unwrap().to_string(), good);
        assert_eq!(good.parse::<Seq>().unwrap().to_string(), good);
    }
    for bad in
        ["", "+7", "-7", "-0", "007", "7.0", "7e0", " 7", "7 ", "0x7", "9007199254740992", "99999999999999999999"]
    {
        assert_eq!(parse_decimal(bad), Err(NumberOutOfRange), "{bad}");
        assert_eq!(bad.parse::<Seq>(), Err(NumberOutOfRange), "{bad}");
    }
}
