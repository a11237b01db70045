//! Capabilities: each backend says exactly what the table in `backends.rs` says.

use strongroom::backend::Operation;
use strongroom::testing::Fault;

tests! { "capabilities";
    fn they_are_those_of_the_table(env) needs [] {
        assert_eq!(env.client.capabilities(), env.can());
        assert_eq!(env.client.backend_name(), env.subject.name());
    }

    fn persistence_is_what_the_manager_says(env) needs [] {
        assert_eq!(env.client.is_persistent(), env.can().persistence.survives_reboot());
        assert_eq!(env.client.is_persistent(), env.subject.persists());
    }

    fn they_stay_under_faults_and_after_close(env) [scripted] needs [] {
        env.fault().on(Operation::Get).then(Fault::Unavailable);
        let _ = env.client.get(env.key("A"));
        assert_eq!(env.client.capabilities(), env.can());
        env.client.close().unwrap();
        assert_eq!(env.client.capabilities(), env.can());
    }
}
