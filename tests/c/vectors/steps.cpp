// The operations of a script: one verb each.

#include "step.hpp"

namespace vectors {

namespace {

json written(const step &of, const strongroom::written &outcome) {
    if (of.save.contains("version")) {
        of.in.save(of.save["version"], outcome);
    }
    return {{"created", outcome.created},
            {"version", or_null(outcome.version)},
            {"number", or_null(outcome.version_number)}};
}

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

/// The text of a reference, with the version that it names filled in.
std::string reference(const step &of) {
    auto text = of.text("reference");
    const std::string mark = "{version}";
    if (const auto at = text.find(mark); of.has("version") && at != std::string::npos) {
        text.replace(at, mark.size(), of.version());
    }
    return text;
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
    return {
        {"secrets", told.secrets}, {"versions", told.versions}, {"journal", told.journal}, {"sequence", told.sequence}};
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
    {"scoped",
     {"",
      [](const step &of) -> json {
          of.in.manager = of.in.manager.scoped(of.text("scope"));
          return nullptr;
      },
      false}},
    {"get", {"include_expired version fresh", [](const step &of) { return answer(ASK(of, get, of.key(), of.how)); }}},
    {"get_version",
     {"include_expired fresh",
      [](const step &of) { return answer(ASK(of, get_version, of.key(), of.version(), of.how)); }}},
    {"get_value", {"", get_value, false}},
    {"get_into", {"", get_into, false}},
    {"get_many", {"", get_many}},
    {"get_with_fallback",
     {"allow_unavailable",
      [](const step &of) {
          return answer(ASK(of, get_with_fallback, of.text("name"), texts_of(of, "scopes"), of.how));
      }}},
    {"exists", {"", [](const step &of) -> json { return ASK(of, exists, of.key(), of.how); }}},
    {"describe",
     {"",
      [](const step &of) -> json {
          const auto about = ASK(of, describe, of.key(), of.how);
          return about ? answer(*about) : json();
      }}},
    {"explain", {"", explain}},
    {"export", {"", export_document}},
    {"import", {"", import_document}},
    {"copy_plan", {"", copy_plan}},
    {"copy_to", {"", copy_to}},
    {"key_variable", {"", key_variable, false}},
    {"setting", {"", setting, false}},
    {"fernet_generate", {"", fernet_generate, false}},
    {"fernet_encrypt", {"", fernet_encrypt, false}},
    {"fernet_decrypt", {"", fernet_decrypt, false}},
    {"fernet_rotate", {"", fernet_rotate, false}},
    {"other",
     {"",
      [](const step &of) -> json {
          of.in.exchange(of.args);
          return nullptr;
      },
      false}},
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
     {"symbols", [](const step &of) { return generated(strongroom::generate(form_of(of.args), of.length(), of.how)); },
      false}},
    {"get_or_generate",
     {"symbols",
      [](const step &of) {
          return generated(
              ASK(of, get_or_generate, of.key(), form_of(of.args), of.length(), metadata_of(of.args), of.how));
      }}},
    {"rotate", {"", [](const step &of) { return written(of, ASK(of, rotate, of.key(), of.value(), of.how)); }}},
    {"rotate_generate",
     {"symbols",
      [](const step &of) {
          return written(of, ASK(of, rotate_generate, of.key(), form_of(of.args), of.length(), of.how));
      }}},
    {"delete",
     {"missing_ok soft force version",
      [](const step &of) -> json {
          ASK(of, erase, of.key(), of.how);
          return nullptr;
      }}},
    {"restore", {"", [](const step &of) { return written(of, ASK(of, restore, of.key(), of.how)); }}},
    {"resolve", {"", [](const step &of) { return answer(ASK(of, resolve, reference(of), of.how)); }}},
    {"refresh",
     {"",
      [](const step &of) -> json {
          ASK(of, refresh, of.how);
          return nullptr;
      }}},
    {"metrics", {"", metrics, false}},
    {"subscribe", {"scope prefix every_ms", subscribe}},
    {"next_change", {"", next_change}},
    {"rollback", {"back", rollback}},
    {"health", {"", health}},
    {"verify", {"", verify}},
    {"lock",
     {"",
      [](const step &of) -> json {
          ASK(of, lock, of.how);
          return nullptr;
      }}},
    {"close",
     {"",
      [](const step &of) -> json {
          ASK(of, close, of.how);
          return nullptr;
      }}},
};

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
        // `other` is `open` once more.
        if (op != "other" && (in.how == form::blocking || operation.has_future)) {
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
