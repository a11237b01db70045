// What a verb answers as JSON, in the fields of tests/vectors/README.md, and what it is compared with.
#pragma once

#include <algorithm>
#include <cctype>
#include <initializer_list>
#include <iterator>
#include <string_view>
#include <vector>

#include "arguments.hpp"

namespace vectors {

template <class T> json or_null(const std::optional<T> &found) { return found ? json(*found) : json(); }

inline json or_null(const std::optional<time_point> &at) {
    if (!at) {
        return nullptr;
    }
    return std::chrono::duration_cast<std::chrono::microseconds>(at->time_since_epoch()).count();
}

inline json bytes(strongroom::byte_view value) {
    return json::binary(std::vector<std::uint8_t>(value.begin(), value.end()));
}

inline json answer(const strongroom::metadata &about) {
    return {{"provider", or_null(about.provider)},
            {"scope_of_use", or_null(about.scope_of_use)},
            {"labels", about.labels},
            {"expires", about.expires_at.has_value()},
            {"expires_at", or_null(about.expires_at)},
            {"created_at", or_null(about.created_at)},
            {"version", or_null(about.version)},
            {"expired", about.expired}};
}

inline json answer(const std::optional<strongroom::secret> &found) {
    if (!found) {
        return nullptr;
    }
    auto told = answer(found->about());
    told["value"] = bytes(found->bytes());
    return told;
}

inline json generated(const strongroom::secret &made) {
    const auto text = made.text();
    const auto is_symbol = [](unsigned char c) { return c >= 128 || std::isalnum(c) == 0; };
    return {{"length", made.size()}, {"symbols", std::any_of(text.begin(), text.end(), is_symbol)}};
}

inline json answer(const strongroom::page &page) {
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

inline json answer(const std::vector<strongroom::version_entry> &kept) {
    json told = {
        {"count", kept.size()}, {"versions", json::array()}, {"expires_at", json::array()}, {"current", nullptr}};
    for (const auto &entry : kept) {
        told["versions"].push_back(entry.version);
        told["expires_at"].push_back(or_null(entry.expires_at));
        if (entry.current) {
            told["current"] = entry.version;
        }
    }
    return told;
}

inline bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

/// What is expected in the form in which answers stand: filled in, values as bytes, versions as their words.
inline json prepared(const session &in, const std::string &field, const json &expected) {
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
    if (is_one_of(field, {"names", "skipped", "outcomes", "losses"}) && expected.is_object()) {
        auto entries = json::object();
        for (const auto &[key, entry] : expected.items()) {
            entries[in.fill(key)] = in.fill(entry);
        }
        return entries;
    }
    if (is_one_of(field, {"names", "expired", "imported", "replaced", "deleted"}) && expected.is_array()) {
        return each([&](const json &name) { return in.fill(name); });
    }
    if ((field == "next" || field == "key") && expected.is_string()) {
        return in.fill(expected);
    }
    if ((field == "version" || field == "current") && expected.is_string()) {
        return in.version(expected);
    }
    if (field == "versions" && expected.is_array()) {
        return each([&](const json &version) { return in.version(version); });
    }
    return expected;
}

/// Whether everything that is expected is in the answer; else what is not.
inline std::optional<std::string> difference(const session &in, const json &expected, const json &found) {
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

} // namespace vectors
