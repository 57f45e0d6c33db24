//! initData that others have published with its token, and an implementation of other people that must agree with ours.

use telegram::init_data::{Proof, Rejected, Window, sign, verify};

/// Old proofs, so that only what they say decides.
const ANY_TIME: Window = Window {
    max_age_ms: u64::MAX,
    max_ahead_ms: 0,
};
const NOW: u64 = 1_795_000_000_000;

struct Vector {
    token: &'static str,
    init_data: &'static str,
    user: i64,
}

/// From the documentation and the tests of `tma.js` and `init-data-golang` (MIT), and of Telegram's own kind: the second was
/// signed by Telegram itself.
const PUBLISHED: [Vector; 3] = [
    Vector {
        token: "5768337691:AAH5YkoiEuPk8-FZa32hStHTqXiLPtAEhx8",
        init_data: "query_id=AAHdF6IQAAAAAN0XohDhrOrc&user=%7B%22id%22%3A279058397%2C%22first_name%22%3A%22Vladislav%22%2C%22last_name%22%3A%22Kibenko%22%2C%22username%22%3A%22vdkfrost%22%2C%22language_code%22%3A%22ru%22%2C%22is_premium%22%3Atrue%7D&auth_date=1662771648&hash=c501b71e775f74ce10e377dea85a7ea24ecd640b223ea86dfe453e0eaed2e2b2",
        user: 279_058_397,
    },
    Vector {
        token: "7342037359:AAHI25ES9xCOMPokpYoz-p8XVrZUdygo2J4",
        init_data: "user=%7B%22id%22%3A279058397%2C%22first_name%22%3A%22Vladislav%20%2B%20-%20%3F%20%5C%2F%22%2C%22last_name%22%3A%22Kibenko%22%2C%22username%22%3A%22vdkfrost%22%2C%22language_code%22%3A%22ru%22%2C%22is_premium%22%3Atrue%2C%22allows_write_to_pm%22%3Atrue%2C%22photo_url%22%3A%22https%3A%5C%2F%5C%2Ft.me%5C%2Fi%5C%2Fuserpic%5C%2F320%5C%2F4FPEE4tmP3ATHa57u6MqTDih13LTOiMoKoLDRG4PnSA.svg%22%7D&chat_instance=8134722200314281151&chat_type=private&auth_date=1733509682&signature=TYJxVcisqbWjtodPepiJ6ghziUL94-KNpG8Pau-X7oNNLNBM72APCpi_RKiUlBvcqo5L-LAxIc3dnTzcZX_PDg&hash=a433d8f9847bd6addcc563bff7cc82c89e97ea0d90c11fe5729cae6796a36d73",
        user: 279_058_397,
    },
    Vector {
        token: "5768337691:AAH5YkoiEuPk8-FZa32hStHTqXiLPtAEhx8",
        init_data: "auth_date=1&can_send_after=10000&chat=%7B%22id%22%3A1%2C%22type%22%3A%22group%22%2C%22title%22%3A%22chat-title%22%2C%22photo_url%22%3A%22group%22%2C%22username%22%3A%22my-chat%22%7D&chat_instance=888&chat_type=sender&hash=47cfa22e72b887cba90c9cb833c5ea0f599975b6ce7193741844b5c4a4228b40&query_id=QUERY&receiver=%7B%22added_to_attachment_menu%22%3Afalse%2C%22allows_write_to_pm%22%3Atrue%2C%22first_name%22%3A%22receiver-first-name%22%2C%22id%22%3A991%2C%22is_bot%22%3Afalse%2C%22is_premium%22%3Atrue%2C%22language_code%22%3A%22ru%22%2C%22last_name%22%3A%22receiver-last-name%22%2C%22photo_url%22%3A%22receiver-photo%22%2C%22username%22%3A%22receiver-username%22%7D&start_param=debug&user=%7B%22added_to_attachment_menu%22%3Afalse%2C%22allows_write_to_pm%22%3Afalse%2C%22first_name%22%3A%22user-first-name%22%2C%22id%22%3A222%2C%22is_bot%22%3Atrue%2C%22is_premium%22%3Afalse%2C%22language_code%22%3A%22en%22%2C%22last_name%22%3A%22user-last-name%22%2C%22photo_url%22%3A%22user-photo%22%2C%22username%22%3A%22user-username%22%7D",
        user: 222,
    },
];

fn ours(init_data: &str, token: &str) -> Result<Proof, Rejected> {
    verify(init_data, token, ANY_TIME, NOW)
}

fn theirs(init_data: &str, token: &str) -> bool {
    init_data_rs::validate(init_data, token, Some(0)).is_ok()
}

/// The same with `hash` at the end, where the other implementation wants it.
fn with_hash_last(init_data: &str) -> String {
    let (hash, others): (Vec<&str>, Vec<&str>) = init_data
        .split('&')
        .partition(|pair| pair.starts_with("hash="));
    [others, hash].concat().join("&")
}

#[test]
fn what_others_have_published_is_accepted() {
    for Vector {
        token,
        init_data,
        user,
    } in PUBLISHED
    {
        let proof = ours(init_data, token).unwrap_or_else(|error| panic!("{error}: {init_data}"));
        assert_eq!(proof.user.id, user);
        assert!(ours(init_data, &format!("{token}x")).is_err());
        assert!(theirs(&with_hash_last(init_data), token));
    }
}

#[test]
fn no_bit_of_what_others_have_published_can_be_flipped() {
    for Vector {
        token, init_data, ..
    } in PUBLISHED
    {
        let accepted = ours(init_data, token);
        let pairs = |text: &[u8]| {
            let mut pairs: Vec<_> = form_urlencoded::parse(text).into_owned().collect();
            pairs.sort();
            pairs
        };
        for position in 0..init_data.len() {
            for bit in 0..8 {
                let mut flipped = init_data.as_bytes().to_vec();
                flipped[position] ^= 1 << bit;
                let Ok(flipped) = std::str::from_utf8(&flipped) else {
                    continue;
                };
                if ours(flipped, token).is_ok() {
                    // The same text, spelt otherwise.
                    assert_eq!(pairs(flipped.as_bytes()), pairs(init_data.as_bytes()));
                    assert_eq!(ours(flipped, token), accepted);
                }
            }
        }
    }
}

#[test]
fn fields_may_stand_in_any_order_but_none_may_be_missing_or_stand_twice() {
    for Vector {
        token, init_data, ..
    } in PUBLISHED
    {
        let accepted = ours(init_data, token);
        let pairs: Vec<&str> = init_data.split('&').collect();
        for turn in 0..pairs.len() {
            let mut turned = pairs.clone();
            turned.rotate_left(turn);
            assert_eq!(ours(&turned.join("&"), token), accepted);
            turned.reverse();
            assert_eq!(ours(&turned.join("&"), token), accepted);

            let mut missing = pairs.clone();
            let pair = missing.remove(turn);
            assert!(ours(&missing.join("&"), token).is_err(), "without {pair}");
            for place in 0..=pairs.len() {
                let mut doubled = pairs.clone();
                doubled.insert(place, pair);
                assert_eq!(
                    ours(&doubled.join("&"), token),
                    Err(Rejected::DuplicateKey),
                    "{pair} twice"
                );
            }
        }
    }
}

/// Ten thousand made-up proofs, some of them spoilt: whatever one of the two implementations takes for signed the other does too.
#[test]
fn two_implementations_agree() {
    const TOKEN: &str = "7000000000:made-up";
    let mut state: u64 = 0x2545_F491_4F6C_DD1D;
    let mut below = |bound: usize| {
        // xorshift64: the same in every run.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % bound as u64) as usize
    };
    const ODD: [&str; 8] = [
        "Иван & Co",
        "a+b c",
        "100%",
        "=&=",
        "\u{1F69A}",
        "'\"\\\\/<",
        "%2B",
        "я\u{301}",
    ];
    let (mut taken, mut refused) = (0, 0);
    for round in 0..10_000 {
        let name = ODD[below(ODD.len())];
        let user = serde_json::json!({"id": 1 + below(1 << 40), "first_name": name}).to_string();
        let start = ODD[below(ODD.len())];
        let date = (1_700_000_000 + below(90_000_000)).to_string();
        let mut fields = vec![
            ("user", user.as_str()),
            ("auth_date", &date),
            ("query_id", "AAH"),
        ];
        if below(2) == 0 {
            fields.push(("start_param", start));
        }
        let mut init_data = sign(TOKEN, &fields);
        if below(2) == 0 {
            // One character in place of another: of digits, letters and what has a meaning in a query.
            let at = below(init_data.len());
            let by = ["0", "7", "a", "F", "%", "+", "&", "="][below(8)];
            if init_data.is_char_boundary(at) && init_data.is_char_boundary(at + 1) {
                init_data.replace_range(at..=at, by);
            }
        }
        let (ours, theirs) = (ours(&init_data, TOKEN), theirs(&init_data, TOKEN));
        match ours {
            Ok(_) => taken += 1,
            Err(_) => refused += 1,
        }
        // What is signed and makes no sense is refused for that here; a hash in capitals there is one, and here is none.
        let is_strictness = matches!(
            ours,
            Err(Rejected::DuplicateKey
                | Rejected::NoUser
                | Rejected::NoAuthDate
                | Rejected::FromTheFuture
                | Rejected::NoHash)
        );
        if !is_strictness {
            assert_eq!(ours.is_ok(), theirs, "round {round}: {init_data}: {ours:?}");
        }
    }
    assert!(taken > 4_000 && refused > 3_000, "{taken} {refused}");
}
