//! Ways of removing a secret and of getting it back, over a store that keeps nothing that was removed. Those of servers
//! are tested against them.

use crate::home::Home;

#[test]
fn what_the_store_does_not_keep_is_not_removed_softly() {
    let home = Home::with_store();
    home.set("A", b"one");
    home.set("A", b"two");
    home.run(&["delete", "--soft", "A"]).fails("unsupported", 43);
    home.run(&["delete", "--version", "1", "A"]).fails("unsupported", 43);
    home.run(&["restore", "A"]).fails("unsupported", 43);
    assert_eq!(home.get("A"), b"two", "nothing was removed");
    assert_eq!(home.run(&["versions", "A"]).ok().text().lines().count(), 2);
}

#[test]
fn by_force_is_as_always_where_nothing_is_kept() {
    let home = Home::with_store();
    home.set("A", b"one");
    home.run(&["delete", "--force", "A"]).ok();
    home.run(&["get", "A"]).fails("not_found", 10);
    home.run(&["delete", "--force", "A"]).fails("not_found", 10);
    home.run(&["delete", "--force", "--missing-ok", "A"]).ok();
}

#[test]
fn two_ways_at_once_are_refused() {
    let home = Home::with_store();
    home.set("A", b"one");
    for ways in [
        &["--soft", "--force"][..],
        &["--soft", "--version", "1"],
        &["--force", "--version", "1"],
    ] {
        home.run(&[&["delete", "A"], ways].concat()).fails("usage", 2);
    }
    assert_eq!(home.get("A"), b"one");
}

#[test]
fn a_fresh_read_is_one_of_the_store() {
    let home = Home::with_store();
    home.set("A", b"one");
    assert_eq!(home.run(&["get", "--fresh", "A"]).ok().text(), "one");
    home.run(&["get", "--fresh", "B"]).fails("not_found", 10);
}
