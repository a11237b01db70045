// valgrind static
// Every verb of the C++ wrapper in its throwing form, over memory and the encrypted store; what they give and take.
#include <array>

#include "cpp_support.hpp"

using namespace std::chrono_literals;
using strongroom::call;
using strongroom::form;
using strongroom::manager;

namespace {

void test_values(const manager &secrets) {
    const std::string all("\0\xff\xfe\0x", 5);
    secrets.set("bytes", all);
    const auto found = secrets.get("bytes");
    CHECK(found.has_value());
    CHECK(found && found->text() == all);
    CHECK(found && found->size() == 5 && found->bytes().size() == 5 && found->bytes().data()[1] == 0xff);
    CHECK(!secrets.get("no_such_secret"));
    CHECK(!secrets.get_value("no_such_secret"));
    CHECK(!secrets.get_version("no_such_secret", "1"));
    CHECK(!secrets.describe("no_such_secret"));
    CHECK(!secrets.exists("no_such_secret"));
    CHECK(secrets.exists("bytes"));

    secrets.set("empty", "");
    const auto empty = secrets.get("empty");
    CHECK(empty && empty->empty() && empty->text().empty());

    // Strings of every length around the size that is tried first.
    for (const std::size_t length : {0U, 1U, 126U, 127U, 128U, 129U, 5000U}) {
        const std::string text(length, 'x');
        secrets.set("text", text);
        CHECK(secrets.get_value("text") == text);
    }
    CHECK_THROWS(secrets.get_value("bytes"), invalid_value);

    std::array<unsigned char, 8> buffer{};
    CHECK(secrets.get_into("bytes", buffer) == 5U);
    CHECK(std::string(buffer.begin(), buffer.begin() + 5) == all);
    CHECK_THROWS(secrets.get_into("bytes", {buffer.data(), 4}), buffer_too_small);
    CHECK(!secrets.get_into("no_such_secret", buffer));
}

void test_metadata(const manager &secrets) {
    // Whole microseconds, which is what is kept.
    const auto soon = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now()) + 24h;
    strongroom::metadata about;
    about.provider = "openai";
    about.scope_of_use = "billing";
    about.labels = {{"team", "platform"}, {"tier", "1"}};
    about.expires_at = soon;
    const auto before = std::chrono::system_clock::now();
    CHECK(secrets.set("org/acme/api_key", "value", about).created);
    const auto known = secrets.describe("org/acme/api_key");
    CHECK(known.has_value());
    if (known) {
        CHECK(known->provider == "openai");
        CHECK(known->scope_of_use == "billing");
        CHECK(known->labels == about.labels);
        CHECK(known->expires_at == soon);
        CHECK(known->created_at && *known->created_at > before - 5s && *known->created_at < before + 1min);
        CHECK(known->updated_at.has_value());
        CHECK(known->version.has_value() && known->version_number.has_value());
        CHECK(!known->expired);
    }
    const auto same = secrets.get("org/acme/api_key")->about();
    CHECK(same.labels == about.labels && same.expires_at == soon);

    // What is read can be written elsewhere.
    secrets.set("copy", "value", same);
    CHECK(secrets.describe("copy")->labels == about.labels);

    secrets.update_metadata("copy", strongroom::metadata_update{}.label("owner", "me").clear_provider());
    auto changed = secrets.describe("copy").value();
    CHECK(!changed.provider && changed.scope_of_use == "billing" && changed.expires_at == soon);
    CHECK((changed.labels == std::map<std::string, std::string>{{"owner", "me"}}));
    strongroom::metadata_update update;
    update.clear_labels().clear_expires_at().clear_scope_of_use().provider("else");
    secrets.update_metadata("copy", update);
    changed = secrets.describe("copy").value();
    CHECK(changed.labels.empty() && !changed.expires_at && !changed.scope_of_use && changed.provider == "else");
    secrets.update_metadata("copy", strongroom::metadata_update{}.scope_of_use("use").expires_at(soon));
    changed = secrets.describe("copy").value();
    CHECK(changed.scope_of_use == "use" && changed.expires_at == soon);
    secrets.update_metadata("copy", {});
    CHECK(secrets.describe("copy")->provider == "else");
    CHECK_THROWS(secrets.update_metadata("no_such_secret", {}), not_found);

    // Times beyond the clock's range become its ends.
    about.expires_at = strongroom::time_point::max();
    secrets.set("far", "value", about);
    CHECK(secrets.describe("far")->expires_at > soon);
}

void test_expiry(const manager &secrets) {
    strongroom::metadata about;
    about.expires_at = std::chrono::system_clock::now() - 1h;
    secrets.set("old", "value", about);
    CHECK_THROWS(secrets.get("old"), expired);
    CHECK(secrets.get("old", call{}.include_expired())->text() == "value");
    CHECK(secrets.describe("old")->expired);
    CHECK(secrets.exists("old"));
    CHECK_THROWS(secrets.update_value("old", "new"), expired);
    secrets.update_value("old", "new", call{}.expires_at(std::chrono::system_clock::now() + 1h));
    CHECK(secrets.get_value("old") == "new");
    secrets.update_value("old", "newer", call{}.clear_expiry());
    CHECK(!secrets.describe("old")->expires_at);
}

void test_writes(const manager &secrets) {
    CHECK(secrets.set("one", "1").created);
    const auto second = secrets.set("one", "2");
    CHECK(!second.created);
    CHECK_THROWS(secrets.set("one", "3", {}, call{}.if_absent()), conflict);
    CHECK_THROWS(secrets.update_value("no_such_secret", "value"), not_found);
    CHECK_THROWS(secrets.set("no good key", "value"), invalid_key);
    if (second.version) {
        secrets.set("one", "3", {}, call{}.if_version(*second.version));
        CHECK_THROWS(secrets.set("one", "4", {}, call{}.if_version(*second.version)), conflict);
    }
    CHECK(!secrets.update_value("one", "5").created);
    CHECK(secrets.get_value("one") == "5");

    const auto long_ago = strongroom::time_point(std::chrono::hours(24 * 365 * 30));
    secrets.set("imported", "value", {}, call{}.created_at(long_ago));
    CHECK(secrets.describe("imported")->created_at == long_ago);

    secrets.set_api_key("api", "value", "openai");
    CHECK(secrets.describe("api")->provider == "openai");
    secrets.set_api_key("api", "other");
    CHECK(secrets.describe("api")->provider == "openai" && secrets.get_value("api") == "other");

    secrets.erase("api");
    CHECK(!secrets.exists("api"));
    CHECK_THROWS(secrets.erase("api"), not_found);
    secrets.erase("api", call{}.missing_ok());
}

void test_batches(const manager &secrets) {
    strongroom::metadata about;
    about.provider = "batch";
    strongroom::batch entries;
    entries.add("org/b/first", "1", about).add("org/b/second", "2");
    const auto outcomes = secrets.set_many(entries);
    CHECK_NUMBER(outcomes.size(), 2);
    for (const auto &outcome : outcomes) {
        CHECK(outcome && outcome->created);
    }
    about.expires_at = std::chrono::system_clock::now() - 1h;
    CHECK_NUMBER(secrets.set_many(strongroom::batch{}.add("org/b/expired", "3", about)).size(), 1);

    const auto found = secrets.get_many({"org/b/second", "org/b/none", "org/b/expired", "org/b/first"});
    CHECK_NUMBER(found.size(), 4);
    if (found.size() == 4) {
        CHECK(found[0] && *found[0] && (*found[0])->text() == "2");
        CHECK(found[1] && !*found[1]);
        CHECK_KIND(found[2], expired);
        CHECK(found[3] && *found[3] && (*found[3])->about().provider == "batch");
    }
    CHECK(secrets.get_many(std::vector<std::string>()).empty());
    CHECK_THROWS(secrets.get_many({"fine", "not fine"}), invalid_key);
    CHECK_THROWS(secrets.set_many(strongroom::batch{}.add("not fine", "value")), invalid_key);
}

void test_lists(const manager &secrets) {
    for (const auto *key : {"org/l/a", "org/l/b", "org/l/c"}) {
        secrets.set_api_key(key, "value", "lister");
    }
    auto page = secrets.list(call{}.scope("org/l").limit(2).full_metadata());
    CHECK_NUMBER(page.entries.size(), 2);
    CHECK(page.next.has_value());
    CHECK_SAME(page.entries.at(0).key, "org/l/a");
    CHECK(!page.entries.at(0).expired && !page.entries.at(0).reference);
    CHECK(page.entries.at(1).about.provider == "lister");
    page = secrets.list(call{}.scope("org/l").after(page.next.value_or("")));
    CHECK_NUMBER(page.entries.size(), 1);
    CHECK(!page.next);
    CHECK_NUMBER(secrets.list(call{}.prefix("org/l/b")).entries.size(), 1);
    CHECK_NUMBER(secrets.list(call{}.provider("lister")).entries.size(), 3);

    // In a view, bare names are names of its scope.
    const auto view = secrets.scoped("org/l");
    CHECK(view.exists("a"));
    CHECK_NUMBER(view.list().entries.size(), 3);
    CHECK_THROWS(secrets.scoped("nowhere/"), invalid_key);

    secrets.set("fallback", "global");
    CHECK(secrets.get_with_fallback("fallback", {"org/l", "global"})->text() == "global");
    CHECK(secrets.get_with_fallback("a", {"user/x", "org/l"})->text() == "value");
    CHECK(!secrets.get_with_fallback("none", {"org/l", "global"}));
}

void test_versions(const manager &secrets) {
    secrets.set("versioned", "1");
    secrets.rotate("versioned", "2");
    secrets.rotate_generate("versioned", form::hex, 16);
    const auto kept = secrets.versions("versioned");
    CHECK_NUMBER(kept.size(), 3);
    if (kept.size() == 3) {
        CHECK(kept[0].current && !kept[1].current);
        CHECK(kept[0].created_at.has_value() && kept[0].version_number.has_value());
        CHECK(secrets.get_version("versioned", kept[2].version)->text() == "1");
        CHECK(secrets.get("versioned", call{}.version(kept[1].version))->text() == "2");
    }
    CHECK_NUMBER(secrets.get("versioned")->size(), 32);
    secrets.rollback("versioned");
    CHECK(secrets.get_value("versioned") == "2");
    secrets.rollback("versioned", kept.back().version);
    CHECK(secrets.get_value("versioned") == "1");
    secrets.rollback("versioned", std::nullopt, call{}.back(1));
    CHECK(secrets.get_value("versioned") == "2");
    CHECK_THROWS(secrets.rotate("no_such_secret", "value"), not_found);
    CHECK_THROWS(secrets.versions("no_such_secret"), not_found);
}

void test_generated(const manager &secrets) {
    const auto made = secrets.get_or_generate("made", form::password, 24, {}, call{}.symbols(false));
    CHECK_NUMBER(made.size(), 24);
    CHECK(secrets.get_or_generate("made", form::bytes, 16).text() == made.text());
    CHECK_THROWS(secrets.get_or_generate("other", form::bytes, 0), invalid_argument);
}

void test_admin(const manager &secrets, std::string_view backend) {
    const auto info = secrets.info();
    CHECK_SAME(info.text("backend").value_or(""), backend);
    CHECK_SAME(info.text("app").value_or(""), "strongroom");
    CHECK(info.is("list") && !info.is("read_only") && !info.is("no such thing"));
    CHECK(info.number("max_value").value_or(0) == 1U << 20U);
    CHECK(!info.text("no such thing") && !info.number("backend"));
    bool named = false;
    for (std::size_t i = 0; i < info.size(); ++i) {
        named = named || info.name(i) == "persistence";
    }
    CHECK(named && info.name(info.size()).empty());

    const auto health = secrets.health();
    CHECK(health.state == strongroom::health_state::ok && health.reason.empty() && health.kind.empty());
    if (info.is("verify")) {
        CHECK(secrets.verify().secrets > 0);
    }
    secrets.lock();
    CHECK(secrets.exists("one"));
    secrets.close();
    secrets.close();
    CHECK_THROWS(secrets.get("one"), closed);
}

void test_all(const strongroom::options &how, const char *backend) {
    check_about(backend);
    const auto secrets = manager::open(how);
    test_values(secrets);
    test_metadata(secrets);
    test_expiry(secrets);
    test_writes(secrets);
    test_batches(secrets);
    test_lists(secrets);
    test_versions(secrets);
    test_generated(secrets);
    test_admin(secrets, backend);
    check_about(nullptr);
}

} // namespace

int main(int argc, char **argv) {
    check_begin(argc, argv);
    test_all(memory_options(), "memory");
    test_all(encrypted_options("verbs"), "encrypted");
    return check_end();
}
