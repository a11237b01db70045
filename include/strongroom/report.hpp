// Reports: named texts and numbers, and the plain forms of those whose names are known.
// Part of strongroom.hpp; include that.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "error.hpp"

namespace strongroom {

/// Named texts and numbers. Move-only; its texts live as long as it does. A newer library may give more names.
class report {
public:
    /// Takes over a C report.
    [[nodiscard]] static report adopt(strongroom_report_t *owned) noexcept { return report(owned); }

    /// How many names there are.
    [[nodiscard]] std::size_t size() const noexcept { return strongroom_report_len(c_handle()); }
    /// A name; empty beyond the last.
    [[nodiscard]] std::string_view name(std::size_t index) const noexcept {
        return detail::view(strongroom_report_name(c_handle(), index));
    }
    /// What stands under a name, numbers in decimal; none where there is no such name.
    [[nodiscard]] std::optional<std::string_view> text(std::string_view name) const noexcept {
        const char *found = strongroom_report_text(c_handle(), name.data(), name.size());
        return found == nullptr ? std::nullopt : std::optional<std::string_view>(found);
    }
    /// The number under a name; none where there is no such name, or a text.
    [[nodiscard]] std::optional<std::uint64_t> number(std::string_view name) const noexcept {
        std::uint64_t found = 0;
        const auto outcome = strongroom_report_number(c_handle(), name.data(), name.size(), &found);
        return outcome == STRONGROOM_STATUS_OK ? std::optional(found) : std::nullopt;
    }
    /// Whether the number under a name is there and not 0: `info.is("versions")`.
    [[nodiscard]] bool is(std::string_view name) const noexcept { return number(name).value_or(0) != 0; }
    /// The C report, still this object's.
    [[nodiscard]] const strongroom_report_t *c_handle() const noexcept { return handle_.get(); }

private:
    explicit report(strongroom_report_t *owned) noexcept : handle_(owned) {}

    detail::handle<strongroom_report_t, strongroom_report_free> handle_;
};

/// How a backend is.
enum class health_state { ok, degraded, unavailable };

/// What a manager has counted, by the names of docs/metrics.md.
using metric_map = std::map<std::string, std::uint64_t>;

/// What `health` answers.
struct health_report {
    health_state state = health_state::ok;
    /// Why it is not `ok`; empty where it is.
    std::string reason{};
    /// The token of the error that is the cause, where one is.
    std::string kind{};
};

/// What `verify` counted.
struct verify_report {
    std::uint64_t secrets = 0;
    std::uint64_t versions = 0;
    /// Records of the journal.
    std::uint64_t journal = 0;
    /// The number of the last write.
    std::uint64_t sequence = 0;
};

/// A setting of an open manager.
struct setting_value {
    /// Its text; none where nobody stated it and it has no default, and for a secret setting.
    std::optional<std::string> value{};
    /// Who stated it, in words.
    std::string origin{};
};

/// The parts of a key.
struct key_parts {
    /// The complete text: `global/api_key`.
    std::string canonical{};
    /// The kind of its scope: `global`, `org`.
    std::string kind{};
    /// The scope's id; none for `global`.
    std::optional<std::string> id{};
    std::string name{};
    /// What stands behind `@`.
    std::optional<std::string> target{};
};

namespace detail {

inline health_state state_of(std::string_view word) noexcept {
    return word == "ok" ? health_state::ok : word == "degraded" ? health_state::degraded : health_state::unavailable;
}

inline std::optional<std::string> text(const report &from, std::string_view name) {
    const auto found = from.text(name);
    return found ? std::optional<std::string>(*found) : std::nullopt;
}

} // namespace detail

} // namespace strongroom
