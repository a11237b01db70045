// valgrind
// Verbs that do not wait: futures, completions, who owns them, cancellation, what is allowed inside.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "cpp_support.hpp"

using namespace std::chrono_literals;
using strongroom::call;
using strongroom::form;
using strongroom::manager;
using strongroom::result;

namespace {

/// Waits for a future; a completion that never comes is the watchdog's.
template <class T> T got(std::future<T> future) { return future.get(); }

void test_every_verb() {
    const auto secrets = got(manager::open_async(memory_options()));
    CHECK(got(secrets.set_async("key", "1", {})).created);
    CHECK(got(secrets.get_async("key"))->text() == "1");
    CHECK(!got(secrets.get_async("none")));
    got(secrets.update_value_async("key", "2"));
    got(secrets.rotate_async("key", "3"));
    got(secrets.rotate_generate_async("key", form::hex, 8));
    const auto kept = got(secrets.versions_async("key"));
    CHECK_NUMBER(kept.size(), 4);
    CHECK(got(secrets.get_version_async("key", kept.back().version))->text() == "1");
    got(secrets.rollback_async("key"));
    CHECK(got(secrets.get_async("key"))->text() == "3");
    got(secrets.rollback_async("key", kept.back().version));
    CHECK(got(secrets.get_async("key"))->text() == "1");
    got(secrets.set_api_key_async("key", "4", "openai"));
    CHECK(got(secrets.describe_async("key"))->provider == "openai");
    got(secrets.update_metadata_async("key", strongroom::metadata_update{}.clear_provider()));
    CHECK(!got(secrets.describe_async("key"))->provider);
    CHECK(got(secrets.exists_async("key")));
    const auto written = got(secrets.set_many_async(strongroom::batch{}.add("a", "1").add("b", "2")));
    CHECK(written.size() == 2 && written[0] && written[1]);
    const auto found = got(secrets.get_many_async({"b", "none"}));
    CHECK(found.size() == 2 && (*found[0])->text() == "2" && !*found[1]);
    CHECK(got(secrets.get_with_fallback_async("a", {"org/acme", "global"}))->text() == "1");
    CHECK_NUMBER(got(secrets.list_async()).entries.size(), 3);
    CHECK_NUMBER(got(secrets.get_or_generate_async("made", form::password, 20)).size(), 20);
    got(secrets.erase_async("a"));
    CHECK_THROWS(got(secrets.erase_async("a")), not_found);
    CHECK(got(secrets.health_async()).state == strongroom::health_state::ok);
    if (secrets.info().is("verify")) {
        CHECK(got(secrets.verify_async()).secrets > 0);
    } else {
        CHECK_THROWS(got(secrets.verify_async()), unsupported);
    }
    got(secrets.lock_async());
    got(secrets.close_async());
    CHECK_THROWS(got(secrets.get_async("key")), closed);
    CHECK_THROWS(got(manager::open_async(strongroom::options{}.backend("no such backend"))), invalid_config);
}

/// Counts how often it is called and destroyed; can be moved and not copied, as a completion may be.
struct counts {
    std::atomic<int> calls = 0;
    std::atomic<int> ends = 0;
};

class counting {
public:
    counting(counts &to, std::promise<void> &done) : to_(&to), done_(&done) {}
    counting(counting &&other) noexcept : to_(std::exchange(other.to_, nullptr)), done_(other.done_) {}
    counting(const counting &) = delete;
    counting &operator=(const counting &) = delete;
    counting &operator=(counting &&) = delete;
    ~counting() {
        if (to_ != nullptr) {
            ++to_->ends;
            if (to_->calls > 0) {
                done_->set_value(); // nothing of the test is touched after this
            }
        }
    }

    void operator()(const result<std::optional<strongroom::secret>> &) const { ++to_->calls; }

private:
    counts *to_;
    std::promise<void> *done_;
};

void test_completions_are_owned() {
    const auto secrets = manager::open(memory_options());
    counts seen;
    std::promise<void> done;
    auto ended = done.get_future();
    CHECK(secrets.get_async("key", {}, counting(seen, done)).has_value());
    ended.get();
    CHECK(seen.calls == 1 && seen.ends == 1);

    // What does not start ends its completion uncalled.
    counts unstarted;
    CHECK_KIND(secrets.get_async("key", call{}.set("no_such_option", "1"), counting(unstarted, done)),
               invalid_argument);
    CHECK(unstarted.calls == 0 && unstarted.ends == 1);
    CHECK_KIND(secrets.get_async("key", call{}.limit(1), counting(unstarted, done)), invalid_argument);
    CHECK(unstarted.calls == 0 && unstarted.ends == 2);

    // A function that is copied, and one that is kept elsewhere.
    std::promise<bool> answer;
    const std::function<void(result<bool>)> copied = [&](const result<bool> &there) { answer.set_value(*there); };
    CHECK(secrets.exists_async("key", {}, copied).has_value());
    CHECK(!answer.get_future().get());
    std::promise<bool> second;
    auto kept = [&](const result<bool> &there) { second.set_value(*there); };
    CHECK(secrets.exists_async("key", {}, std::ref(kept)).has_value());
    CHECK(!second.get_future().get());
}

void test_arguments_are_copied() {
    const auto secrets = manager::open(fault_options("set:hang"));
    std::future<strongroom::written> writing;
    {
        std::string key = "key";
        std::string value = "value";
        strongroom::metadata about;
        about.provider = "someone";
        auto how = call{}.timeout(20s);
        writing = secrets.set_async(key, value, about, how);
        wait_for(FAULT_WAITING, 1);
        key.assign("other");
        value.assign("other");
    }
    CHECK_OK(strongroom_testing_fault_wake(nullptr));
    CHECK(writing.get().created);
    CHECK(secrets.get("key")->text() == "value");
    CHECK(secrets.describe("key")->provider == "someone");
}

void test_many_at_once() {
    const auto secrets = manager::open(memory_options());
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 8; ++thread) {
        threads.emplace_back([&, thread] {
            const auto key = "app/thread/" + std::to_string(thread);
            std::vector<std::future<strongroom::written>> writes;
            for (int i = 0; i < 20; ++i) {
                writes.push_back(secrets.set_async(key, std::to_string(i)));
            }
            for (auto &write : writes) {
                static_cast<void>(write.get());
            }
            static_cast<void>(secrets.get(key).value());
        });
    }
    for (auto &thread : threads) {
        thread.join();
    }
    CHECK_NUMBER(secrets.list(call{}.scope("app/thread")).entries.size(), 8);
}

void test_cancel() {
    const auto secrets = manager::open(fault_options("get:hang"));
    strongroom::cancel_source source;
    const auto how = call{}.cancel(source).timeout(20s);
    auto future = secrets.get_async("key", how);
    wait_for(FAULT_WAITING, 1);
    CHECK(future.wait_for(0s) == std::future_status::timeout);
    std::thread([&] { source.fire(); }).join();
    CHECK_THROWS(future.get(), cancelled);
    CHECK_THROWS(secrets.get("key", how), cancelled); // for good

    // A blocking call, from another thread.
    strongroom::cancel_source other;
    std::thread waiter([&] { CHECK_KIND(secrets.try_get("key", call{}.cancel(other).timeout(20s)), cancelled); });
    wait_for(FAULT_WAITING, 1);
    other.fire();
    waiter.join();

    // The source may go before the call; the deadline holds.
    std::future<std::optional<strongroom::secret>> left;
    {
        const strongroom::cancel_source brief;
        left = secrets.get_async("key", call{}.cancel(brief).timeout(50ms));
    }
    CHECK_THROWS(left.get(), timeout);
    CHECK_KIND(secrets.try_get("key", call{}.timeout(50ms)), timeout);
}

void test_inside_a_completion() {
    const auto secrets = manager::open(memory_options());
    secrets.set("key", "value");
    const strongroom::cancel_source source;
    std::promise<void> done;
    auto completed = done.get_future();
    const auto started = secrets.get_async("key", {}, [&](auto found) {
        CHECK_SAME((*found)->text(), "value");
        CHECK((*found)->about().created_at.has_value());
        CHECK_KIND(secrets.try_exists("key"), reentrant_call);
        CHECK_KIND(manager::try_open(memory_options()), reentrant_call);
        source.fire();
        found = result<std::optional<strongroom::secret>>(std::nullopt); // frees the secret here
        done.set_value();
    });
    CHECK(started.has_value());
    completed.get();
    CHECK_THROWS(secrets.get("another", call{}.cancel(source)), cancelled);
}

void test_the_manager_may_go_first() {
    std::future<strongroom::written> write;
    {
        const auto secrets = manager::open(fault_options("set:hang"));
        write = secrets.set_async("key", "value", {}, call{}.timeout(20s));
        wait_for(FAULT_WAITING, 1);
    }
    CHECK_OK(strongroom_testing_fault_wake(nullptr));
    CHECK(write.get().created);
    // And the future.
    {
        const auto secrets = manager::open(memory_options());
        static_cast<void>(secrets.set_async("key", "value"));
        CHECK(got(secrets.health_async()).state == strongroom::health_state::ok);
    }
}

/// Nothing is thrown through the library: the program ends where it was thrown.
void test_a_completion_that_throws_ends_the_program() {
    const pid_t child = fork();
    if (child == 0) {
        std::signal(SIGABRT, SIG_DFL);
        std::set_terminate([] { _exit(42); });
        const auto secrets = manager::open(memory_options());
        const auto started = secrets.get_async("key", {}, [](const auto &) { throw 1; });
        std::this_thread::sleep_for(60s);
        _exit(started ? 1 : 2);
    }
    int how = 0;
    CHECK(waitpid(child, &how, 0) == child);
    CHECK(WIFEXITED(how) && WEXITSTATUS(how) == 42);
}

} // namespace

int main(int argc, char **argv) {
    check_begin(argc, argv);
    test_a_completion_that_throws_ends_the_program();
    test_every_verb();
    test_completions_are_owned();
    test_arguments_are_copied();
    test_many_at_once();
    test_cancel();
    test_inside_a_completion();
    test_the_manager_may_go_first();
    strongroom::shutdown(20s);
    return check_end();
}
