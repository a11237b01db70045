//! Several processes at once.

use std::process::{Child, Stdio};

use crate::home::{Home, feed};

#[test]
fn a_second_process_sees_a_change() {
    let home = Home::with_store();
    for value in ["one", "two"] {
        home.set("A", value.as_bytes());
        assert_eq!(home.get("A"), value.as_bytes());
    }
    home.run(&["delete", "A"]).ok();
    home.run(&["get", "A"]).fails("not_found", 10);
}

#[test]
fn two_processes_that_make_the_store_end_with_one() {
    for round in 0..10 {
        let home = Home::new();
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let home = &home;
                scope.spawn(move || feed(home.command(&["set", &format!("K{writer}")]), b"value").ok());
            }
        });
        for writer in 0..4 {
            assert_eq!(home.get(&format!("K{writer}")), b"value", "round {round}");
        }
        home.run(&["verify"]).ok();
    }
}

#[test]
fn writers_at_once_lose_nothing() {
    let home = Home::with_store();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let home = &home;
            scope.spawn(move || {
                for round in 0..15 {
                    home.set(&format!("K{writer}-{round}"), format!("{writer} {round}").as_bytes());
                    home.set("shared", format!("{writer} {round}").as_bytes());
                }
            });
        }
    });
    assert_eq!(home.run(&["list"]).ok().text().lines().count(), 61);
    for writer in 0..4 {
        for round in 0..15 {
            assert_eq!(
                home.get(&format!("K{writer}-{round}")),
                format!("{writer} {round}").as_bytes()
            );
        }
    }
    home.run(&["verify"]).ok();
}

#[test]
fn if_absent_has_one_winner() {
    let home = Home::with_store();
    let codes: Vec<i32> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..8)
            .map(|writer| {
                let home = &home;
                scope.spawn(move || {
                    feed(
                        home.command(&["set", "A", "--if-absent"]),
                        writer.to_string().as_bytes(),
                    )
                    .code
                })
            })
            .collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    assert_eq!(codes.iter().filter(|&&code| code == 0).count(), 1, "{codes:?}");
    assert!(codes.iter().all(|code| matches!(code, 0 | 40)), "{codes:?}");
}

#[test]
fn generate_has_one_winner() {
    let home = Home::with_store();
    let children: Vec<Child> = (0..8)
        .map(|_| {
            let mut command = home.command(&["generate", "A", "--print"]);
            command
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    let outputs: Vec<_> = children
        .into_iter()
        .map(|child| child.wait_with_output().unwrap())
        .collect();
    let value = home.get("A");
    for output in &outputs {
        match output.status.code() {
            Some(0) => assert_eq!(output.stdout, value),
            code => assert_eq!((code, &output.stdout[..]), (Some(40), &b""[..])),
        }
    }
    assert_eq!(home.run(&["versions", "A"]).ok().text().lines().count(), 1);
}
