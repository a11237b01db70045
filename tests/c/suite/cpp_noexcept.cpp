// valgrind flag:-fno-exceptions
// The wrapper in a program without exceptions: every verb as a result, completions, futures of results.
#include <array>

#include "cpp_support.hpp"

#if STRONGROOM_EXCEPTIONS
#error "this program is to be compiled with -fno-exceptions, as its first line says"
#endif

using namespace std::chrono_literals;
using strongroom::call;
using strongroom::form;
using strongroom::manager;
using strongroom::result;

namespace {

template <class T, class = void> inline constexpr bool can_throw = false;
template <class T> inline constexpr bool can_throw<T, std::void_t<decltype(std::declval<const T &>().value())>> = true;
static_assert(!can_throw<result<int>> && !can_throw<result<void>>, "nothing that would have to throw is there");

template <class T> bool holds(const result<T> &answer) {
    if (!answer) {
        check_failed(__FILE__, __LINE__, "%s", answer.error().what());
    }
    return CHECK(answer.has_value());
}

void test_verbs(const strongroom::options &how) {
    auto opened = manager::try_open(how);
    if (!holds(opened)) {
        return;
    }
    const manager secrets = *std::move(opened);
    const auto written = secrets.try_set("key", "1");
    CHECK(written && written->created);
    auto found = secrets.try_get("key");
    CHECK(found && *found && (*found)->text() == "1");
    const auto about = (*found)->try_about();
    CHECK(about && about->created_at);
    const auto missing = secrets.try_get("none");
    CHECK(missing && !*missing);
    const auto none = std::move(found).value_or(std::nullopt);
    CHECK(none.has_value());
    const auto text = secrets.try_get_value("key");
    CHECK(text && *text == "1");
    std::array<char, 4> buffer{};
    const auto length = secrets.try_get_into("key", buffer);
    CHECK(length && *length == 1U && buffer[0] == '1');
    CHECK_KIND(secrets.try_get_into("key", {nullptr, 0}), buffer_too_small);
    CHECK_KIND(secrets.try_get("no good key"), invalid_key);
    CHECK_KIND(secrets.try_update_value("none", "value"), not_found);
    holds(secrets.try_update_value("key", "2"));
    holds(secrets.try_rotate("key", "3"));
    holds(secrets.try_rotate_generate("key", form::hex, 8));
    const auto kept = secrets.try_versions("key");
    CHECK(kept && kept->size() == 4);
    if (kept && !kept->empty()) {
        const auto first = secrets.try_get_version("key", kept->back().version);
        CHECK(first && *first && (*first)->text() == "1");
    }
    holds(secrets.try_rollback("key"));
    holds(secrets.try_set_api_key("key", "4", "openai"));
    holds(secrets.try_update_metadata("key", strongroom::metadata_update{}.label("a", "b")));
    const auto known = secrets.try_describe("key");
    CHECK(known && *known && (*known)->provider == "openai" && (*known)->labels.count("a") == 1);
    const auto there = secrets.try_exists("key");
    CHECK(there && *there);
    const auto many = secrets.try_set_many(strongroom::batch{}.add("a", "1").add("b", "2"));
    CHECK(many && many->size() == 2);
    const auto read = secrets.try_get_many({"a", "none"});
    CHECK(read && read->size() == 2 && (*read)[0] && *(*read)[0] && (*read)[1] && !*(*read)[1]);
    const auto nearest = secrets.try_get_with_fallback("a", {"org/acme", "global"});
    CHECK(nearest && *nearest);
    const auto page = secrets.try_list();
    CHECK(page && page->entries.size() == 3);
    const auto made = secrets.try_get_or_generate("made", form::bytes, 16);
    CHECK(made && made->size() == 16);
    const auto view = secrets.try_scoped("org/acme");
    CHECK(view && view->try_list().has_value());
    const auto info = secrets.try_info();
    CHECK(info && info->text("backend"));
    CHECK(secrets.try_verify().has_value() == info->is("verify"));
    holds(secrets.try_health());
    const auto changes = secrets.try_subscribe();
    if (holds(changes)) {
        const auto none = changes->try_next_for(std::chrono::milliseconds(0));
        CHECK(none && !*none);
    }
    holds(secrets.try_subscribe_callback([](const auto &) {}));
    holds(secrets.try_refresh());
    holds(secrets.try_metrics());
    holds(secrets.try_resolve("secret://key"));
    CHECK_KIND(secrets.try_restore("a"), unsupported);
    holds(secrets.try_lock());
    holds(secrets.try_erase("a"));
    CHECK_KIND(secrets.try_erase("a"), not_found);
    holds(secrets.try_close());
    CHECK_KIND(secrets.try_get("key"), closed);
}

void test_async() {
    auto opened = manager::open_async(memory_options()).get();
    if (!holds(opened)) {
        return;
    }
    const manager secrets = *std::move(opened);
    holds(secrets.set_async("key", "value").get());
    const auto found = secrets.get_async("key").get();
    CHECK(found && *found && (*found)->text() == "value");
    holds(secrets.erase_async("key").get());
    CHECK_KIND(secrets.erase_async("key").get(), not_found);
    CHECK_KIND(secrets.get_async("key", call{}.set("no_such_option", "1")).get(), invalid_argument);
    std::promise<strongroom::status> done;
    holds(secrets.exists_async("no good key", {}, [&](const result<bool> &there) { done.set_value(there.status()); }));
    CHECK(done.get_future().get() == strongroom::status::invalid_key);
}

void test_library() {
    holds(strongroom::try_library_info());
    const auto parts = strongroom::try_parse_key("api_key");
    CHECK(parts && parts->canonical == "global/api_key");
    const auto escaped = strongroom::try_escape(" ");
    CHECK(escaped && *escaped == "=20");
    const auto word = strongroom::try_unescape("=20");
    CHECK(word && *word == " ");
    const auto made = strongroom::try_generate(form::password, 20);
    CHECK(made && made->size() == 20);
    holds(strongroom::try_harden_process());
    holds(strongroom::try_set_log(strongroom::log_level::warn, [](auto, auto, auto) {}));
    holds(strongroom::try_set_log(strongroom::log_level::warn, nullptr));
    const auto locked =
        manager::try_open(strongroom::options{}
                              .ignore_environment()
                              .backend("encrypted")
                              .set("encrypted.path", std::string(folder()) + "/locked.strongroom")
                              .set_provider("encrypted.key", [](auto, auto) {
                                  return result<std::size_t>(strongroom::error(strongroom::status::locked));
                              }));
    CHECK_KIND(locked, locked);
    holds(strongroom::try_shutdown(20s));
}

void test_transfers() {
    const auto source = manager::try_open(memory_options());
    const auto target = manager::try_open(memory_options());
    if (!holds(source) || !holds(target)) {
        return;
    }
    holds(source->try_set("A", "1"));
    const auto what = strongroom::transfer{}.format("json");
    const auto document = source->try_export_document(what);
    CHECK(document && document->document().text() == "{\n  \"A\": \"1\"\n}\n");
    holds(target->try_import_document("{\"B\": \"2\"}", what));
    CHECK_KIND(target->try_import_document("{", what), invalid_argument);
    CHECK_KIND(source->try_export_document(strongroom::transfer{}.format("xml")), invalid_argument);
    const auto plan = source->try_copy_plan(*target);
    CHECK(plan && plan->size() == 1 && (*plan)[0].outcome == "create");
    const auto copied = source->try_copy_to(*target);
    CHECK(copied && (*copied)[0].outcome == "copied");
    CHECK_KIND(source->try_copy_to(*source), invalid_argument);
    holds(source->try_copy_journal(*target));
    const auto told = source->try_explain("A");
    CHECK(told && told->answer == std::size_t{0} && !told->failure);
    const auto later = source->explain_async("NONE").get();
    CHECK(later && !later->answer);
    CHECK_KIND(source->copy_to_async(*source).get(), invalid_argument);
    const auto setting = source->try_setting("backend");
    CHECK(setting && setting->value == "memory");
    const auto name = strongroom::try_key_variable("a-b", "X_");
    CHECK(name && *name == "X_GLOBAL_A_B");
    const auto key = strongroom::fernet::try_generate();
    CHECK(key && key->size() == 44);
    CHECK_KIND(strongroom::fernet::try_decrypt(key->bytes(), "no token"), invalid_value);
}

} // namespace

int main(int argc, char **argv) {
    check_begin(argc, argv);
    test_verbs(memory_options());
    test_verbs(encrypted_options("noexcept"));
    test_async();
    test_transfers();
    test_library();
    return check_end();
}
