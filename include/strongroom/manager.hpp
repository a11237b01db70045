// The manager: opening, views, and every verb in the form that throws.
// Part of strongroom.hpp; include that.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "async.hpp"

namespace strongroom {

class manager;

namespace detail {

template <> struct answer<manager> {
    using raw = strongroom_manager_t *;
    static result<manager> take(raw given);
};

} // namespace detail

/// Secrets in one backend. Each verb stands in three forms: `get` throws `error`, `try_get` answers a `result`,
/// `get_async` does not wait (a future, or a completion of the caller's). What a verb does and answers is said at its
/// `try_` form.
///
/// Move-only; a moved-from one answers `invalid_handle`. Verbs may be called on many threads at once; moving, assigning
/// and destroying may not happen at the same time as anything else. Calls that are under way when it is destroyed end
/// normally. A forked child may use it.
class manager : public detail::async_verbs {
public:
    /// Takes over a C manager.
    [[nodiscard]] static manager adopt(strongroom_manager_t *owned) noexcept { return manager(owned); }

    /// Opens a manager: local files are read and, where they are missing and may be, made. `invalid_config`, naming the
    /// setting; `unsupported` where the library has another ABI than this header; what the backend answers:
    /// `key_missing`, `wrong_key`, `insecure_path`, `integrity`, `unsupported_format`, `locked`.
    /// What is chosen for the call holds for the opening alone.
    [[nodiscard]] static result<manager> try_open(const strongroom::options &how = {}, const call &opening = {}) {
        if (strongroom_abi_version() != STRONGROOM_ABI_VERSION) {
            return error(status::unsupported, "unsupported: the library's ABI version is not the header's");
        }
        return detail::ask<manager>(how.failure() != nullptr ? how.failure() : opening.failure(),
                                    [&](auto **made, auto **why) {
                                        return strongroom_manager_open(how.c_handle(), opening.c_handle(), made, why);
                                    });
    }

    /// `open` that does not wait; see `detail::async_verbs` for futures and completions.
    template <class Done = use_future_t>
    [[nodiscard]] static async_answer<manager, Done> open_async(const strongroom::options &how = {}, Done &&done = {},
                                                                const call &opening = {}) {
        return detail::start<manager>(how.failure() != nullptr ? how.failure() : opening.failure(),
                                      std::forward<Done>(done), [&](auto complete, void *to, auto **why) {
                                          return strongroom_manager_open_async(how.c_handle(), opening.c_handle(),
                                                                               complete, to, why);
                                      });
    }

    /// A view in which bare names mean names of `scope` (`"org/acme"`). It shares everything with this manager and may
    /// outlive it. `invalid_key`.
    [[nodiscard]] result<manager> try_scoped(std::string_view scope) const {
        return detail::ask<manager>(nullptr, [&](auto **made, auto **why) {
            return strongroom_manager_scoped(c_handle(), scope.data(), scope.size(), made, why);
        });
    }

#if STRONGROOM_EXCEPTIONS
    /// Opens a manager; see `try_open`.
    [[nodiscard]] static manager open(const strongroom::options &how = {}, const call &opening = {}) {
        return try_open(how, opening).value();
    }
    /// A view in which bare names mean names of `scope`.
    [[nodiscard]] manager scoped(std::string_view scope) const { return try_scoped(scope).value(); }
    /// Reads a secret; none where there is none. Throws `expired`, unless the call includes expired ones.
    [[nodiscard]] std::optional<secret> get(std::string_view key, const call &how = {}) const {
        return try_get(key, how).value();
    }
    /// Copies a value into the caller's buffer; its length, or none. Throws `buffer_too_small`.
    [[nodiscard]] std::optional<std::size_t> get_into(std::string_view key, mutable_byte_view buffer,
                                                      const call &how = {}) const {
        return try_get_into(key, buffer, how).value();
    }
    /// Reads a value as a string, which is the caller's and is NOT wiped.
    [[nodiscard]] std::optional<std::string> get_value(std::string_view key, const call &how = {}) const {
        return try_get_value(key, how).value();
    }
    /// Reads one version; none where there is no such secret or version.
    [[nodiscard]] std::optional<secret> get_version(std::string_view key, std::string_view version,
                                                    const call &how = {}) const {
        return try_get_version(key, version, how).value();
    }
    /// Reads several secrets; of each, in the order asked, what `try_get` would answer.
    [[nodiscard]] found_many get_many(const text_list &keys, const call &how = {}) const {
        return try_get_many(keys, how).value();
    }
    /// Reads `name` from the first scope that has it; none where none has.
    [[nodiscard]] std::optional<secret> get_with_fallback(std::string_view name, const text_list &scopes,
                                                          const call &how = {}) const {
        return try_get_with_fallback(name, scopes, how).value();
    }
    /// Whether there is such a secret; an expired one counts.
    [[nodiscard]] bool exists(std::string_view key, const call &how = {}) const { return try_exists(key, how).value(); }
    /// What is known about a secret, without its value; none where there is none.
    [[nodiscard]] std::optional<metadata> describe(std::string_view key, const call &how = {}) const {
        return try_describe(key, how).value();
    }
    /// Lists names, never values.
    [[nodiscard]] page list(const call &how = {}) const { return try_list(how).value(); }
    /// Lists the versions that are kept, newest first. Throws `not_found`.
    [[nodiscard]] std::vector<version_entry> versions(std::string_view key, const call &how = {}) const {
        return try_versions(key, how).value();
    }
    /// Writes a secret, creating or replacing it with all of its metadata.
    written set(std::string_view key, byte_view value, const metadata &about = {}, const call &how = {}) const {
        return try_set(key, value, about, how).value();
    }
    /// Writes several secrets; each outcome is told.
    [[nodiscard]] written_many set_many(const batch &entries, const call &how = {}) const {
        return try_set_many(entries, how).value();
    }
    /// Writes an API key that `provider` issued; other metadata is kept.
    written set_api_key(std::string_view key, byte_view value, std::optional<std::string_view> provider = std::nullopt,
                        const call &how = {}) const {
        return try_set_api_key(key, value, provider, how).value();
    }
    /// Replaces the value of an existing secret. Throws `not_found`, `expired`.
    written update_value(std::string_view key, byte_view value, const call &how = {}) const {
        return try_update_value(key, value, how).value();
    }
    /// Changes the metadata of an existing secret, not its value. Throws `not_found`.
    written update_metadata(std::string_view key, const metadata_update &update, const call &how = {}) const {
        return try_update_metadata(key, update, how).value();
    }
    /// Reads a secret, or generates and writes it where there is none.
    [[nodiscard]] secret get_or_generate(std::string_view key, form kind, std::size_t length,
                                         const metadata &about = {}, const call &how = {}) const {
        return try_get_or_generate(key, kind, length, about, how).value();
    }
    /// Gives an existing secret a new value; the former version stays readable.
    written rotate(std::string_view key, byte_view value, const call &how = {}) const {
        return try_rotate(key, value, how).value();
    }
    /// As `rotate`, with a generated value.
    written rotate_generate(std::string_view key, form kind, std::size_t length, const call &how = {}) const {
        return try_rotate_generate(key, kind, length, how).value();
    }
    /// Removes a secret and its history, or what the call says. Throws `not_found`, unless `call::missing_ok`.
    void erase(std::string_view key, const call &how = {}) const { try_erase(key, how).value(); }
    /// Brings back a secret that was removed. Throws `not_found`, `conflict`, `unsupported`.
    written restore(std::string_view key, const call &how = {}) const { return try_restore(key, how).value(); }
    /// Reads what a reference leads to; none where there is none.
    [[nodiscard]] std::optional<secret> resolve(std::string_view reference, const call &how = {}) const {
        return try_resolve(reference, how).value();
    }
    /// Makes a former version current, by writing it anew.
    written rollback(std::string_view key, std::optional<std::string_view> version = std::nullopt,
                     const call &how = {}) const {
        return try_rollback(key, version, how).value();
    }
    /// How the backend is. That it does not work is an answer, not an error.
    [[nodiscard]] health_report health(const call &how = {}) const { return try_health(how).value(); }
    /// Makes the next read of every secret ask the backend.
    void refresh(const call &how = {}) const { try_refresh(how).value(); }
    /// Subscribes to changes of these keys, or of any.
    [[nodiscard]] subscription subscribe(const text_list &keys = {}, const call &how = {}) const {
        return try_subscribe(keys, how).value();
    }
    /// As `subscribe`, but `sink` is told.
    [[nodiscard]] subscription subscribe_callback(change_sink sink, const text_list &keys = {},
                                                  const call &how = {}) const {
        return try_subscribe_callback(std::move(sink), keys, how).value();
    }
    /// What the manager has counted.
    [[nodiscard]] metric_map metrics() const { return try_metrics().value(); }
    /// Checks everything that is stored. Throws `integrity`.
    [[nodiscard]] verify_report verify(const call &how = {}) const { return try_verify(how).value(); }
    /// Forgets keys and cached values; the next use unlocks the backend again.
    void lock(const call &how = {}) const { try_lock(how).value(); }
    /// Gives up connections, keys and cached values; every view answers `closed` from then on.
    void close(const call &how = {}) const { try_close(how).value(); }
    /// Every place where a secret is looked for, and what a read comes to.
    [[nodiscard]] explanation explain(std::string_view key, const text_list &scopes = {}, const call &how = {}) const {
        return try_explain(key, scopes, how).value();
    }
    /// Writes many secrets into a document.
    [[nodiscard]] transferred export_document(const transfer &what, const call &how = {}) const {
        return try_export_document(what, how).value();
    }
    /// Writes every entry of a document as a secret.
    transferred import_document(byte_view document, const transfer &what, const call &how = {}) const {
        return try_import_document(document, what, how).value();
    }
    /// What `copy_to` would do; nothing is written.
    [[nodiscard]] transferred copy_plan(const manager &target, const transfer &what = {}, const call &how = {}) const {
        return try_copy_plan(target, what, how).value();
    }
    /// Copies secrets to another manager.
    transferred copy_to(const manager &target, const transfer &what = {}, const call &how = {}) const {
        return try_copy_to(target, what, how).value();
    }
    /// The journal that a copy to `target` has by default in the command.
    [[nodiscard]] std::string copy_journal(const manager &target) const { return try_copy_journal(target).value(); }
    /// A setting, by its name, and who stated it.
    [[nodiscard]] setting_value setting(std::string_view name) const { return try_setting(name).value(); }
    /// What the manager is and can, by name; see `try_info`.
    [[nodiscard]] report info() const { return try_info().value(); }
#endif

private:
    explicit manager(strongroom_manager_t *owned) noexcept : async_verbs(owned) {}
};

inline result<manager> detail::answer<manager>::take(raw given) { return manager::adopt(given); }

} // namespace strongroom
