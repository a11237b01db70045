// The operations that look at many secrets: explanations, documents, copies.

#include "step.hpp"

namespace vectors {

namespace {

strongroom::transfer transfer_of(const step &of) {
    strongroom::transfer stated;
    const auto text = [&](const char *name, auto set) {
        if (of.has(name)) {
            set(of.text(name));
        }
    };
    const auto flag = [&](const char *name, auto set) {
        if (of.has(name)) {
            set(of.args[name].template get<bool>());
        }
    };
    text("format", [&](const auto &word) { stated.format(word); });
    text("dialect", [&](const auto &word) { stated.dialect(word); });
    text("scope", [&](const auto &scope) { stated.scope(scope); });
    text("prefix", [&](const auto &prefix) { stated.prefix(prefix); });
    text("names", [&](const auto &word) { stated.names(word); });
    text("if_exists", [&](const auto &word) { stated.if_exists(word); });
    text("provider", [&](const auto &name) { stated.provider(name); });
    flag("full_names", [&](bool on) { stated.full_names(on); });
    flag("include_expired", [&](bool on) { stated.include_expired(on); });
    flag("strict", [&](bool on) { stated.strict(on); });
    flag("dry_run", [&](bool on) { stated.dry_run(on); });
    flag("allow_loss", [&](bool on) { stated.allow_loss(on); });
    flag("skip_unfit", [&](bool on) { stated.skip_unfit(on); });
    flag("delete_source", [&](bool on) { stated.delete_source(on); });
    if (of.has("keys")) {
        for (const auto &key : texts_of(of, "keys")) {
            stated.key(key);
        }
    }
    if (of.has("fernet_keys")) {
        stated.fernet_keys(value(of.args["fernet_keys"]));
    }
    return stated;
}

/// The items of which this is told: their keys.
json keys(const strongroom::transferred &told, const std::string &outcome) {
    auto found = json::array();
    for (std::size_t at = 0; at < told.size(); ++at) {
        if (told[at].outcome == outcome) {
            found.push_back(told[at].key);
        }
    }
    return found;
}

/// The items of which this is told: what more is told of each.
json details(const strongroom::transferred &told, const std::string &outcome) {
    auto found = json::object();
    for (std::size_t at = 0; at < told.size(); ++at) {
        if (const auto item = told[at]; item.outcome == outcome) {
            found[item.key] = item.detail.value_or("");
        }
    }
    return found;
}

json copied(const strongroom::transferred &told) {
    json answer = {{"outcomes", json::object()}, {"losses", json::object()}, {"deleted", json::array()}};
    for (std::size_t at = 0; at < told.size(); ++at) {
        const auto item = told[at];
        answer["outcomes"][item.key] = item.outcome;
        if (item.detail) {
            answer["losses"][item.key] = *item.detail;
        }
        if (item.deleted) {
            answer["deleted"].push_back(item.key);
        }
    }
    return answer;
}

} // namespace

json explain(const step &of) {
    const auto scopes = of.has("scopes") ? texts_of(of, "scopes") : std::vector<std::string>();
    const auto told = ASK(of, explain, of.key(), scopes, of.how);
    json answer = {{"names", json::array()}, {"answer", nullptr}, {"provider", nullptr}, {"error", nullptr}};
    auto &names = answer["names"];
    for (std::size_t at = 0; at < told.steps.size(); ++at) {
        const auto &asked = told.steps[at];
        of.in.to.check(!asked.backend.empty() && !asked.answer.empty(), "a step tells who answered what");
        of.in.to.check(asked.key.rfind(asked.scope, 0) == 0, "the scope of " + asked.key);
        if (names.empty() || names.back() != asked.key) {
            names.push_back(asked.key);
        }
        if (told.answer == at) {
            answer["answer"] = names.size() - 1;
            answer["provider"] = or_null(asked.about.provider);
        }
    }
    if (told.failure) {
        answer["error"] = std::string(told.failure->token());
    }
    return answer;
}

json export_document(const step &of) {
    const auto told = ASK(of, export_document, transfer_of(of), of.how);
    return {{"document", std::string(told.document().text())},
            {"names", details(told, "exported")},
            {"skipped", details(told, "skipped")}};
}

json import_document(const step &of) {
    const auto told = ASK(of, import_document, of.text("document"), transfer_of(of), of.how);
    for (std::size_t at = 0; at < told.size(); ++at) {
        if (const auto item = told[at]; item.why) {
            throw *item.why;
        }
    }
    return {{"imported", keys(told, "created")},
            {"replaced", keys(told, "replaced")},
            {"skipped", details(told, "skipped")},
            {"notes", told.note_count()}};
}

json copy_plan(const step &of) { return copied(ASK(of, copy_plan, of.in.beside(), transfer_of(of), of.how)); }

json copy_to(const step &of) { return copied(ASK(of, copy_to, of.in.beside(), transfer_of(of), of.how)); }

} // namespace vectors
