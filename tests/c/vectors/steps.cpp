// The operations of a script: one verb each, its answer, and what the answer is compared with.

#include <algorithm>
#include <cctype>
#include <chrono>
#include <sstream>

#include "session.hpp"

namespace vectors {

namespace {

using strongroom::call;
using strongroom::time_point;

/// A step as an operation sees it.
struct step {
    session &in;
    const json &args;
    const json &save;
    const call &how;

    [[nodiscard]] bool has(const char *name) const { return args.contains(name); }
    [[nodiscard]] std::string text(const char *name) const { return in.fill(args.at(name)); }
    [[nodiscard]] std::string key() const { return text("key"); }
    [[nodiscard]] std::string value() const { return vectors::value(args.at("value")); }
    [[nodiscard]] std::string version() const { return in.version(args.at("version")); }
    [[nodiscard]] std::size_t length() const { return args.at("length"); }
    [[nodiscard]] bool blocks() const { return in.how == form::blocking; }
};

/// A verb through the step's form: ASK(step, get, key, call). Both throw what goes wrong.
#define ASK(step, verb, ...) \
    ((step).blocks() ? (step).in.manager.verb(__VA_ARGS__) : (step).in.manager.verb##_async(__VA_ARGS__).get())

// ---- arguments ----

time_point from_microseconds(std::int64_t at) { return time_point(std::chrono::microseconds(at)); }

std::optional<time_point> expiry(const json &args) {
    if (args.contains("expires_in_s")) {
        return std::chrono::system_clock::now() + std::chrono::seconds(args["expires_in_s"].get<std::int64_t>());
    }
    if (args.contains("expires_at")) {
        return from_microseconds(args["expires_at"]);
    }
    return std::nullopt;
}

using set_option = void (*)(session &, call &, const json &args, const char *name);

/// What a verb may be told, by the argument's name.
const std::map<std::string, set_option> options = {
    {"timeout_ms",
     [](session &, call &how, const json &args, const char *name) {
         how.timeout(std::chrono::milliseconds(args[name].get<std::int64_t>()));
     }},
    {"prompt",
     [](session &, call &how, const json &args, const char *name) {
         how.prompt(args[name] == "allow" ? strongroom::prompt::allow : strongroom::prompt::never);
     }},
    {"actor", [](session &, call &how, const json &args, const char *name) { how.actor(args[name].get<std::string>()); }},
    {"reason", [](session &, call &how, const json &args, const char *name) { how.reason(args[name].get<std::string>()); }},
    {"request_id",
     [](session &, call &how, const json &args, const char *name) { how.request_id(args[name].get<std::string>()); }},
    {"include_expired", [](session &, call &how, const json &args, const char *name) { how.include_expired(args[name]); }},
    {"version", [](session &in, call &how, const json &args, const char *name) { how.version(in.version(args[name])); }},
    {"allow_unavailable",
     [](session &, call &how, const json &args, const char *name) { how.allow_unavailable(args[name]); }},
    {"scope", [](session &in, call &how, const json &args, const char *name) { how.scope(in.fill(args[name])); }},
    {"prefix", [](session &in, call &how, const json &args, const char *name) { how.prefix(in.fill(args[name])); }},
    {"provider",
     [](session &, call &how, const json &args, const char *name) { how.provider(args[name].get<std::string>()); }},
    {"after", [](session &in, call &how, const json &args, const char *name) { how.after(in.fill(args[name])); }},
    {"limit", [](session &, call &how, const json &args, const char *name) { how.limit(args[name]); }},
    {"full_metadata", [](session &, call &how, const json &args, const char *name) { how.full_metadata(args[name]); }},
    {"if_absent", [](session &, call &how, const json &args, const char *name) { how.if_absent(args[name]); }},
    {"if_version", [](session &in, call &how, const json &args, const char *name) { how.if_version(in.version(args[name])); }},
    {"created_at",
     [](session &, call &how, const json &args, const char *name) { how.created_at(from_microseconds(args[name])); }},
    {"expires_at", [](session &, call &how, const json &args, const char *) { how.expires_at(*expiry(args)); }},
    {"expires_in_s", [](session &, call &how, const json &args, const char *) { how.expires_at(*expiry(args)); }},
    {"clear_expiry", [](session &, call &how, const json &args, const char *name) { how.clear_expiry(args[name]); }},
    {"missing_ok", [](session &, call &how, const json &args, const char *name) { how.missing_ok(args[name]); }},
    {"back", [](session &, call &how, const json &args, const char *name) { how.back(args[name]); }},
    {"symbols", [](session &, call &how, const json &args, const char *name) { how.symbols(args[name]); }},
};

/// The options of a call: those that every verb takes, and of `words` those that the step states.
call call_of(session &in, const json &args, const std::string &words) {
    call how;
    std::istringstream names("timeout_ms prompt actor reason request_id " + words);
    for (std::string name; names >> name;) {
        if (args.contains(name)) {
            options.at(name)(in, how, args, name.c_str());
        }
    }
    return how;
}

strongroom::metadata metadata_of(const json &args) {
    strongroom::metadata about;
    if (args.contains("provider")) {
        about.provider = args["provider"].get<std::string>();
    }
    if (args.contains("scope_of_use")) {
        about.scope_of_use = args["scope_of_use"].get<std::string>();
    }
    about.labels = args.value("labels", std::map<std::string, std::string>());
    about.expires_at = expiry(args);
    return about;
}

/// What is absent stays; `null` removes.
strongroom::metadata_update update_of(const json &args) {
    strongroom::metadata_update update;
    if (args.contains("provider")) {
        args["provider"].is_null() ? update.clear_provider() : update.provider(args["provider"].get<std::string>());
    }
    if (args.contains("scope_of_use")) {
        args["scope_of_use"].is_null() ? update.clear_scope_of_use()
                                       : update.scope_of_use(args["scope_of_use"].get<std::string>());
    }
    if (args.contains("labels")) {
        update.clear_labels();
        for (const auto &[name, label] : args["labels"].items()) {
            update.label(name, label.get<std::string>());
        }
    }
    if (const auto at = expiry(args)) {
        update.expires_at(*at);
    }
    if (args.value("clear_expiry", false)) {
        update.clear_expires_at();
    }
    return update;
}

strongroom::form form_of(const json &args) {
    static const std::map<std::string, strongroom::form> forms = {{"bytes", strongroom::form::bytes},
                                                                  {"hex", strongroom::form::hex},
                                                                  {"base64", strongroom::form::base64},
                                                                  {"password", strongroom::form::password}};
    return forms.at(args.at("form"));
}

std::vector<std::string> texts_of(const step &of, const char *name) {
    std::vector<std::string> texts;
    for (const auto &text : of.args.at(name)) {
        texts.push_back(of.in.fill(text));
    }
    return texts;
}

// ---- answers ----

template <class T> json or_null(const std::optional<T> &found) { return found ? json(*found) : json(); }

json or_null(const std::optional<time_point> &at) {
    if (!at) {
        return nullptr;
    }
    return std::chrono::duration_cast<std::chrono::microseconds>(at->time_since_epoch()).count();
}

json bytes(strongroom::byte_view value) {
    return json::binary(std::vector<std::uint8_t>(value.begin(), value.end()));
}

json answer(const strongroom::metadata &about) {
    return {{"provider", or_null(about.provider)},     {"scope_of_use", or_null(about.scope_of_use)},
            {"labels", about.labels},                  {"expires", about.expires_at.has_value()},
            {"expires_at", or_null(about.expires_at)}, {"created_at", or_null(about.created_at)},
            {"version", or_null(about.version)},       {"expired", about.expired}};
}

json answer(const std::optional<strongroom::secret> &found) {
    if (!found) {
        return nullptr;
    }
    auto told = answer(found->about());
    told["value"] = bytes(found->bytes());
    return told;
}

json generated(const strongroom::secret &made) {
    const auto text = made.text();
    const auto is_symbol = [](unsigned char c) { return c >= 128 || std::isalnum(c) == 0; };
    return {{"length", made.size()}, {"symbols", std::any_of(text.begin(), text.end(), is_symbol)}};
}

json written(const step &of, const strongroom::written &outcome) {
    if (of.save.contains("version")) {
        of.in.save(of.save["version"], outcome);
    }
    return {{"created", outcome.created},
            {"version", or_null(outcome.version)},
            {"number", or_null(outcome.version_number)}};
}

json answer(const strongroom::page &page) {
    json told = {{"names", json::array()},
                 {"expired", json::array()},
                 {"providers", json::array()},
                 {"more", page.next.has_value()},
                 {"next", or_null(page.next)}};
    for (const auto &entry : page.entries) {
        told["names"].push_back(entry.key);
        told["providers"].push_back(or_null(entry.about.provider));
        if (entry.expired) {
            told["expired"].push_back(entry.key);
        }
    }
    return told;
}

json answer(const std::vector<strongroom::version_entry> &kept) {
    json told = {{"count", kept.size()}, {"versions", json::array()}, {"expires_at", json::array()}, {"current", nullptr}};
    for (const auto &entry : kept) {
        told["versions"].push_back(entry.version);
        told["expires_at"].push_back(or_null(entry.expires_at));
        if (entry.current) {
            told["current"] = entry.version;
        }
    }
    return told;
}

// ---- operations ----

json get_value(const step &of) { return or_null(of.in.manager.get_value(of.key(), of.how)); }

json get_into(const step &of) {
    std::vector<std::uint8_t> buffer(of.args.at("capacity").get<std::size_t>());
    const auto length = of.in.manager.get_into(of.key(), buffer, of.how);
    if (!length) {
        return nullptr;
    }
    return {{"value", bytes({buffer.data(), *length})}};
}

json get_many(const step &of) {
    const auto keys = texts_of(of, "keys");
    const auto found = ASK(of, get_many, keys, of.how);
    of.in.to.check(found.size() == keys.size(), "get_many has one answer for each key");
    json told = {{"values", json::object()}, {"failures", json::object()}};
    for (std::size_t at = 0; at < found.size(); ++at) {
        if (!found[at]) {
            told["failures"][keys[at]] = std::string(found[at].error().token());
        } else if (const auto &secret = *found[at]) {
            told["values"][keys[at]] = bytes(secret->bytes());
        }
    }
    return told;
}

json set_many(const step &of) {
    strongroom::batch batch;
    for (const auto &entry : of.args.at("entries")) {
        batch.add(of.in.fill(entry.at("key")), value(entry.at("value")), metadata_of(entry));
    }
    auto created = json::array();
    for (const auto &outcome : ASK(of, set_many, batch, of.how)) {
        created.push_back(outcome.value().created);
    }
    return {{"created", created}};
}

json rollback(const step &of) {
    std::optional<std::string> version;
    if (of.has("version")) {
        version = of.version();
    }
    return written(of, ASK(of, rollback, of.key(), version, of.how));
}

json health(const step &of) {
    switch (ASK(of, health, of.how).state) {
    case strongroom::health_state::ok:
        return "ok";
    case strongroom::health_state::degraded:
        return "degraded";
    case strongroom::health_state::unavailable:
        return "unavailable";
    }
    return nullptr;
}

json verify(const step &of) {
    const auto told = ASK(of, verify, of.how);
    return {{"secrets", told.secrets}, {"versions", told.versions}, {"journal", told.journal}, {"sequence", told.sequence}};
}

json set_api_key(const step &of) {
    std::optional<std::string> provider;
    if (of.has("provider")) {
        provider = of.args["provider"].get<std::string>();
    }
    return written(of, ASK(of, set_api_key, of.key(), of.value(), provider, of.how));
}

/// An operation, the options of its call, and whether there is a form of it that gives a future.
struct operation {
    const char *options;
    json (*run)(const step &);
    bool has_future = true;
};

const std::map<std::string, operation> operations = {
    {"scoped", {"", [](const step &of) -> json {
         of.in.manager = of.in.manager.scoped(of.text("scope"));
         return nullptr;
     }, false}},
    {"get", {"include_expired version", [](const step &of) { return answer(ASK(of, get, of.key(), of.how)); }}},
    {"get_version",
     {"include_expired", [](const step &of) { return answer(ASK(of, get_version, of.key(), of.version(), of.how)); }}},
    {"get_value", {"", get_value, false}},
    {"get_into", {"", get_into, false}},
    {"get_many", {"", get_many}},
    {"get_with_fallback",
     {"allow_unavailable",
      [](const step &of) { return answer(ASK(of, get_with_fallback, of.text("name"), texts_of(of, "scopes"), of.how)); }}},
    {"exists", {"", [](const step &of) -> json { return ASK(of, exists, of.key(), of.how); }}},
    {"describe", {"", [](const step &of) -> json {
         const auto about = ASK(of, describe, of.key(), of.how);
         return about ? answer(*about) : json();
     }}},
    {"list",
     {"scope prefix provider after limit full_metadata", [](const step &of) { return answer(ASK(of, list, of.how)); }}},
    {"versions", {"", [](const step &of) { return answer(ASK(of, versions, of.key(), of.how)); }}},
    {"set",
     {"if_absent if_version created_at",
      [](const step &of) { return written(of, ASK(of, set, of.key(), of.value(), metadata_of(of.args), of.how)); }}},
    {"set_many", {"", set_many}},
    {"set_api_key", {"", set_api_key}},
    {"update_value",
     {"expires_at expires_in_s clear_expiry if_version",
      [](const step &of) { return written(of, ASK(of, update_value, of.key(), of.value(), of.how)); }}},
    {"update_metadata",
     {"if_version",
      [](const step &of) { return written(of, ASK(of, update_metadata, of.key(), update_of(of.args), of.how)); }}},
    {"generate",
     {"symbols", [](const step &of) { return generated(strongroom::generate(form_of(of.args), of.length(), of.how)); }, false}},
    {"get_or_generate",
     {"symbols",
      [](const step &of) {
          return generated(
              ASK(of, get_or_generate, of.key(), form_of(of.args), of.length(), metadata_of(of.args), of.how));
      }}},
    {"rotate", {"", [](const step &of) { return written(of, ASK(of, rotate, of.key(), of.value(), of.how)); }}},
    {"rotate_generate",
     {"symbols",
      [](const step &of) { return written(of, ASK(of, rotate_generate, of.key(), form_of(of.args), of.length(), of.how)); }}},
    {"delete", {"missing_ok", [](const step &of) -> json {
         ASK(of, erase, of.key(), of.how);
         return nullptr;
     }}},
    {"rollback", {"back", rollback}},
    {"health", {"", health}},
    {"verify", {"", verify}},
    {"lock", {"", [](const step &of) -> json {
         ASK(of, lock, of.how);
         return nullptr;
     }}},
    {"close", {"", [](const step &of) -> json {
         ASK(of, close, of.how);
         return nullptr;
     }}},
};

// ---- comparing ----

/// What is expected in the form in which answers stand: filled in, values as bytes, versions as their words.
json prepared(const session &in, const std::string &field, const json &expected) {
    const auto each = [&](const auto &change) {
        auto changed = json::array();
        std::transform(expected.begin(), expected.end(), std::back_inserter(changed), change);
        return changed;
    };
    if (field == "value") {
        const auto stated = value(expected);
        return bytes(stated);
    }
    if (field == "values" || field == "failures") {
        auto entries = json::object();
        for (const auto &[key, entry] : expected.items()) {
            entries[in.fill(key)] = field == "values" ? prepared(in, "value", entry) : entry;
        }
        return entries;
    }
    if (field == "names" || (field == "expired" && expected.is_array())) {
        return each([&](const json &name) { return in.fill(name); });
    }
    if (field == "next" && expected.is_string()) {
        return in.fill(expected);
    }
    if (field == "version" || field == "current") {
        return in.version(expected);
    }
    if (field == "versions" && expected.is_array()) {
        return each([&](const json &version) { return in.version(version); });
    }
    return expected;
}

/// Whether everything that is expected is in the answer; else what is not.
std::optional<std::string> difference(const session &in, const json &expected, const json &found) {
    if (!expected.is_object()) {
        return expected == found ? std::nullopt : std::optional<std::string>("the answer");
    }
    for (const auto &[field, part] : expected.items()) {
        const bool fits = field == "newer_than"
                              ? found.value("number", json()) > json(in.saved(part).number.value_or(UINT64_MAX))
                              : found.is_object() && found.contains(field) && found[field] == prepared(in, field, part);
        if (!fits) {
            return "`" + field + "`";
        }
    }
    return std::nullopt;
}

} // namespace

bool run_step(session &in, const json &stated, const std::string &script) {
    const std::string op = stated.at("op");
    const auto &operation = operations.at(op);
    const auto &args = stated.at("args");
    const auto save = stated.value("save", json::object());
    const auto what = script + ": " + op;
    const auto how = call_of(in, args, operation.options);
    try {
        const auto found = operation.run({in, args, save, how});
        if (stated.contains("error")) {
            return in.to.check(false, what + " worked and should have answered " + stated["error"].get<std::string>());
        }
        const auto differs = stated.contains("expect") ? difference(in, stated["expect"], found) : std::nullopt;
        if (!in.to.check(!differs, what + ": " + differs.value_or("") + " differs: " +
                                       found.dump(-1, ' ', false, json::error_handler_t::replace).substr(0, 300))) {
            return false;
        }
        if (in.how == form::blocking || operation.has_future) {
            in.to.ran(in.how, op, script);
        }
        return true;
    } catch (const strongroom::error &why) {
        const std::string message = why.what();
        in.to.check(message.rfind(why.token(), 0) == 0, what + ": the message names the kind: " + message);
        const std::string wanted = stated.value("error", "");
        return in.to.check(why.token() == wanted, what + " answered " + message + ", wanted: " + wanted);
    }
}

} // namespace vectors
