// What goes wrong, and the answer that says so without an exception.
// Part of strongroom.hpp; include that.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <strongroom.h>

/// 1 where exceptions are on. Without them the throwing forms of the verbs are not there.
#if defined(__cpp_exceptions) || defined(_CPPUNWIND)
#define STRONGROOM_EXCEPTIONS 1
#else
#define STRONGROOM_EXCEPTIONS 0
#endif

namespace strongroom {

namespace detail {

/// Frees a handle of the C library; null is fine there.
template <auto Free> struct deleter {
    template <class T> void operator()(T *handle) const noexcept { static_cast<void>(Free(handle)); }
};

/// A handle that is owned.
template <class T, auto Free> using handle = std::unique_ptr<T, deleter<Free>>;

/// A text of the C library, which has null for none.
inline std::string_view view(const char *text) noexcept {
    return text == nullptr ? std::string_view() : std::string_view(text);
}

} // namespace detail

/// How a call ended: `ok` or the kind of its error. The numbers are those of C and never change. docs/errors.md says
/// what each means. A newer library may answer a number that has no name here.
enum class status : std::int32_t {
    ok = STRONGROOM_STATUS_OK,
    not_found = STRONGROOM_STATUS_NOT_FOUND,
    expired = STRONGROOM_STATUS_EXPIRED,
    unauthenticated = STRONGROOM_STATUS_UNAUTHENTICATED,
    permission_denied = STRONGROOM_STATUS_PERMISSION_DENIED,
    locked = STRONGROOM_STATUS_LOCKED,
    policy_denied = STRONGROOM_STATUS_POLICY_DENIED,
    unavailable = STRONGROOM_STATUS_UNAVAILABLE,
    timeout = STRONGROOM_STATUS_TIMEOUT,
    rate_limited = STRONGROOM_STATUS_RATE_LIMITED,
    outcome_unknown = STRONGROOM_STATUS_OUTCOME_UNKNOWN,
    cancelled = STRONGROOM_STATUS_CANCELLED,
    closed = STRONGROOM_STATUS_CLOSED,
    conflict = STRONGROOM_STATUS_CONFLICT,
    ambiguous = STRONGROOM_STATUS_AMBIGUOUS,
    read_only = STRONGROOM_STATUS_READ_ONLY,
    unsupported = STRONGROOM_STATUS_UNSUPPORTED,
    invalid_key = STRONGROOM_STATUS_INVALID_KEY,
    invalid_value = STRONGROOM_STATUS_INVALID_VALUE,
    invalid_argument = STRONGROOM_STATUS_INVALID_ARGUMENT,
    too_large = STRONGROOM_STATUS_TOO_LARGE,
    buffer_too_small = STRONGROOM_STATUS_BUFFER_TOO_SMALL,
    invalid_config = STRONGROOM_STATUS_INVALID_CONFIG,
    invalid_handle = STRONGROOM_STATUS_INVALID_HANDLE,
    reentrant_call = STRONGROOM_STATUS_REENTRANT_CALL,
    wrong_key = STRONGROOM_STATUS_WRONG_KEY,
    key_missing = STRONGROOM_STATUS_KEY_MISSING,
    integrity = STRONGROOM_STATUS_INTEGRITY,
    unsupported_format = STRONGROOM_STATUS_UNSUPPORTED_FORMAT,
    insecure_path = STRONGROOM_STATUS_INSECURE_PATH,
    storage_full = STRONGROOM_STATUS_STORAGE_FULL,
    audit_unavailable = STRONGROOM_STATUS_AUDIT_UNAVAILABLE,
    internal = STRONGROOM_STATUS_INTERNAL,
};

/// The word of a status, the same in every language: `"not_found"`. Empty for a number that the library does not know.
[[nodiscard]] inline std::string_view token(status kind) noexcept {
    return detail::view(strongroom_status_token(static_cast<std::int32_t>(kind)));
}

/// One line that says what to do. Empty for `ok` and for a number that the library does not know.
[[nodiscard]] inline std::string_view help(status kind) noexcept {
    return detail::view(strongroom_status_help(static_cast<std::int32_t>(kind)));
}

/// Whether the same call may succeed later without anyone changing anything.
[[nodiscard]] inline bool is_retryable(status kind) noexcept {
    return strongroom_status_is_retryable(static_cast<std::int32_t>(kind));
}

/// With what a command-line program should end: the exit code of the `strongroom` command; -1 for an unknown number.
[[nodiscard]] inline int exit_code(status kind) noexcept {
    return strongroom_status_exit_code(static_cast<std::int32_t>(kind));
}

/// Why a call failed. Thrown by the throwing forms, held by `result`. Never carries a secret's value. Copies share what
/// they know and may be read on several threads; texts live as long as any copy.
class error : public std::runtime_error {
public:
    /// An error of one's own, for a provider to answer.
    explicit error(strongroom::status kind, const std::string &message) : std::runtime_error(message), kind_(kind) {}

    /// An error of this kind with the kind's word as its message.
    explicit error(strongroom::status kind) : error(kind, std::string(strongroom::token(kind))) {}

    /// Takes over an error of the C library; null where it gave none.
    [[nodiscard]] static error adopt(strongroom_status_t kind, strongroom_error_t *owned) {
        const std::shared_ptr<strongroom_error_t> handle(owned, detail::deleter<strongroom_error_free>());
        const auto message = detail::view(strongroom_error_message(owned));
        error made(static_cast<strongroom::status>(kind),
                   std::string(message.empty() ? detail::view(strongroom_status_token(kind)) : message));
        made.handle_ = handle;
        return made;
    }

    /// The kind; never `ok`.
    [[nodiscard]] strongroom::status status() const noexcept { return kind_; }
    /// The kind's word: `"not_found"`.
    [[nodiscard]] std::string_view token() const noexcept { return strongroom::token(kind_); }
    /// What to do, in one line.
    [[nodiscard]] std::string_view help() const noexcept {
        return handle_ ? detail::view(strongroom_error_help(c_handle())) : strongroom::help(kind_);
    }
    /// Whether the same call may succeed later without anyone changing anything.
    [[nodiscard]] bool retryable() const noexcept {
        return handle_ ? strongroom_error_is_retryable(c_handle()) : strongroom::is_retryable(kind_);
    }
    /// The verb that failed; empty where not known, as the next three are.
    [[nodiscard]] std::string_view operation() const noexcept {
        return detail::view(strongroom_error_operation(c_handle()));
    }
    /// The word of the backend.
    [[nodiscard]] std::string_view backend() const noexcept {
        return detail::view(strongroom_error_backend(c_handle()));
    }
    /// The key of the secret.
    [[nodiscard]] std::string_view key() const noexcept { return detail::view(strongroom_error_key(c_handle())); }
    /// The setting at fault.
    [[nodiscard]] std::string_view setting() const noexcept {
        return detail::view(strongroom_error_setting(c_handle()));
    }
    /// How long the backend asks to wait, where it said so.
    [[nodiscard]] std::optional<std::chrono::microseconds> retry_after() const noexcept {
        const auto micros = handle_ ? strongroom_error_retry_after(c_handle()) : -1;
        return micros < 0 ? std::nullopt : std::optional(std::chrono::microseconds(micros));
    }
    /// The number that an operating system or a service gave; 0 where there is none.
    [[nodiscard]] std::int64_t foreign_code() const noexcept { return strongroom_error_foreign_code(c_handle()); }
    /// The C error, still this object's; null for an error that was not made by the library.
    [[nodiscard]] const strongroom_error_t *c_handle() const noexcept { return handle_.get(); }

private:
    strongroom::status kind_;
    std::shared_ptr<const strongroom_error_t> handle_;
};

/// A value, or the error that kept it from being there: what the `try_` forms and the callbacks give, in the shape of
/// C++23's `std::expected`. Asking for the part that it does not have ends the program, but for `value()`, which
/// throws.
template <class T> class [[nodiscard]] result {
public:
    /// A value.
    result(T value) : content_(std::in_place_index<0>, std::move(value)) {}
    /// An error.
    result(strongroom::error why) : content_(std::in_place_index<1>, std::move(why)) {}

    /// Whether there is a value.
    [[nodiscard]] bool has_value() const noexcept { return content_.index() == 0; }
    [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }
    /// `ok`, or the kind of the error.
    [[nodiscard]] strongroom::status status() const noexcept {
        return has_value() ? strongroom::status::ok : error().status();
    }

    [[nodiscard]] T &operator*() &noexcept { return part<0>(content_); }
    [[nodiscard]] const T &operator*() const &noexcept { return part<0>(content_); }
    [[nodiscard]] T &&operator*() &&noexcept { return std::move(part<0>(content_)); }
    [[nodiscard]] T *operator->() noexcept { return &part<0>(content_); }
    [[nodiscard]] const T *operator->() const noexcept { return &part<0>(content_); }
    /// The error.
    [[nodiscard]] const strongroom::error &error() const noexcept { return part<1>(content_); }

    /// The value, or `other` where there is none.
    template <class U> [[nodiscard]] T value_or(U &&other) && {
        return has_value() ? *std::move(*this) : static_cast<T>(std::forward<U>(other));
    }

#if STRONGROOM_EXCEPTIONS
    /// The value; throws the error where there is none.
    [[nodiscard]] T value() && {
        if (!has_value()) {
            throw error();
        }
        return *std::move(*this);
    }
    [[nodiscard]] const T &value() const & {
        if (!has_value()) {
            throw error();
        }
        return **this;
    }
#endif

private:
    template <std::size_t Index, class Content> static auto &part(Content &content) noexcept {
        auto *found = std::get_if<Index>(&content);
        if (found == nullptr) {
            std::terminate();
        }
        return *found;
    }

    std::variant<T, strongroom::error> content_;
};

/// Success, or the error that kept it from happening.
template <> class [[nodiscard]] result<void> {
public:
    /// Success.
    result() noexcept = default;
    /// An error.
    result(strongroom::error why) : why_(std::move(why)) {}

    /// Whether it succeeded.
    [[nodiscard]] bool has_value() const noexcept { return !why_.has_value(); }
    [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }
    /// `ok`, or the kind of the error.
    [[nodiscard]] strongroom::status status() const noexcept {
        return has_value() ? strongroom::status::ok : error().status();
    }
    /// The error; ends the program where there is none.
    [[nodiscard]] const strongroom::error &error() const noexcept {
        if (!why_) {
            std::terminate();
        }
        return *why_;
    }

#if STRONGROOM_EXCEPTIONS
    /// Throws the error where there is one.
    void value() const {
        if (!has_value()) {
            throw error();
        }
    }
#endif

private:
    std::optional<strongroom::error> why_;
};

} // namespace strongroom
