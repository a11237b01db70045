// What concerns the library as a whole.
// Part of strongroom.hpp; include that.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "answers.hpp"
#include "verbs.hpp"

namespace strongroom {

/// How much a message matters.
enum class log_level : std::int32_t {
    error = STRONGROOM_LEVEL_ERROR,
    warn = STRONGROOM_LEVEL_WARN,
    info = STRONGROOM_LEVEL_INFO,
    debug = STRONGROOM_LEVEL_DEBUG,
    trace = STRONGROOM_LEVEL_TRACE,
};

/// Takes the library's messages. It may be called on any thread, on several at once, and must not call verbs. One that
/// throws ends the program.
using log_sink = std::function<void(log_level level, std::string_view target, std::string_view message)>;

namespace detail {

inline void write_log(void *context, std::int32_t level, const char *target, const char *message) noexcept {
    (*static_cast<const log_sink *>(context))(static_cast<log_level>(level), view(target), view(message));
}

} // namespace detail

/// The version of the library that is loaded: `"0.1.0"`.
[[nodiscard]] inline std::string_view library_version() noexcept { return detail::view(strongroom_version()); }

/// The version of the loaded library's ABI; opening refuses one that is not `STRONGROOM_ABI_VERSION`.
[[nodiscard]] inline std::uint32_t abi_version() noexcept { return strongroom_abi_version(); }

/// What the library is: texts `version`, `backends`, `allocator`; numbers `abi_version`, `secret_memory`, `locked`,
/// `excluded_from_dumps`, `unprotected_keys`.
[[nodiscard]] inline result<report> try_library_info() {
    return detail::ask<report>(nullptr, [](auto **made, auto **why) { return strongroom_library_info(made, why); });
}

/// Keeps other processes and core dumps away from this one's memory: numbers `not_dumpable`, `no_core_dumps`, 1 where
/// it could be done.
inline result<report> try_harden_process() {
    return detail::ask<report>(nullptr, [](auto **made, auto **why) { return strongroom_harden_process(made, why); });
}

/// Ends the library's work: cancels what was started and waits until the completions have run, closes every manager,
/// wipes caches and keys, ends its threads. `timeout` where completions do not return in time (at most 49 days). A
/// manager may be opened anew afterwards.
inline result<void> try_shutdown(std::chrono::milliseconds timeout) {
    const auto most = std::chrono::milliseconds(UINT32_MAX);
    const auto span = timeout.count() < 0 ? std::chrono::milliseconds(0) : timeout < most ? timeout : most;
    return detail::ask<void>(
        nullptr, [&](auto **why) { return strongroom_shutdown(static_cast<std::uint32_t>(span.count()), why); });
}

/// Sends messages of `level` and above to `sink`, which is kept until another takes its place; an empty one turns them
/// off. Messages never carry a value.
inline result<void> try_set_log(log_level level, log_sink sink) {
    if (!sink) {
        return detail::ask<void>(nullptr, [&](auto **why) {
            return strongroom_set_log_callback(static_cast<std::int32_t>(level), nullptr, nullptr, nullptr, why);
        });
    }
    auto owned = std::make_unique<log_sink>(std::move(sink));
    auto outcome = detail::ask<void>(nullptr, [&](auto **why) {
        return strongroom_set_log_callback(static_cast<std::int32_t>(level), detail::write_log, owned.get(),
                                           detail::destroy<log_sink>, why);
    });
    if (outcome) {
        static_cast<void>(owned.release());
    }
    return outcome;
}

/// Generates a value and keeps it nowhere: `length` random bytes in their form, or a password of so many characters.
/// `invalid_argument`.
[[nodiscard]] inline result<secret> try_generate(form kind, std::size_t length, const call &how = {}) {
    return detail::ask<secret>(how.failure(), [&](auto **made, auto **why) {
        return strongroom_generate(static_cast<std::int32_t>(kind), length, how.c_handle(), made, why);
    });
}

/// The parts of a key's text. `invalid_key`, saying what is wrong with it.
[[nodiscard]] inline result<key_parts> try_parse_key(std::string_view text) {
    return detail::ask<key_parts>(
        nullptr, [&](auto **made, auto **why) { return strongroom_key_parse(text.data(), text.size(), made, why); });
}

/// Any bytes as a segment of a key: `=HH` for what a key cannot hold, `==` for nothing.
[[nodiscard]] inline result<std::string> try_escape(byte_view word) {
    return detail::written_text(word.size(), 1, [&](char *buffer, std::size_t capacity, auto *needed, auto **why) {
        return strongroom_key_escape(word.data(), word.size(), buffer, capacity, needed, why);
    });
}

/// How a key becomes the name of an environment variable: names that people expect, of which several keys may share
/// one, or one of its own for each key.
enum class variable_mapping { plain, escaped };

/// The name of the environment variable that stands for a key, behind `prefix`. `invalid_key`.
[[nodiscard]] inline result<std::string> try_key_variable(std::string_view key, std::string_view prefix = {},
                                                          variable_mapping mapping = variable_mapping::plain) {
    const std::string_view word = mapping == variable_mapping::plain ? "plain" : "escaped";
    return detail::written_text(
        prefix.size() + 2 * key.size(), 1, [&](char *buffer, std::size_t capacity, auto *needed, auto **why) {
            return strongroom_key_variable(key.data(), key.size(), prefix.data(), prefix.size(), word.data(),
                                           word.size(), buffer, capacity, needed, why);
        });
}

/// The bytes that `escape` made a segment of. `invalid_key`.
[[nodiscard]] inline result<std::string> try_unescape(std::string_view segment) {
    return detail::written_text(segment.size(), 0, [&](char *buffer, std::size_t capacity, auto *needed, auto **why) {
        auto *bytes = static_cast<std::uint8_t *>(static_cast<void *>(buffer));
        return strongroom_key_unescape(segment.data(), segment.size(), bytes, capacity, needed, why);
    });
}

#if STRONGROOM_EXCEPTIONS
/// `try_library_info`, throwing; so are all that follow.
[[nodiscard]] inline report library_info() { return try_library_info().value(); }
inline report harden_process() { return try_harden_process().value(); }
inline void shutdown(std::chrono::milliseconds timeout) { try_shutdown(timeout).value(); }
inline void set_log(log_level level, log_sink sink) { try_set_log(level, std::move(sink)).value(); }
[[nodiscard]] inline secret generate(form kind, std::size_t length, const call &how = {}) {
    return try_generate(kind, length, how).value();
}
[[nodiscard]] inline key_parts parse_key(std::string_view text) { return try_parse_key(text).value(); }
[[nodiscard]] inline std::string escape(byte_view word) { return try_escape(word).value(); }
[[nodiscard]] inline std::string key_variable(std::string_view key, std::string_view prefix = {},
                                              variable_mapping mapping = variable_mapping::plain) {
    return try_key_variable(key, prefix, mapping).value();
}
[[nodiscard]] inline std::string unescape(std::string_view segment) { return try_unescape(segment).value(); }
#endif

} // namespace strongroom
