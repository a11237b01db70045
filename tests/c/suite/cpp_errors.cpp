// valgrind
// Each kind of error through each form: thrown, as a result, through a future, at a completion; and what errors know.
#include "cpp_support.hpp"

using namespace std::chrono_literals;
using strongroom::error;
using strongroom::manager;
using strongroom::status;

namespace {

constexpr status KINDS[] = {
    status::not_found,        status::expired,         status::unauthenticated,   status::permission_denied,
    status::locked,           status::policy_denied,   status::unavailable,       status::timeout,
    status::rate_limited,     status::outcome_unknown, status::cancelled,         status::closed,
    status::conflict,         status::ambiguous,       status::read_only,         status::unsupported,
    status::invalid_key,      status::invalid_value,   status::invalid_argument,  status::too_large,
    status::buffer_too_small, status::invalid_config,  status::invalid_handle,    status::reentrant_call,
    status::wrong_key,        status::key_missing,     status::integrity,         status::unsupported_format,
    status::insecure_path,    status::storage_full,    status::audit_unavailable, status::internal,
};

std::string word(status kind) { return std::string(strongroom::token(kind)); }

void check_known(const error &why, status kind) {
    CHECK(why.status() == kind);
    CHECK_SAME(why.token(), word(kind));
    CHECK_SAME(why.help(), strongroom::help(kind));
    CHECK(why.retryable() == strongroom::is_retryable(kind));
    CHECK_SAME(why.key(), "org/acme/key");
    CHECK_SAME(why.operation(), "set");
    CHECK(!why.backend().empty());
    CHECK(why.setting().empty() && why.c_handle() != nullptr);
    CHECK(std::string_view(why.what()).substr(0, word(kind).size()) == word(kind));
    CHECK(std::string_view(why.what()).find("s3cret") == std::string_view::npos);
}

void test_kind(status kind) {
    check_about(word(kind).c_str());
    CHECK(!word(kind).empty() && strongroom::exit_code(kind) > 0 && !strongroom::help(kind).empty());
    const auto secrets = manager::open(fault_options("set:fail(" + word(kind) + ")"));

    const auto answered = secrets.try_set("org/acme/key", "s3cret");
    CHECK(!answered && answered.status() == kind);
    check_known(answered.error(), kind);

    std::optional<error> kept; // a copy outlives what was thrown
    try {
        secrets.set("org/acme/key", "s3cret");
        CHECK(false);
    } catch (const std::exception &thrown) {
        kept = dynamic_cast<const error &>(thrown);
    }
    check_known(kept.value(), kind);

    try {
        secrets.set_async("org/acme/key", "s3cret").get();
        CHECK(false);
    } catch (const error &thrown) {
        check_known(thrown, kind);
    }

    std::promise<strongroom::result<strongroom::written>> promise;
    auto completed = promise.get_future();
    const auto started =
        secrets.set_async("org/acme/key", "s3cret", {}, {}, [&](auto answer) { promise.set_value(std::move(answer)); });
    CHECK(started.has_value());
    const auto brought = completed.get();
    CHECK(!brought);
    check_known(brought.error(), kind);
    check_about(nullptr);
}

/// `not_found` is an answer of these verbs, not an error; other kinds are errors.
void test_missing_is_no_error() {
    const auto secrets = manager::open(fault_options("get:fail(not_found);describe:fail(not_found)"));
    CHECK(!secrets.get("key"));
    CHECK(!secrets.get_value("key"));
    CHECK(!secrets.get_into("key", {nullptr, 0}));
    CHECK(!secrets.describe("key"));
    CHECK(!secrets.get_async("key").get());
    const auto locked = manager::open(fault_options("get:locked;describe:denied"));
    CHECK_THROWS(locked.get("key"), locked);
    CHECK_THROWS(locked.get_value("key"), locked);
    CHECK_THROWS(locked.describe("key"), permission_denied);
}

void test_retry_after() {
    const auto secrets = manager::open(fault_options("set*1:throttled(250ms);set:throttled"));
    CHECK(secrets.try_set("key", "value").error().retry_after() == std::chrono::microseconds(250ms));
    CHECK(!secrets.try_set("key", "value").error().retry_after());
}

void test_own_errors() {
    const error own(status::locked, "the safe is closed");
    CHECK_SAME(own.what(), "the safe is closed");
    CHECK_SAME(own.token(), "locked");
    CHECK_SAME(own.help(), strongroom::help(status::locked));
    CHECK(own.key().empty() && own.backend().empty() && own.operation().empty() && own.setting().empty());
    CHECK(!own.retryable() && !own.retry_after() && own.foreign_code() == 0 && own.c_handle() == nullptr);
    CHECK_SAME(error(status::timeout).what(), "timeout");
    CHECK_SAME(strongroom::token(static_cast<status>(7)), "");
    CHECK_SAME(strongroom::token(status::ok), "ok");
    CHECK_NUMBER(strongroom::exit_code(status::ok), 0);
    CHECK_NUMBER(strongroom::exit_code(static_cast<status>(7)), -1);
}

} // namespace

int main(int argc, char **argv) {
    check_begin(argc, argv);
    for (const auto kind : KINDS) {
        test_kind(kind);
    }
    test_missing_is_no_error();
    test_retry_after();
    test_own_errors();
    return check_end();
}
