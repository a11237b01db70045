// valgrind
// Documents, copies, explanations, settings and Fernet through the C++ wrapper: who owns what, and what is thrown.
#include <atomic>
#include <chrono>
#include <fstream>

#include "cpp_support.hpp"

using strongroom::call;
using strongroom::manager;
using strongroom::transfer;
using namespace std::chrono_literals;

namespace {

template <class T>
inline constexpr bool is_move_only = std::is_nothrow_move_constructible_v<T> &&std::is_nothrow_move_assignable_v<T> &&
                                     !std::is_copy_constructible_v<T> && !std::is_copy_assignable_v<T>;
static_assert(is_move_only<transfer> && is_move_only<strongroom::transferred>);
static_assert(std::is_copy_constructible_v<strongroom::explanation>);

void test_documents() {
    const auto source = manager::open(memory_options());
    const auto target = manager::open(memory_options());
    source.set("org/acme/A", "it's");
    const auto what = transfer{}.format("dotenv").dialect("python").scope("org/acme");
    auto document = source.export_document(what);
    CHECK_SAME(document.document().text(), "A='it\\'s'\n");
    CHECK_NUMBER(document.size(), 1);
    CHECK_SAME(document[0].key, "org/acme/A");
    CHECK_SAME(document[0].outcome, "exported");
    CHECK_SAME(document[0].detail.value_or(""), "A");
    CHECK(document[7].key.empty());
    const auto moved = std::move(document);
    const auto report = target.import_document(moved.document(), what);
    CHECK_SAME(report[0].outcome, "created");
    CHECK(!report.dry_run() && report.document().empty());
    CHECK_SAME(target.get_value("org/acme/A").value_or(""), "it's");
    CHECK_THROWS(target.import_document("A='2'", what), conflict);
    const auto noted = target.import_document("B=${X}\n", transfer{}.format("dotenv").dry_run());
    CHECK(noted.dry_run());
    CHECK_NUMBER(noted.note_count(), 1);
    CHECK(!noted.note(0).empty() && noted.note(1).empty());
    // A wrong option is answered by the verb; so is one that does not fit.
    CHECK_THROWS(source.export_document(transfer{}.format("xml")), invalid_argument);
    CHECK_THROWS(source.export_document(transfer{}), invalid_argument);
    CHECK_KIND(source.try_import_document("A=1", transfer{}.format("dotenv").strict()), invalid_argument);
    const auto later = source.export_document_async(transfer{}.format("json").key("org/acme/A")).get();
    CHECK_SAME(later.document().text(), "{\n  \"A\": \"it's\"\n}\n");
    CHECK_SAME(target.import_document_async("{\"D\": \"4\"}", transfer{}.format("json")).get()[0].key, "global/D");
}

void test_fernet() {
    const auto key = strongroom::fernet::generate();
    const auto token = strongroom::fernet::encrypt(key.bytes(), "value");
    CHECK_SAME(strongroom::fernet::decrypt(key.bytes(), token.bytes()).text(), "value");
    CHECK_SAME(strongroom::fernet::decrypt(key.bytes(), token.bytes(), 1h).text(), "value");
    const auto turned = strongroom::fernet::rotate(key.bytes(), token.bytes());
    CHECK_SAME(strongroom::fernet::decrypt(key.bytes(), turned.bytes()).text(), "value");
    CHECK_THROWS(strongroom::fernet::decrypt(strongroom::fernet::generate().bytes(), token.bytes()), wrong_key);
    CHECK_KIND(strongroom::fernet::try_encrypt("no key", "value"), invalid_argument);
    const auto secrets = manager::open(memory_options());
    secrets.set("A", "value");
    const auto document = secrets.export_document(transfer{}.format("fernet").fernet_keys(key.bytes()));
    secrets.erase("A");
    secrets.import_document(document.document(), transfer{}.format("fernet").fernet_keys(key.bytes()));
    CHECK_SAME(secrets.get_value("A").value_or(""), "value");
}

void test_copies() {
    const auto source = manager::open(memory_options());
    const auto target = manager::open(memory_options());
    source.set("A", "1");
    source.set("B", "2");
    target.set("B", "other");
    const auto plan = source.copy_plan(target);
    CHECK_SAME(plan[0].outcome, "create");
    CHECK_SAME(plan[1].outcome, "refuse");
    if (CHECK(plan[1].why.has_value())) {
        CHECK_KIND(*plan[1].why, conflict);
        CHECK_SAME(plan[1].why->key(), "global/B");
    }
    CHECK_THROWS(source.copy_to(target), conflict);
    CHECK_THROWS(source.copy_to(source), invalid_argument);
    std::atomic<int> told = 0;
    {
        const auto what = transfer{}.if_exists("replace").progress([&](const strongroom::copy_progress &now) {
            CHECK(now.done <= now.total && !now.phase.empty() && !now.key.empty());
            // A verb is refused in here, and says so.
            CHECK_KIND(source.try_exists("A"), reentrant_call);
            ++told;
        });
        const auto report = source.copy_to(target, what);
        CHECK_NUMBER(report.size(), 2);
        CHECK_SAME(report[1].outcome, "copied");
        CHECK(!report[1].deleted && !report[1].why && !report.resumed());
        CHECK(told > 0);
        CHECK_SAME(source.copy_to_async(target, what).get()[1].outcome, "same");
        CHECK_SAME(source.copy_plan_async(target, transfer{}.key("A")).get()[0].outcome, "same");
    }
    CHECK_SAME(target.get_value("B").value_or(""), "2");
    CHECK(source.copy_journal(target).find("memory-memory-") != std::string::npos);
    CHECK_THROWS(source.copy_to(target, transfer{}.progress(nullptr)), invalid_argument);
    auto gone = manager::open(memory_options());
    const auto taken = std::move(gone);
    CHECK_KIND(source.try_copy_to(gone), invalid_handle);
}

void test_explanations() {
    const auto secrets = manager::open(fault_options("explain*1:locked"));
    secrets.set("org/acme/A", "1", {"openai"});
    secrets.set("global/A", "2");
    const auto failed = secrets.explain("org/acme/A");
    CHECK(!failed.answer);
    if (CHECK(failed.failure.has_value() && failed.steps.at(0).why.has_value())) {
        CHECK_KIND(*failed.failure, locked);
    }
    const auto told = secrets.explain("A", {"user/ann", "org/acme", "global"});
    CHECK_NUMBER(told.steps.size(), 3);
    CHECK_NUMBER(told.answer.value_or(9), 1);
    CHECK_SAME(told.steps[0].answer, "absent");
    CHECK_SAME(told.steps[1].answer, "found");
    CHECK_SAME(told.steps[1].about.provider.value_or(""), "openai");
    CHECK_SAME(told.steps[2].scope, "global");
    CHECK(told.steps[2].shadowed && !told.steps[2].passed_over && !told.failure);
    CHECK(told.steps[0].took < 60s);
    CHECK(!secrets.explain_async("NONE").get().answer);
    CHECK_THROWS(secrets.explain("a b"), invalid_key);
}

void test_settings() {
    const auto path = std::string(folder()) + "/app.json";
    std::ofstream(path) << R"({"secrets": {"backend": "memory", "max_value": 64}})";
    const auto secrets = manager::open(strongroom::options{}.ignore_environment().config_file(path).config_text(
        strongroom::config_format::toml, "[secrets]\ncache = false\n"));
    const auto setting = secrets.setting("max_value");
    CHECK_SAME(setting.value.value_or(""), "64");
    CHECK(setting.origin.find("app.json") != std::string::npos);
    CHECK_SAME(secrets.setting("cache").value.value_or(""), "off");
    CHECK(!secrets.setting("encrypted.key").value);
    CHECK_THROWS(secrets.setting("colour"), invalid_argument);
    CHECK_KIND(manager::try_open(strongroom::options{}.ignore_environment().config_text(
                   strongroom::config_format::json, R"({"secrets": {"colour": "red"}})")),
               invalid_config);
    CHECK_SAME(strongroom::key_variable("org/acme/api-key", "APP_"), "APP_ORG_ACME_API_KEY");
    CHECK_SAME(strongroom::key_variable("a-b", {}, strongroom::variable_mapping::escaped), "GLOBAL__A_2B");
    CHECK_THROWS(strongroom::key_variable("a b"), invalid_key);
}

} // namespace

int main(int argc, char **argv) {
    check_begin(argc, argv);
    test_documents();
    test_fernet();
    test_copies();
    test_explanations();
    test_settings();
    return check_end();
}
