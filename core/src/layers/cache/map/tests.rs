//! The map by itself.

use super::*;

fn entry(value: &str, expires_at: Option<i64>) -> Entry {
    Entry {
        secret: Secret::new(value),
        expires_at,
        trust: None,
    }
}

fn read(map: &Map, key: &str) -> Option<Vec<u8>> {
    match map.visit::<16, _>(key.as_bytes(), |_| Lookup::Hit(()), <[u8]>::to_vec) {
        Lookup::Hit(value) => Some(value),
        _ => None,
    }
}

#[test]
fn keeps_both_limits_and_what_was_read_last() {
    let map = Map::new(4, 1 << 20);
    for n in 0..4 {
        map.put_if(format!("k{n}").as_bytes(), entry("v", None), 0, || true);
    }
    assert!(read(&map, "k0").is_some());
    map.put_if(b"k4", entry("v", None), 0, || true);
    assert!(read(&map, "k0").is_some(), "the hand spares what was read");
    assert!(read(&map, "k1").is_none(), "the oldest unread entry goes");
    let map = Map::new(100, 3 * (OVERHEAD + 10));
    for n in 0..10 {
        map.put_if(format!("k{n}").as_bytes(), entry("12345678", None), 0, || true);
        assert!(map.read().bytes <= map.max_bytes);
    }
    assert_eq!(map.read().table.len(), 3);
    assert!(!map.has_room_for(b"huge", &Secret::new("x".repeat(map.max_bytes))));
}

#[test]
fn replaces_removes_and_expires() {
    let map = Map::new(10, 1 << 20);
    map.put_if(b"k", entry("old", None), 0, || true);
    map.put_if(b"k", entry("new", Some(50)), 0, || true);
    assert_eq!(read(&map, "k").as_deref(), Some(&b"new"[..]));
    map.drop_expired(49);
    assert!(read(&map, "k").is_some());
    map.drop_expired(50);
    assert!(read(&map, "k").is_none());
    assert_eq!(
        (map.read().bytes, map.read().table.len(), map.read().expiries.len()),
        (0, 0, 0)
    );
    map.put_if(b"k", entry("v", None), 0, || false);
    assert!(read(&map, "k").is_none(), "an unwanted entry is not kept");
    map.put_if(
        b"k",
        entry("a value longer than the copy on the stack", None),
        0,
        || true,
    );
    assert!(read(&map, "k").is_some());
    map.remove(b"k");
    assert!(read(&map, "k").is_none());
}

#[test]
fn stays_whole_under_many_changes() {
    let map = Map::new(64, 1 << 20);
    for n in 0_u64..20_000 {
        let key = format!("k{}", n.wrapping_mul(2_654_435_761) % 200);
        match n % 7 {
            0 => drop(map.remove(key.as_bytes())),
            1..=3 => drop(map.get(key.as_bytes(), |_| Lookup::Hit(()))),
            _ => drop(map.put_if(
                key.as_bytes(),
                entry("v", (n % 5 == 0).then_some(n as i64 + 50)),
                n as i64,
                || true,
            )),
        }
    }
    let inner = map.read();
    let live = inner.slots.iter().flatten().count();
    assert_eq!(inner.table.len(), live);
    let mut at = inner.oldest;
    let mut walked = 0;
    while let Some(slot) = inner.slot(at) {
        walked += 1;
        at = slot.newer;
    }
    assert_eq!(walked, live, "list and table hold the same entries");
    assert_eq!(
        inner.bytes,
        inner.slots.iter().flatten().map(|slot| slot.size).sum::<usize>()
    );
}
