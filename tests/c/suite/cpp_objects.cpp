// valgrind
// Ownership: what cannot be copied or printed, what is left of a moved-from object, who frees, views and conversions.
#include <array>
#include <iostream>

#include "cpp_support.hpp"

using strongroom::call;
using strongroom::manager;
using strongroom::secret;

namespace {

template <class T>
inline constexpr bool is_move_only = std::is_nothrow_move_constructible_v<T> &&std::is_nothrow_move_assignable_v<T> &&
                                     !std::is_copy_constructible_v<T> && !std::is_copy_assignable_v<T>;

static_assert(is_move_only<manager>);
static_assert(is_move_only<secret>);
static_assert(is_move_only<strongroom::options>);
static_assert(is_move_only<call>);
static_assert(is_move_only<strongroom::cancel_source>);
static_assert(is_move_only<strongroom::metadata_update>);
static_assert(is_move_only<strongroom::batch>);
static_assert(is_move_only<strongroom::report>);
static_assert(!std::is_copy_constructible_v<strongroom::result<secret>>);
static_assert(!std::is_copy_constructible_v<strongroom::result<std::optional<secret>>>);
static_assert(std::is_copy_constructible_v<strongroom::metadata>);
static_assert(std::is_copy_constructible_v<strongroom::written>);
static_assert(std::is_nothrow_copy_constructible_v<strongroom::error>, "as every exception should be");
static_assert(std::is_base_of_v<std::runtime_error, strongroom::error>);
static_assert(!std::is_default_constructible_v<manager> && !std::is_default_constructible_v<secret>);

template <class T, class = void> inline constexpr bool is_printed = false;
template <class T>
inline constexpr bool is_printed<T, std::void_t<decltype(std::declval<std::ostream &>() << std::declval<T>())>> = true;
static_assert(is_printed<int> && is_printed<std::string>, "the question can be answered with yes");
static_assert(!is_printed<secret> && !is_printed<const secret &>);
static_assert(!is_printed<std::optional<secret>> && !is_printed<strongroom::result<secret>>);
static_assert(!std::is_convertible_v<secret, std::string_view> && !std::is_convertible_v<secret, std::string>);
static_assert(!std::is_convertible_v<secret, strongroom::byte_view>, "an unwrapped secret is not a value to write");

std::size_t alive() { return strongroom_testing_live_handles(); }

void test_frees_once() {
    const auto before = alive();
    {
        const auto secrets = manager::open(memory_options());
        secrets.set("key", "value");
        auto first = secrets.get("key").value();
        CHECK_NUMBER(alive(), before + 2);
        auto second = std::move(first);
        CHECK_NUMBER(alive(), before + 2);
        second = secrets.get("key").value(); // frees the former one
        CHECK_NUMBER(alive(), before + 2);
        {
            const auto third = std::move(second);
            CHECK_SAME(third.text(), "value");
        }
        CHECK_NUMBER(alive(), before + 1);
        // Nothing is kept of answers that are plain values, nor of what was missing, nor of an error that is gone.
        static_cast<void>(secrets.list());
        static_cast<void>(secrets.describe("key"));
        static_cast<void>(secrets.get_many({"key", "none"}));
        static_cast<void>(secrets.get("none"));
        static_cast<void>(secrets.get_value("none"));
        static_cast<void>(secrets.try_get("no good key"));
        CHECK_NUMBER(alive(), before + 1);
    }
    CHECK_NUMBER(alive(), before);
}

void test_moved_from() {
    auto secrets = manager::open(memory_options());
    secrets.set("key", "value");
    auto other = std::move(secrets);
    CHECK(other.exists("key"));
    // Used after the move: that is the question.
    CHECK(secrets.c_handle() == nullptr);
    CHECK_THROWS(secrets.get("key"), invalid_handle);
    CHECK_THROWS(secrets.set("key", "value"), invalid_handle);
    CHECK_THROWS(secrets.get_async("key").get(), invalid_handle);
    CHECK_THROWS(secrets.scoped("org/acme"), invalid_handle);
    secrets = std::move(other);
    CHECK(secrets.exists("key"));

    auto value = secrets.get("key").value();
    const auto kept = std::move(value);
    CHECK(value.empty() && value.text().empty() && value.bytes().empty());
    CHECK_KIND(value.try_about(), invalid_handle);
    CHECK_SAME(kept.text(), "value");

    auto how = call{}.include_expired();
    const auto moved = std::move(how);
    CHECK(moved.c_handle() != nullptr && how.c_handle() == nullptr && how.failure() == nullptr);
    CHECK(secrets.get("key", how).has_value());
    how.version("7");
    CHECK(how.c_handle() != nullptr);

    strongroom::cancel_source source;
    const auto same = std::move(source);
    CHECK_KIND(secrets.try_get("key", call{}.cancel(source)), invalid_handle);
    source.fire(); // does nothing
    CHECK(secrets.get("key", call{}.cancel(same)).has_value());

    auto entries = strongroom::batch{}.add("key", "value");
    const auto all = std::move(entries);
    CHECK_KIND(secrets.try_set_many(entries), invalid_handle);
    CHECK_NUMBER(secrets.set_many(all).size(), 1);

    auto info = secrets.info();
    const auto read = std::move(info);
    CHECK(info.size() == 0 && !info.text("app") && info.name(0).empty());
}

void test_release_and_adopt() {
    auto secrets = manager::open(memory_options());
    secrets.set("key", "value");
    strongroom_secret_t *raw = secrets.get("key")->release();
    CHECK_BYTES(strongroom_secret_data(raw), strongroom_secret_len(raw), "value");
    CHECK_SAME(secret::adopt(raw).text(), "value");
    CHECK_STATUS(strongroom_secret_free(raw), STRONGROOM_STATUS_INVALID_HANDLE);
    const auto again = manager::adopt(secrets.release());
    CHECK(again.exists("key"));
    // C functions take what C++ holds.
    bool exists = false;
    CHECK_OK(strongroom_manager_exists(again.c_handle(), "key", 3, call{}.c_handle(), &exists, nullptr));
    CHECK(exists);
}

void test_views_outlive_what_they_come_from() {
    std::optional<manager> view;
    {
        const auto secrets = manager::open(memory_options());
        secrets.set("org/acme/key", "value");
        view = secrets.scoped("org/acme");
    }
    CHECK(view->get_value("key") == "value");
}

void test_conversions() {
    const std::string text = "value";
    const std::vector<std::byte> bytes(3);
    const std::array<unsigned char, 4> raw{};
    CHECK_NUMBER(strongroom::byte_view("value").size(), 5);
    CHECK_NUMBER(strongroom::byte_view(text).size(), 5);
    CHECK_NUMBER(strongroom::byte_view(bytes).size(), 3);
    CHECK_NUMBER(strongroom::byte_view(raw).size(), 4);
    CHECK_NUMBER(strongroom::byte_view(static_cast<const char *>(nullptr)).size(), 0);
    CHECK(strongroom::byte_view().empty());
    static_assert(!std::is_constructible_v<strongroom::byte_view, std::vector<int>>);
    static_assert(!std::is_constructible_v<strongroom::mutable_byte_view, const std::string &>);
    std::string joined;
    for (const auto byte : strongroom::byte_view(text)) {
        joined.push_back(static_cast<char>(byte));
    }
    CHECK_SAME(joined, text);
    CHECK_NUMBER(strongroom::text_list({"a", "bc"}).lengths()[1], 2);
    CHECK_SAME(strongroom::text_list({std::string_view()}).data()[0], "");
}

void test_results() {
    strongroom::result<int> good(7);
    CHECK(good && good.has_value() && *good == 7);
    CHECK_KIND(good, ok);
    CHECK_NUMBER(std::as_const(good).value(), 7);
    strongroom::result<int> bad(strongroom::error(strongroom::status::locked, "no"));
    CHECK(!bad);
    CHECK_KIND(bad, locked);
    CHECK_SAME(bad.error().what(), "no");
    CHECK_THROWS(std::as_const(bad).value(), locked);
    CHECK_NUMBER(std::move(bad).value_or(3), 3);
    const strongroom::result<void> done;
    CHECK(done.has_value());
    done.value();
}

/// A wrong setting is said by the verb, the first one only; the builder can be asked.
void test_builders_keep_the_first_failure() {
    const auto secrets = manager::open(memory_options());
    const auto wrong = call{}.timeout(std::chrono::milliseconds(-1)).set("no_such_option", "1").include_expired();
    CHECK(wrong.failure() != nullptr);
    CHECK_THROWS(secrets.get("key", wrong), invalid_argument);
    CHECK_THROWS(secrets.get_async("key", wrong).get(), invalid_argument);
    CHECK_KIND(secrets.try_get("key", call{}.set("no_such_option", "1")), invalid_argument);
    CHECK_KIND(secrets.try_get_into("key", {nullptr, 0}, wrong), invalid_argument);
    CHECK_KIND(secrets.try_get_value("key", wrong), invalid_argument);
    // An option that does not fit the verb.
    CHECK_KIND(secrets.try_exists("key", call{}.limit(3)), invalid_argument);
    strongroom::metadata about;
    about.labels[""] = "a label without a name";
    CHECK(!secrets.try_set("key", "value", about));
    CHECK(!secrets.try_set_many(strongroom::batch{}.add("key", "value", about)));
    const auto opened = manager::try_open(strongroom::options{}.set("cache_entrys", "5"));
    CHECK_KIND(opened, invalid_config);
    CHECK_SAME(opened.error().setting(), "cache_entrys");
}

} // namespace

int main(int argc, char **argv) {
    check_begin(argc, argv);
    test_frees_once();
    test_moved_from();
    test_release_and_adopt();
    test_views_outlive_what_they_come_from();
    test_conversions();
    test_results();
    test_builders_keep_the_first_failure();
    return check_end();
}
