// valgrind static
// What concerns the library as a whole, in C++: keys, generated values, providers, log, shutdown.
#include <atomic>
#include <mutex>
#include <thread>

#include "cpp_support.hpp"

using namespace std::chrono_literals;
using strongroom::call;
using strongroom::form;
using strongroom::manager;

namespace {

constexpr std::string_view KEY = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

void test_versions() {
    CHECK(strongroom::abi_version() == STRONGROOM_ABI_VERSION);
    CHECK_SAME(strongroom::library_version(), strongroom_version());
    const auto info = strongroom::library_info();
    CHECK_SAME(info.text("version").value_or(""), strongroom::library_version());
    CHECK(info.number("abi_version") == strongroom::abi_version());
    CHECK(info.text("backends").value_or("").find("memory") != std::string_view::npos);
    CHECK(strongroom::try_library_info().has_value());
}

void test_keys() {
    const auto parts = strongroom::parse_key("org/acme/api_key@prod");
    CHECK_SAME(parts.canonical, "org/acme/api_key@prod");
    CHECK_SAME(parts.kind, "org");
    CHECK(parts.id == "acme" && parts.name == "api_key" && parts.target == "prod");
    const auto bare = strongroom::parse_key("api_key");
    CHECK_SAME(bare.canonical, "global/api_key");
    CHECK(bare.kind == "global" && !bare.id && !bare.target);
    CHECK_THROWS(strongroom::parse_key("no good key"), invalid_key);

    const std::string all("a b\0\xff", 5);
    const auto escaped = strongroom::escape(all);
    CHECK_SAME(escaped, "a=20b=00=FF");
    CHECK(strongroom::unescape(escaped) == all);
    CHECK_SAME(strongroom::escape(""), "==");
    CHECK(strongroom::unescape("==").empty());
    CHECK_THROWS(strongroom::unescape("=zz"), invalid_key);
    const std::string longest(300, '\xff');
    CHECK(strongroom::unescape(strongroom::escape(longest)) == longest);
    CHECK(strongroom::try_escape(longest).has_value() && strongroom::try_unescape("x").has_value());
}

void test_generated() {
    CHECK_NUMBER(strongroom::generate(form::bytes, 32).size(), 32);
    CHECK_NUMBER(strongroom::generate(form::hex, 32).size(), 64);
    const auto password = strongroom::generate(form::password, 64, call{}.symbols(false));
    CHECK(password.text().find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") ==
          std::string_view::npos);
    CHECK(strongroom::generate(form::base64, 32).text() != strongroom::generate(form::base64, 32).text());
    CHECK_THROWS(strongroom::generate(form::bytes, 0), invalid_argument);
    CHECK_THROWS(strongroom::generate(static_cast<form>(9), 8), invalid_argument);
}

strongroom::options asking(const std::string &name, strongroom::secret_provider provider) {
    return strongroom::options{}
        .ignore_environment()
        .backend("encrypted")
        .set("encrypted.path", std::string(folder()) + "/" + name + ".strongroom")
        .set_provider("encrypted.key", std::move(provider));
}

void test_providers() {
    std::atomic<int> asked = 0;
    const auto alive = std::make_shared<int>(0);
    {
        std::optional<manager> secrets;
        {
            const auto how =
                asking("provided", [&asked, alive](std::string_view setting, strongroom::mutable_byte_view buffer) {
                    ++asked;
                    CHECK_SAME(setting, "encrypted.key");
                    CHECK(buffer.size() >= KEY.size());
                    KEY.copy(static_cast<char *>(static_cast<void *>(buffer.data())), KEY.size());
                    return KEY.size();
                });
            secrets = manager::open(how);
        }
        secrets->set("key", "value");
        const int before = asked;
        CHECK(before >= 1 && alive.use_count() == 2);
        secrets->lock();
        CHECK(secrets->get_value("key") == "value");
        CHECK(asked > before);
        secrets->close();
    }
    CHECK(alive.use_count() == 1);

    // How a provider fails is what opening answers.
    using strongroom::error;
    using strongroom::status;
    using size = strongroom::result<std::size_t>;
    const auto answers = [](strongroom::secret_provider provider) {
        return manager::try_open(asking("provided", std::move(provider)));
    };
    CHECK_KIND(answers([](auto, auto) { return size(error(status::key_missing)); }), key_missing);
    CHECK_KIND(answers([](auto, auto) -> size { throw error(status::cancelled); }), cancelled);
    CHECK_KIND(answers([](auto, auto) -> size { throw std::runtime_error("no network"); }), unavailable);
    CHECK_KIND(answers([](auto, auto) -> size { throw 1; }), unavailable);
    CHECK(!answers([](auto, auto buffer) { return size(buffer.size() + 1); }));
    CHECK_KIND(answers([](auto, auto buffer) {
                   std::string(64, 'f').copy(static_cast<char *>(static_cast<void *>(buffer.data())), 64);
                   return size(64);
               }),
               wrong_key);
    CHECK_KIND(answers(nullptr), invalid_argument);

    // What is not taken is destroyed.
    {
        const auto refused =
            strongroom::options{}.set_provider("no_such_setting", [alive](auto, auto) { return size(0); });
        CHECK(refused.failure() != nullptr);
        CHECK(alive.use_count() == 1);
    }
}

void test_log() {
    std::mutex mutex;
    std::vector<std::pair<strongroom::log_level, std::string>> events;
    const auto alive = std::make_shared<int>(0);
    strongroom::set_log(strongroom::log_level::info,
                        [&, alive](auto level, std::string_view target, std::string_view text) {
                            CHECK(!target.empty());
                            const std::lock_guard lock(mutex);
                            events.emplace_back(level, text);
                        });
    const auto emit = [](strongroom::log_level level, std::string_view text) {
        CHECK_OK(strongroom_testing_emit_log(static_cast<std::int32_t>(level), text.data(), text.size(), nullptr));
    };
    emit(strongroom::log_level::warn, "a warning");
    emit(strongroom::log_level::debug, "a detail");
    {
        const std::lock_guard lock(mutex);
        CHECK_NUMBER(events.size(), 1);
        CHECK(!events.empty() && events[0].first == strongroom::log_level::warn);
        CHECK(!events.empty() && events[0].second.find("a warning") != std::string::npos);
    }
    CHECK(alive.use_count() == 2);
    strongroom::set_log(strongroom::log_level::info, nullptr);
    CHECK(alive.use_count() == 1);
    emit(strongroom::log_level::error, "nobody hears");
    CHECK_NUMBER(events.size(), 1);
    CHECK_KIND(strongroom::try_set_log(static_cast<strongroom::log_level>(9), [alive](auto, auto, auto) {}),
               invalid_argument);
    CHECK(alive.use_count() == 1);
}

void test_shutdown() {
    const auto secrets = manager::open(fault_options("get:hang"));
    auto hanging = secrets.get_async("key", call{}.timeout(1h));
    wait_for(FAULT_WAITING, 1);
    strongroom::shutdown(20s);
    CHECK_THROWS(hanging.get(), cancelled);
    CHECK_THROWS(secrets.get("key"), closed);
    const auto again = manager::open(memory_options());
    again.set("key", "value");
    CHECK(again.get_async("key").get()->text() == "value");
    CHECK(strongroom::try_shutdown(20s).has_value());
}

} // namespace

int main(int argc, char **argv) {
    check_begin(argc, argv);
    test_versions();
    test_keys();
    test_generated();
    test_providers();
    test_log();
    test_shutdown();
    return check_end();
}
