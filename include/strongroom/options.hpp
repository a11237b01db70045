// How a manager is opened and how a call is made.
// Part of strongroom.hpp; include that.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "bytes.hpp"
#include "error.hpp"

namespace strongroom {

/// A point in time.
using time_point = std::chrono::system_clock::time_point;

namespace detail {

/// Microseconds since 1970, as C has times.
inline std::int64_t to_micros(time_point at) noexcept {
    return std::chrono::floor<std::chrono::microseconds>(at.time_since_epoch()).count();
}

/// A time of C's. One that the system's clock cannot express becomes the nearest that it can.
inline time_point from_micros(std::int64_t micros) noexcept {
    using clock = std::chrono::system_clock;
    constexpr auto first = std::chrono::ceil<std::chrono::microseconds>(clock::duration::min());
    constexpr auto last = std::chrono::floor<std::chrono::microseconds>(clock::duration::max());
    const std::chrono::microseconds since(micros);
    return time_point(std::chrono::duration_cast<clock::duration>(since < first ? first : since > last ? last : since));
}

/// A builder of the C library, made at its first use. Its first failure is kept for the verb that it is given to.
template <class T, auto New, auto Free> class builder {
public:
    /// The C builder, still this object's; null (everything by default) where nothing was set.
    [[nodiscard]] const T *c_handle() const noexcept { return handle_.get(); }

    /// The first setter's failure, which every verb answers that is given this object; null where there is none.
    [[nodiscard]] const error *failure() const noexcept { return failure_.get(); }

protected:
    builder() noexcept = default;

    template <class Set> void apply(const Set &set) {
        if (failure_ != nullptr) {
            return;
        }
        strongroom_error_t *why = nullptr;
        auto outcome = STRONGROOM_STATUS_OK;
        if (handle_ == nullptr) {
            T *made = nullptr;
            outcome = New(&made, &why);
            handle_.reset(made);
        }
        if (outcome == STRONGROOM_STATUS_OK) {
            outcome = set(handle_.get(), &why);
        }
        if (outcome != STRONGROOM_STATUS_OK) {
            fail(error::adopt(outcome, why));
        }
    }

    void fail(error why) {
        if (failure_ == nullptr) {
            failure_ = std::make_unique<error>(std::move(why));
        }
    }

private:
    handle<T, Free> handle_;
    std::unique_ptr<error> failure_;
};

} // namespace detail

/// Ends calls from another thread: give it to them with `call::cancel`, then `fire`. Move-only. One that was moved
/// from, or could not be made, is refused by `call::cancel`. Destroying it does not fire.
class cancel_source {
public:
    /// A source that has not fired.
    cancel_source() noexcept {
        strongroom_cancel_t *made = nullptr;
        static_cast<void>(strongroom_cancel_new(&made, nullptr));
        handle_.reset(made);
    }

    /// Ends every call that carries it, now or later, with `cancelled` (a write that was sent: `outcome_unknown`); what
    /// the cache answers at once is answered all the same. For good; from any thread, and from within callbacks.
    void fire() const noexcept { static_cast<void>(strongroom_cancel_fire(c_handle())); }

    /// The C source, still this object's.
    [[nodiscard]] const strongroom_cancel_t *c_handle() const noexcept { return handle_.get(); }

private:
    detail::handle<strongroom_cancel_t, strongroom_cancel_free> handle_;
};

/// Whether a keystore may ask a person.
enum class prompt { never, allow };

/// Options of one call: `secrets.get("api_key", call{}.timeout(200ms).version("7"))`. Move-only; may be used for many
/// calls, also at once, while nobody sets anything. A wrong value, and an option that the verb does not take, are
/// answered by the verb (`invalid_argument`). Setting an option again replaces it.
class call : public detail::builder<strongroom_call_t, strongroom_call_new, strongroom_call_free> {
public:
    /// Everything by default.
    call() noexcept {}

    /// Any option by its name, as `strongroom_call_set` lists them.
    call &set(std::string_view name, std::string_view value) & {
        apply([&](auto *options, auto **why) {
            return strongroom_call_set(options, name.data(), name.size(), value.data(), value.size(), why);
        });
        return *this;
    }
    call set(std::string_view name, std::string_view value) && { return std::move(set(name, value)); }

    /// How long the call may take in all: a millisecond to a day. By default the setting `deadline`.
    call &timeout(std::chrono::milliseconds span) & { return set("timeout", std::to_string(span.count()) + "ms"); }
    call timeout(std::chrono::milliseconds span) && { return std::move(timeout(span)); }
    /// Ends the call when `source` fires. The call keeps what it needs of the source.
    call &cancel(const cancel_source &source) & {
        apply([&](auto *options, auto **why) { return strongroom_call_set_cancel(options, source.c_handle(), why); });
        return *this;
    }
    call cancel(const cancel_source &source) && { return std::move(cancel(source)); }
    /// Whether a keystore may ask a person.
    call &prompt(strongroom::prompt policy) & {
        return set("prompt", policy == strongroom::prompt::allow ? "allow" : "never");
    }
    call prompt(strongroom::prompt policy) && { return std::move(prompt(policy)); }
    /// Who calls, for the audit record; so are the next two.
    call &actor(std::string_view who) & { return set("actor", who); }
    call actor(std::string_view who) && { return std::move(actor(who)); }
    /// Why.
    call &reason(std::string_view why) & { return set("reason", why); }
    call reason(std::string_view why) && { return std::move(reason(why)); }
    /// As part of what.
    call &request_id(std::string_view id) & { return set("request_id", id); }
    call request_id(std::string_view id) && { return std::move(request_id(id)); }

    /// `get` and its kin: reads this version. `erase`: removes only the value of this version, for good.
    call &version(std::string_view text) & { return set("version", text); }
    call version(std::string_view text) && { return std::move(version(text)); }
    /// `get` and its kin: reads an expired secret too.
    call &include_expired(bool on = true) & { return set("include_expired", word(on)); }
    call include_expired(bool on = true) && { return std::move(include_expired(on)); }
    /// `get` and its kin: asks the backend in any case; the cache only learns the answer.
    call &fresh(bool on = true) & { return set("fresh", word(on)); }
    call fresh(bool on = true) && { return std::move(fresh(on)); }
    /// `get_with_fallback`: passes over a scope that cannot be asked now (`unavailable`, `timeout`, `rate_limited`).
    call &allow_unavailable(bool on = true) & { return set("allow_unavailable", word(on)); }
    call allow_unavailable(bool on = true) && { return std::move(allow_unavailable(on)); }

    /// Writes: only if there is no such secret yet; else `conflict`.
    call &if_absent(bool on = true) & { return set("if_absent", word(on)); }
    call if_absent(bool on = true) && { return std::move(if_absent(on)); }
    /// Writes: only if this is the current version; else `conflict`.
    call &if_version(std::string_view text) & { return set("if_version", text); }
    call if_version(std::string_view text) && { return std::move(if_version(text)); }
    /// `set`: when an imported secret was first set.
    call &created_at(time_point at) & { return set("created_at", std::to_string(detail::to_micros(at))); }
    call created_at(time_point at) && { return std::move(created_at(at)); }
    /// `update_value`: the new expiry.
    call &expires_at(time_point at) & { return set("expires_at", std::to_string(detail::to_micros(at))); }
    call expires_at(time_point at) && { return std::move(expires_at(at)); }
    /// `update_value`: removes the expiry.
    call &clear_expiry(bool on = true) & { return set("clear_expiry", word(on)); }
    call clear_expiry(bool on = true) && { return std::move(clear_expiry(on)); }
    /// `erase`: a missing secret is no error.
    call &missing_ok(bool on = true) & { return set("missing_ok", word(on)); }
    call missing_ok(bool on = true) && { return std::move(missing_ok(on)); }
    /// `erase`: removes only the current version, so that `restore` brings the secret back.
    call &soft(bool on = true) & { return set("soft", word(on)); }
    call soft(bool on = true) && { return std::move(soft(on)); }
    /// `erase`: removes everything for good, also where the backend would keep it for a while.
    call &force(bool on = true) & { return set("force", word(on)); }
    call force(bool on = true) && { return std::move(force(on)); }
    /// `rollback`: so many versions before the current one.
    call &back(std::size_t versions) & { return set("back", std::to_string(versions)); }
    call back(std::size_t versions) && { return std::move(back(versions)); }
    /// Generated passwords: whether they hold symbols.
    call &symbols(bool on = true) & { return set("symbols", word(on)); }
    call symbols(bool on = true) && { return std::move(symbols(on)); }

    /// `list`, `subscribe`: only secrets of this scope (`"org/acme"`).
    call &scope(std::string_view text) & { return set("scope", text); }
    call scope(std::string_view text) && { return std::move(scope(text)); }
    /// `list`, `subscribe`: only keys whose text begins so.
    call &prefix(std::string_view text) & { return set("prefix", text); }
    call prefix(std::string_view text) && { return std::move(prefix(text)); }
    /// `list`: only secrets of this provider.
    call &provider(std::string_view name) & { return set("provider", name); }
    call provider(std::string_view name) && { return std::move(provider(name)); }
    /// `list`: only keys after this one, which is `page::next` of the page before.
    call &after(std::string_view key) & { return set("after", key); }
    call after(std::string_view key) && { return std::move(after(key)); }
    /// `list`: at most so many on a page.
    call &limit(std::size_t entries) & { return set("limit", std::to_string(entries)); }
    call limit(std::size_t entries) && { return std::move(limit(entries)); }
    /// `list`: all metadata, even where it costs a read for each name.
    call &full_metadata(bool on = true) & { return set("full_metadata", word(on)); }
    call full_metadata(bool on = true) && { return std::move(full_metadata(on)); }

    /// `subscribe`: how often the backend is looked at for changes by others.
    call &every(std::chrono::milliseconds span) & { return set("every", std::to_string(span.count()) + "ms"); }
    call every(std::chrono::milliseconds span) && { return std::move(every(span)); }

private:
    static constexpr std::string_view word(bool on) noexcept { return on ? "true" : "false"; }
};

/// Answers a secret setting (a key, a passphrase) when it is needed: writes it into the buffer and answers its length,
/// or answers an error, of which the kind arrives at who opens. It may be asked on any thread and must not call verbs.
using secret_provider = std::function<result<std::size_t>(std::string_view setting, mutable_byte_view buffer)>;

namespace detail {

/// Nothing that is thrown may reach the library: an `error` gives its kind, anything else `unavailable`.
inline std::int32_t ask_provider(void *context, const char *setting, std::uint8_t *buffer, std::size_t capacity,
                                 std::size_t *length) noexcept {
    auto answer = static_cast<std::int32_t>(status::ok);
#if STRONGROOM_EXCEPTIONS
    try {
#endif
        const auto written = (*static_cast<secret_provider *>(context))(view(setting), {buffer, capacity});
        answer = static_cast<std::int32_t>(written.status());
        *length = written ? *written : 0;
#if STRONGROOM_EXCEPTIONS
    } catch (const error &why) {
        answer = static_cast<std::int32_t>(why.status());
    } catch (...) {
        answer = static_cast<std::int32_t>(status::unavailable);
    }
#endif
    return answer;
}

template <class T> void destroy(void *context) noexcept { delete static_cast<T *>(context); }

} // namespace detail

/// The language of a document of settings.
enum class config_format { json, toml };

/// How a manager is opened. Move-only; may open many managers. A wrong setting is answered by `open`
/// (`invalid_config`, naming it). docs/settings.md lists the settings. What stands here wins over the environment.
class options : public detail::builder<strongroom_options_t, strongroom_options_new, strongroom_options_free> {
public:
    /// Everything from the environment, else by default.
    options() noexcept {}

    /// The application, whose name sets every default: variables (`<APP>_SECRETS_…`), folders, names in keystores.
    options &app(std::string_view name) & {
        apply([&](auto *made, auto **why) { return strongroom_options_set_app(made, name.data(), name.size(), why); });
        return *this;
    }
    options app(std::string_view name) && { return std::move(app(name)); }
    /// The backend, by its word.
    options &backend(std::string_view word) & { return set("backend", word); }
    options backend(std::string_view word) && { return std::move(backend(word)); }
    /// A setting of the table.
    options &set(std::string_view name, std::string_view value) & {
        apply([&](auto *made, auto **why) {
            return strongroom_options_set(made, name.data(), name.size(), value.data(), value.size(), why);
        });
        return *this;
    }
    options set(std::string_view name, std::string_view value) && { return std::move(set(name, value)); }
    /// The settings of a document, JSON or TOML, in its table `secrets`; read when a manager is opened. What is set one
    /// by one wins over it; of several documents the later.
    options &config_file(std::string_view path) & {
        apply([&](auto *made, auto **why) {
            return strongroom_options_set_config_file(made, path.data(), path.size(), why);
        });
        return *this;
    }
    options config_file(std::string_view path) && { return std::move(config_file(path)); }
    /// As `config_file`, for a document at hand.
    options &config_text(config_format format, std::string_view document) & {
        const std::string_view word = format == config_format::json ? "json" : "toml";
        apply([&](auto *made, auto **why) {
            return strongroom_options_set_config_text(made, word.data(), word.size(), document.data(), document.size(),
                                                      why);
        });
        return *this;
    }
    options config_text(config_format format, std::string_view document) && {
        return std::move(config_text(format, document));
    }
    /// A secret setting of the table, such as `encrypted.key`. It is copied; the caller wipes his own.
    options &set_secret(std::string_view name, byte_view value) & {
        apply([&](auto *made, auto **why) {
            return strongroom_options_set_secret(made, name.data(), name.size(), value.data(), value.size(), why);
        });
        return *this;
    }
    options set_secret(std::string_view name, byte_view value) && { return std::move(set_secret(name, value)); }
    /// Who is asked for a secret setting when it is needed: at opening, and again after `lock`. The provider lives as
    /// long as these options or a manager opened with them. What it throws becomes the answer: an `error` its kind,
    /// anything else `unavailable`.
    options &set_provider(std::string_view name, secret_provider provider) & {
        auto owned = std::make_unique<secret_provider>(std::move(provider));
        if (!*owned) {
            fail(error(status::invalid_argument, "invalid_argument: the provider is empty"));
        }
        apply([&](auto *made, auto **why) {
            const auto outcome = strongroom_options_set_provider(made, name.data(), name.size(), detail::ask_provider,
                                                                 owned.get(), detail::destroy<secret_provider>, why);
            if (outcome == STRONGROOM_STATUS_OK) {
                static_cast<void>(owned.release());
            }
            return outcome;
        });
        return *this;
    }
    options set_provider(std::string_view name, secret_provider provider) && {
        return std::move(set_provider(name, std::move(provider)));
    }
    /// Leaves environment variables and the user's own file alone.
    options &ignore_environment() & {
        apply([](auto *made, auto **why) { return strongroom_options_ignore_environment(made, why); });
        return *this;
    }
    options ignore_environment() && { return std::move(ignore_environment()); }
};

} // namespace strongroom
