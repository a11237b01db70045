//! What users of tokens and keys see.

use data_encoding::HEXLOWER;
use proptest::prelude::*;

use super::*;

const KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
const OTHER: &str = "VGhpcyBpcyBhbm90aGVyIGtleSBvZiAzMiBieXRlcyE=";
/// When the tokens of these tests were made.
const MADE: u64 = 1_700_000_000;
const MINUTE: Option<Duration> = Some(Duration::from_secs(60));

fn keys(text: &str) -> FernetKeys {
    FernetKeys::parse(text).unwrap()
}

fn made(value: &[u8]) -> String {
    keys(KEY).seal(value, MADE, [7; BLOCK]).unwrap()
}

/// The kind of the failure where it failed.
fn kind<T>(outcome: Result<T>) -> Option<ErrorKind> {
    outcome.err().map(|error| error.kind())
}

#[test]
fn a_token_gives_back_what_was_put_in() {
    let keys = FernetKeys::from(FernetKey::generate().unwrap());
    for value in [
        &b""[..],
        b"a",
        b"fifteen bytes..",
        b"sixteen bytes...",
        b"\0\xff\n",
        &[7; 5000],
    ] {
        let token = keys.encrypt(value).unwrap();
        assert!(token.starts_with("gAAAA"), "{token}");
        assert_eq!(keys.decrypt(&token, None).unwrap().expose(), value);
    }
    assert_ne!(
        keys.encrypt(b"a").unwrap(),
        keys.encrypt(b"a").unwrap(),
        "each token has an iv of its own"
    );
}

#[test]
fn the_text_of_a_token_is_read_in_every_spelling() {
    let token = (0..200_u8)
        .map(|iv| keys(KEY).seal(b"v", MADE, [iv; BLOCK]).unwrap())
        .find(|token| token.contains('-') && token.contains('_') && token.ends_with('='))
        .unwrap();
    let standard = token.replace('-', "+").replace('_', "/");
    let bare = token.trim_end_matches('=');
    for text in [
        &token,
        &standard,
        bare,
        &format!("\n {token}\r\n"),
        &format!(" {bare} "),
    ] {
        assert_eq!(keys(KEY).decrypt(text, None).unwrap().expose(), b"v", "{text:?}");
    }
    for text in [
        format!("{token}="),
        format!("{bare}="),
        format!("{}={}", &token[..8], &token[8..]),
    ] {
        assert_eq!(
            kind(keys(KEY).decrypt(&text, None)),
            Some(ErrorKind::InvalidValue),
            "{text}"
        );
    }
    let mixed = token.replacen('-', "+", 1);
    assert_eq!(kind(keys(KEY).decrypt(&mixed, None)), Some(ErrorKind::InvalidValue));
}

#[test]
fn what_is_no_token_is_an_invalid_value() {
    let of = |bytes: &[u8]| BASE64URL.encode(bytes);
    let whole = BASE64URL.decode(made(b"v").as_bytes()).unwrap();
    let mut version = whole.clone();
    version[0] = 0x81;
    let mut uneven = whole.clone();
    uneven.push(0);
    for text in [
        Vec::new(),
        b"   ".to_vec(),
        b"=".to_vec(),
        b"====".to_vec(),
        b"gAAAAA".to_vec(),
        b"not a token".to_vec(),
        b"\xff\xfe".to_vec(),
        of(&whole[..whole.len() - 1]).into_bytes(),
        of(&whole[..LEAST - BLOCK]).into_bytes(),
        of(&version).into_bytes(),
        of(&uneven).into_bytes(),
    ] {
        let shown = HEXLOWER.encode(&text);
        assert_eq!(
            kind(keys(KEY).decrypt(&text, None)),
            Some(ErrorKind::InvalidValue),
            "{shown}"
        );
        assert_eq!(kind(keys(KEY).rotate(&text)), Some(ErrorKind::InvalidValue), "{shown}");
        assert_eq!(
            kind(keys(KEY).timestamp(&text)),
            Some(ErrorKind::InvalidValue),
            "{shown}"
        );
    }
}

#[test]
fn no_bit_of_a_token_can_be_changed() {
    let token = BASE64URL
        .decode(made(b"a value of two blocks, or so").as_bytes())
        .unwrap();
    for place in 0..token.len() {
        for bit in 0..8 {
            let mut changed = token.clone();
            changed[place] ^= 1 << bit;
            let changed = BASE64URL.encode(&changed);
            let expected = if place == 0 {
                ErrorKind::InvalidValue
            } else {
                ErrorKind::WrongKey
            };
            assert_eq!(
                kind(keys(KEY).decrypt(&changed, None)),
                Some(expected),
                "byte {place}, bit {bit}"
            );
            assert_eq!(
                kind(keys(KEY).timestamp(&changed)),
                Some(expected),
                "byte {place}, bit {bit}"
            );
        }
    }
    let text = made(b"v").into_bytes();
    for place in 0..text.len() {
        for bit in 0..8 {
            let mut changed = text.clone();
            changed[place] ^= 1 << bit;
            assert!(
                keys(KEY).decrypt(&changed, None).is_err(),
                "character {place}, bit {bit}"
            );
        }
    }
}

#[test]
fn a_token_of_another_key_is_a_wrong_key() {
    let error = keys(OTHER).decrypt(made(b"v"), None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WrongKey);
    assert!(error.help().contains("new,old"), "{}", error.help());
}

#[test]
fn every_key_reads_and_the_first_one_writes() {
    let both = keys(&format!("{OTHER} , {KEY}"));
    assert_eq!(both.decrypt(made(b"v"), None).unwrap().expose(), b"v");
    let token = both.encrypt(b"w").unwrap();
    assert_eq!(kind(keys(KEY).decrypt(&token, None)), Some(ErrorKind::WrongKey));
    assert_eq!(keys(OTHER).decrypt(&token, None).unwrap().expose(), b"w");
}

#[test]
fn a_rotated_token_keeps_its_time_and_takes_the_new_key() {
    let old = made(b"v");
    let both = keys(KEY).led_by(FernetKey::parse(OTHER).unwrap());
    let new = both.rotate(&old).unwrap();
    assert_ne!(new, old);
    assert_eq!(
        keys(OTHER)
            .decrypt_at(new.as_bytes(), MINUTE, MADE + 60)
            .unwrap()
            .expose(),
        b"v"
    );
    assert_eq!(kind(keys(KEY).decrypt(&new, None)), Some(ErrorKind::WrongKey));
    let time = OffsetDateTime::from_unix_timestamp(MADE.cast_signed()).unwrap();
    assert_eq!(both.timestamp(&old).unwrap(), time);
    assert_eq!(both.timestamp(&new).unwrap(), time);
    assert_eq!(kind(keys(OTHER).rotate(&old)), Some(ErrorKind::WrongKey));
}

#[test]
fn a_token_is_as_old_as_the_clock_says_and_only_where_it_is_asked() {
    let at = |ttl, now| kind(keys(KEY).decrypt_at(made(b"v").as_bytes(), ttl, now));
    assert_eq!(at(MINUTE, MADE), None);
    assert_eq!(at(MINUTE, MADE + 60), None);
    assert_eq!(at(MINUTE, MADE + 61), Some(ErrorKind::Expired));
    assert_eq!(at(Some(Duration::ZERO), MADE), None);
    assert_eq!(at(Some(Duration::ZERO), MADE + 1), Some(ErrorKind::Expired));
    // The clock that made the token may go before ours by a minute.
    assert_eq!(at(MINUTE, MADE - 60), None);
    assert_eq!(at(MINUTE, MADE - 61), Some(ErrorKind::InvalidValue));
    assert_eq!(at(Some(Duration::MAX), MADE - 61), Some(ErrorKind::InvalidValue));
    assert_eq!(at(Some(Duration::MAX), u64::MAX), None);
    for now in [0, MADE, u64::MAX] {
        assert_eq!(at(None, now), None);
    }
    assert_eq!(kind(keys(KEY).decrypt(made(b"v"), MINUTE)), Some(ErrorKind::Expired));
    let fresh = keys(KEY).encrypt(b"v").unwrap();
    assert_eq!(keys(KEY).decrypt(fresh, MINUTE).unwrap().expose(), b"v");
}

#[test]
fn a_time_that_no_calendar_holds_is_an_invalid_value() {
    let token = keys(KEY).seal(b"v", u64::MAX, [0; BLOCK]).unwrap();
    assert_eq!(keys(KEY).decrypt(&token, None).unwrap().expose(), b"v");
    assert_eq!(kind(keys(KEY).decrypt(&token, MINUTE)), Some(ErrorKind::InvalidValue));
    assert_eq!(kind(keys(KEY).timestamp(&token)), Some(ErrorKind::InvalidValue));
    let rotated = keys(KEY).rotate(&token).unwrap();
    assert_eq!(Token::parse(rotated.as_bytes()).unwrap().seconds(), u64::MAX);
}

#[test]
fn a_value_of_the_longest_length_fits_and_no_longer_one() {
    // Without base64, which takes seconds at this length in a build for tests.
    let bytes = |length: usize| keys(KEY).seal_bytes(&vec![0x5a; length], MADE, [7; BLOCK]).unwrap();
    let open = |bytes: Vec<u8>| {
        let bytes = Zeroizing::new(bytes);
        keys(KEY).open(Token { bytes })
    };
    let longest = bytes(MAX_VALUE);
    assert_eq!(BASE64URL.encode_len(longest.len()), MAX_TOKEN);
    assert_eq!(open(longest).unwrap().len(), MAX_VALUE);

    // Another writer's token of one byte more has as many blocks.
    let longer = bytes(MAX_VALUE + 1);
    assert_eq!(BASE64URL.encode_len(longer.len()), MAX_TOKEN);
    assert_eq!(kind(open(longer)), Some(ErrorKind::TooLarge));
    assert_eq!(
        kind(keys(KEY).encrypt(&vec![0; MAX_VALUE + 1])),
        Some(ErrorKind::TooLarge)
    );
    let text = vec![b'A'; MAX_TOKEN + 1];
    assert_eq!(kind(keys(KEY).decrypt(&text, None)), Some(ErrorKind::TooLarge));
    assert_eq!(kind(keys(KEY).decrypt(&text[1..], None)), Some(ErrorKind::InvalidValue));
}

#[test]
fn a_key_is_read_in_every_spelling_and_written_in_one() {
    let standard = KEY.replace('-', "+").replace('_', "/");
    // The last character's two lowest bits mean nothing, and Python reads it so.
    let typed = KEY.replace("4e4=", "4e7=");
    for text in [
        KEY,
        &standard,
        KEY.trim_end_matches('='),
        &format!("  {KEY}\r\n"),
        &typed,
    ] {
        assert_eq!(
            FernetKey::parse(text).unwrap().to_text().expose(),
            KEY.as_bytes(),
            "{text:?}"
        );
    }
    let (one, other) = (FernetKey::generate().unwrap(), FernetKey::generate().unwrap());
    assert_ne!(one.expose(), other.expose());
    assert_eq!(FernetKey::parse(one.to_text().expose()).unwrap().expose(), one.expose());
    assert_eq!(one.to_text().len(), 44);
}

#[test]
fn what_is_no_key_is_refused_without_being_shown() {
    let hex = "5a".repeat(32);
    for text in [
        "",
        "=",
        "hunter2-is-no-key",
        &KEY[..42],
        &format!("{KEY}="),
        &format!("{KEY}A"),
        &KEY.replace('-', "+"),
        &KEY.replace("689", "6 9"),
        &KEY.replace("689", "6*9"),
        &hex,
        "ääääääääääääääääääääääääääääääääääääääääääää",
    ] {
        for error in [
            FernetKey::parse(text).unwrap_err(),
            FernetKeys::parse(text).unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{text}");
            assert!(
                text.len() < 3 || !format!("{error} {error:?}").contains(text),
                "{error}"
            );
            assert!(error.help().contains("strongroom fernet generate"));
        }
    }
    assert_eq!(kind(FernetKey::parse([0xff; 44])), Some(ErrorKind::InvalidArgument));
}

#[test]
fn of_several_keys_the_wrong_one_is_named_by_its_place() {
    for (text, place) in [
        (format!("{KEY},"), "number 2 is empty"),
        (format!(",{KEY}"), "number 1 is empty"),
        (format!("{KEY},{OTHER},hunter2"), "number 3 is none"),
        (format!("{KEY} {OTHER},{KEY}"), "number 1 is none"),
    ] {
        let error = FernetKeys::parse(&text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.message().contains(place), "{error}");
        assert!(!error.message().contains("hunter2"), "{error}");
    }
}

#[test]
fn keys_show_nothing_of_themselves() {
    let keys = keys(&format!("{KEY},{OTHER}"));
    assert_eq!(
        format!("{keys:?}"),
        "FernetKeys { first: FernetKey([REDACTED]), others: [FernetKey([REDACTED])] }"
    );
}

#[cfg(unix)]
#[test]
fn a_file_of_keys_must_be_private_and_hold_keys() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keys");
    assert_eq!(kind(FernetKeys::from_file(&path)), Some(ErrorKind::KeyMissing));
    std::fs::write(&path, format!("{OTHER},\n{KEY}\n")).unwrap();
    let mode = |mode| std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
    mode(0o640);
    assert_eq!(kind(FernetKeys::from_file(&path)), Some(ErrorKind::InsecurePath));
    mode(0o600);
    assert_eq!(
        FernetKeys::from_file(&path)
            .unwrap()
            .decrypt(made(b"v"), None)
            .unwrap()
            .expose(),
        b"v"
    );
    std::fs::write(&path, "hunter2-is-no-key").unwrap();
    let error = FernetKeys::from_file(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidConfig);
    assert!(
        error.message().contains("keys") && !error.message().contains("hunter2"),
        "{error}"
    );
    std::fs::write(&path, format!("{KEY},").repeat(200)).unwrap();
    assert_eq!(kind(FernetKeys::from_file(&path)), Some(ErrorKind::TooLarge));
}

proptest! {
    #[test]
    fn any_value_comes_back(value in prop::collection::vec(any::<u8>(), 0..300), seconds: u64, iv: [u8; BLOCK]) {
        let token = keys(KEY).seal(&value, seconds, iv).unwrap();
        let opened = keys(KEY).decrypt(&token, None).unwrap();
        prop_assert_eq!(opened.expose(), &value[..]);
    }

    #[test]
    fn no_text_makes_reading_panic(text in prop::collection::vec(any::<u8>(), 0..200), base64 in "[A-Za-z0-9+/_=-]{0,120}") {
        prop_assert!(keys(KEY).decrypt(&text, MINUTE).is_err());
        prop_assert!(keys(KEY).decrypt(&base64, MINUTE).is_err());
        let begun = format!("gAAAAA{base64}");
        prop_assert!(keys(KEY).decrypt(begun, MINUTE).is_err());
        prop_assert_eq!(kind(FernetKeys::parse(&text)), Some(ErrorKind::InvalidArgument));
    }
}
