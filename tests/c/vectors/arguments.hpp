// The arguments of a step as the wrapper's own types.
#pragma once

#include <chrono>
#include <sstream>

#include "session.hpp"

namespace vectors {

using strongroom::call;
using strongroom::time_point;

inline time_point from_microseconds(std::int64_t at) { return time_point(std::chrono::microseconds(at)); }

inline std::optional<time_point> expiry(const json &args) {
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
inline const std::map<std::string, set_option> options = {
    {"timeout_ms", [](session &, call &how, const json &args,
                      const char *name) { how.timeout(std::chrono::milliseconds(args[name].get<std::int64_t>())); }},
    {"prompt",
     [](session &, call &how, const json &args, const char *name) {
         how.prompt(args[name] == "allow" ? strongroom::prompt::allow : strongroom::prompt::never);
     }},
    {"actor",
     [](session &, call &how, const json &args, const char *name) { how.actor(args[name].get<std::string>()); }},
    {"reason",
     [](session &, call &how, const json &args, const char *name) { how.reason(args[name].get<std::string>()); }},
    {"request_id",
     [](session &, call &how, const json &args, const char *name) { how.request_id(args[name].get<std::string>()); }},
    {"include_expired",
     [](session &, call &how, const json &args, const char *name) { how.include_expired(args[name]); }},
    {"version",
     [](session &in, call &how, const json &args, const char *name) { how.version(in.version(args[name])); }},
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
    {"if_version",
     [](session &in, call &how, const json &args, const char *name) { how.if_version(in.version(args[name])); }},
    {"created_at",
     [](session &, call &how, const json &args, const char *name) { how.created_at(from_microseconds(args[name])); }},
    {"expires_at", [](session &, call &how, const json &args, const char *) { how.expires_at(*expiry(args)); }},
    {"expires_in_s", [](session &, call &how, const json &args, const char *) { how.expires_at(*expiry(args)); }},
    {"clear_expiry", [](session &, call &how, const json &args, const char *name) { how.clear_expiry(args[name]); }},
    {"fresh", [](session &, call &how, const json &args, const char *name) { how.fresh(args[name]); }},
    {"soft", [](session &, call &how, const json &args, const char *name) { how.soft(args[name]); }},
    {"force", [](session &, call &how, const json &args, const char *name) { how.force(args[name]); }},
    {"every_ms", [](session &, call &how, const json &args,
                    const char *name) { how.every(std::chrono::milliseconds(args[name].get<std::int64_t>())); }},
    {"missing_ok", [](session &, call &how, const json &args, const char *name) { how.missing_ok(args[name]); }},
    {"back", [](session &, call &how, const json &args, const char *name) { how.back(args[name]); }},
    {"symbols", [](session &, call &how, const json &args, const char *name) { how.symbols(args[name]); }},
};

/// The options of a call: those that every verb takes, and of `words` those that the step states.
inline call call_of(session &in, const json &args, const std::string &words) {
    call how;
    std::istringstream names("timeout_ms prompt actor reason request_id " + words);
    for (std::string name; names >> name;) {
        if (args.contains(name)) {
            options.at(name)(in, how, args, name.c_str());
        }
    }
    return how;
}

inline strongroom::metadata metadata_of(const json &args) {
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
inline strongroom::metadata_update update_of(const json &args) {
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

inline strongroom::form form_of(const json &args) {
    static const std::map<std::string, strongroom::form> forms = {{"bytes", strongroom::form::bytes},
                                                                  {"hex", strongroom::form::hex},
                                                                  {"base64", strongroom::form::base64},
                                                                  {"password", strongroom::form::password}};
    return forms.at(args.at("form"));
}

} // namespace vectors
