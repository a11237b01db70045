// valgrind
// Changes, references and numbers through strongroom.hpp.
#include <atomic>
#include <future>
#include <thread>
#include <vector>

#include "cpp_support.hpp"

using namespace std::chrono_literals;
using strongroom::call;
using strongroom::change;
using strongroom::change_kind;
using strongroom::manager;
using strongroom::subscription;

namespace {

static_assert(!std::is_copy_constructible_v<subscription> && std::is_nothrow_move_constructible_v<subscription>);
static_assert(std::is_same_v<std::iterator_traits<subscription::iterator>::iterator_category, std::input_iterator_tag>);

void test_next() {
    const auto secrets = manager::open(memory_options());
    auto all = secrets.subscribe();
    const auto named = secrets.subscribe({"b"}, call{}.every(1h));
    const auto scoped = secrets.subscribe({}, call{}.scope("org/acme").prefix("org/acme/a"));
    CHECK(!all.next_for(0ms));
    CHECK(!all.next_for(-1s));
    secrets.set("a", "1");
    secrets.set("b", "1");
    secrets.set("org/acme/a", "1");
    secrets.erase("b");
    const auto first = all.next();
    CHECK(first && first->kind == change_kind::set && first->key == "global/a" && first->version == "1");
    CHECK(first && !first->health && !first->reason);
    CHECK(all.next_for(20s)->key == "global/b");
    const auto moved = std::move(all);
    CHECK(moved.next()->key == "org/acme/a");
    CHECK(moved.next()->kind == change_kind::deleted);
    CHECK_THROWS(all.next(), invalid_handle);
    CHECK(named.next()->kind == change_kind::set);
    CHECK(named.next()->kind == change_kind::deleted);
    CHECK(scoped.next()->key == "org/acme/a");
    CHECK(!scoped.next_for(0ms));
    CHECK_THROWS(secrets.subscribe({"a/b"}), invalid_key);
    CHECK_THROWS(secrets.subscribe({}, call{}.limit(1)), invalid_argument);
}

void test_range() {
    const auto secrets = manager::open(memory_options());
    const auto changes = secrets.subscribe_async().get();
    std::vector<std::string> keys;
    std::thread reader([&] {
        for (const auto &one : changes) {
            keys.push_back(one.key.value_or(""));
        }
    });
    secrets.set("a", "1");
    secrets.set("b", "1");
    secrets.close();
    reader.join();
    CHECK(keys == std::vector<std::string>({"global/a", "global/b"}));
    CHECK(!changes.next());
    CHECK_THROWS(changes.next_for(20s), closed);
    CHECK(changes.begin() == changes.end());
}

/// Counts how many are alive.
struct counted {
    explicit counted(std::atomic<int> &alive) : alive_(&alive) { ++*alive_; }
    counted(const counted &other) : alive_(other.alive_) { ++*alive_; }
    counted &operator=(const counted &) = delete;
    ~counted() { --*alive_; }
    std::atomic<int> *alive_;
};

void test_callback() {
    const auto secrets = manager::open(memory_options());
    std::atomic<int> alive = 0;
    std::promise<change> told;
    {
        const auto changes = secrets.subscribe_callback(
            [&told, here = counted(alive), &secrets](const auto &one) {
                CHECK_KIND(secrets.try_get("a"), reentrant_call);
                told.set_value(*one);
            },
            {"a"});
        CHECK_NUMBER(alive, 1);
        secrets.set("b", "1");
        secrets.set("a", "1");
        CHECK(told.get_future().get().key == "global/a");
        CHECK_KIND(changes.try_next(), unsupported);
        CHECK_KIND(changes.try_next_for(0ms), unsupported);
    }
    CHECK_NUMBER(alive, 0);
    secrets.set("a", "2");

    CHECK_THROWS(secrets.subscribe_callback(nullptr), invalid_argument);
    CHECK_THROWS(secrets.subscribe_callback([here = counted(alive)](const auto &) {}, {"a/b"}), invalid_key);
    CHECK_NUMBER(alive, 0);

    // The end is told, and destroying it within the function waits for nobody.
    std::promise<strongroom::status> ended;
    std::optional<subscription> own;
    own = secrets.subscribe_callback([&ended, &own, here = counted(alive)](const auto &one) {
        auto &then = ended;
        const auto kind = one.status();
        own.reset();
        then.set_value(kind);
    });
    secrets.close();
    CHECK(ended.get_future().get() == strongroom::status::closed);
    strongroom::shutdown(20s);
    CHECK_NUMBER(alive, 0);
    CHECK(!own);
}

void test_other_verbs() {
    const auto secrets = manager::open(
        strongroom::options{}.ignore_environment().backend("fault").set("fault.restore", "on").set("cache", "off"));
    CHECK(secrets.info().is("restore"));
    secrets.set("a", "{\"user\": \"me\"}");
    CHECK(secrets.resolve("secret://a")->text() == "{\"user\": \"me\"}");
    CHECK(secrets.resolve("secret://a#/user")->text() == "me");
    CHECK(!secrets.resolve("secret://none"));
    CHECK(!secrets.resolve_async("secret://none").get());
    CHECK_THROWS(secrets.resolve("no reference"), invalid_argument);
    CHECK_THROWS(secrets.restore("a"), conflict);
    secrets.erase("a", call{}.soft());
    CHECK(secrets.restore("a").version.has_value());
    secrets.erase("a", call{}.soft());
    CHECK(secrets.restore_async("a").get().version.has_value());
    CHECK_THROWS(secrets.erase("a", call{}.soft().force()), invalid_argument);
    CHECK(secrets.get("a", call{}.fresh()).has_value());
    secrets.refresh();
    secrets.refresh_async().get();
    secrets.erase("a", call{}.force());
    CHECK_THROWS(secrets.restore("a"), not_found);
    const auto counted = secrets.metrics();
    CHECK(counted.at("calls.set") == 1);
    CHECK(counted.at("calls.restore") >= 2);

    const auto memory = manager::open(memory_options());
    CHECK(!memory.info().is("restore"));
    CHECK_THROWS(memory.restore("a"), unsupported);
    memory.set("a", "1");
    CHECK_THROWS(memory.erase("a", call{}.soft()), unsupported);
    CHECK(memory.exists("a"));
}

} // namespace

int main(int argc, char **argv) {
    check_begin(argc, argv);
    test_next();
    test_range();
    test_callback();
    test_other_verbs();
    return check_end();
}
