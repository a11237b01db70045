// Every verb in the form that answers a `result`.
// Part of strongroom.hpp; include that.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "answers.hpp"
#include "bytes.hpp"
#include "error.hpp"
#include "options.hpp"
#include "report.hpp"
#include "secret.hpp"
#include "transfer.hpp"
#include "watch.hpp"

namespace strongroom {

/// In what form a value is generated.
enum class form : std::int32_t {
    bytes = STRONGROOM_FORM_BYTES,
    hex = STRONGROOM_FORM_HEX,
    base64 = STRONGROOM_FORM_BASE64,
    password = STRONGROOM_FORM_PASSWORD,
};

namespace detail {

/// The verbs that answer a `result` and throw nothing but `std::bad_alloc`. A part of `manager`.
///
/// Besides the errors that a verb names, each may answer `invalid_key`, `invalid_argument`, `timeout`, `cancelled`,
/// `closed`, `invalid_handle` (moved from), `reentrant_call` (from within a callback), and what the backend answers:
/// `unavailable`, `locked`, `permission_denied`, `integrity`, … Keys are texts, `[kind/id/]name[@target]`.
class result_verbs {
public:
    /// Reads a secret; none where there is none. `expired`, unless the call includes expired ones; `unsupported` where
    /// the call names a version and the backend keeps none.
    [[nodiscard]] result<std::optional<secret>> try_get(std::string_view key, const call &how = {}) const {
        return ask<std::optional<secret>>(how.failure(), [&](auto **found, auto **why) {
            return strongroom_manager_get(c_handle(), key.data(), key.size(), how.c_handle(), found, why);
        });
    }

    /// Copies a secret's value into the caller's buffer and answers its length; none where there is no such secret.
    /// Nothing is allocated for a cached value. As `try_get`; `buffer_too_small`, and nothing is copied.
    [[nodiscard]] result<std::optional<std::size_t>> try_get_into(std::string_view key, mutable_byte_view buffer,
                                                                  const call &how = {}) const {
        if (how.failure() != nullptr) {
            return *how.failure();
        }
        std::size_t length = 0;
        strongroom_error_t *why = nullptr;
        const auto outcome = strongroom_manager_get_into(c_handle(), key.data(), key.size(), how.c_handle(),
                                                         buffer.data(), buffer.size(), &length, &why);
        return copied(outcome, length, why);
    }

    /// Reads a secret's value as a string, which is the caller's and is NOT wiped; `try_get` and `try_get_into` give
    /// values that are or can be. As `try_get`; `invalid_value` where it is no UTF-8 or has a NUL inside.
    [[nodiscard]] result<std::optional<std::string>> try_get_value(std::string_view key, const call &how = {}) const {
        if (how.failure() != nullptr) {
            return *how.failure();
        }
        std::string value(127, '\0');
        for (;;) {
            std::size_t length = 0;
            strongroom_error_t *why = nullptr;
            // A string has room for one more character, its NUL.
            const auto outcome = strongroom_manager_get_value(c_handle(), key.data(), key.size(), how.c_handle(),
                                                              value.data(), value.size() + 1, &length, &why);
            if (outcome == STRONGROOM_STATUS_BUFFER_TOO_SMALL && length > value.size()) {
                static_cast<void>(strongroom_error_free(why));
                value.resize(length);
                continue;
            }
            const auto got = copied(outcome, length, why);
            if (!got) {
                return got.error();
            }
            value.resize(length);
            return *got ? std::optional(std::move(value)) : std::nullopt;
        }
    }

    /// Reads one version of a secret; none where there is no such secret or version. As `try_get`.
    [[nodiscard]] result<std::optional<secret>> try_get_version(std::string_view key, std::string_view version,
                                                                const call &how = {}) const {
        return ask<std::optional<secret>>(how.failure(), [&](auto **found, auto **why) {
            return strongroom_manager_get_version(c_handle(), key.data(), key.size(), version.data(), version.size(),
                                                  how.c_handle(), found, why);
        });
    }

    /// Reads several secrets in one call where the backend can. Each answer is what `try_get` would give; an error
    /// concerns the whole: an invalid key is one.
    [[nodiscard]] result<found_many> try_get_many(const text_list &keys, const call &how = {}) const {
        return ask<found_many>(how.failure(), [&](auto **found, auto **why) {
            return strongroom_manager_get_many(c_handle(), keys.data(), keys.lengths(), keys.size(), how.c_handle(),
                                               found, why);
        });
    }

    /// Reads `name` from the first of the scopes (`"org/acme"`, `"global"`) that has it; none where none has. Absence
    /// goes on to the next scope, every error stops, but for those that `call::allow_unavailable` passes over.
    [[nodiscard]] result<std::optional<secret>> try_get_with_fallback(std::string_view name, const text_list &scopes,
                                                                      const call &how = {}) const {
        return ask<std::optional<secret>>(how.failure(), [&](auto **found, auto **why) {
            return strongroom_manager_get_with_fallback(c_handle(), name.data(), name.size(), scopes.data(),
                                                        scopes.lengths(), scopes.size(), how.c_handle(), found, why);
        });
    }

    /// Whether there is such a secret; an expired one counts.
    [[nodiscard]] result<bool> try_exists(std::string_view key, const call &how = {}) const {
        return ask<bool>(how.failure(), [&](bool *found, auto **why) {
            return strongroom_manager_exists(c_handle(), key.data(), key.size(), how.c_handle(), found, why);
        });
    }

    /// What is known about a secret, without its value; none where there is none.
    [[nodiscard]] result<std::optional<metadata>> try_describe(std::string_view key, const call &how = {}) const {
        return ask<std::optional<metadata>>(how.failure(), [&](auto **found, auto **why) {
            return strongroom_manager_describe(c_handle(), key.data(), key.size(), how.c_handle(), found, why);
        });
    }

    /// Lists names, never values: all, or as the call's `scope`, `prefix`, `provider`, `after` and `limit` say.
    /// `unsupported` where the backend cannot list.
    [[nodiscard]] result<page> try_list(const call &how = {}) const {
        return ask<page>(how.failure(), [&](auto **found, auto **why) {
            return strongroom_manager_list(c_handle(), how.c_handle(), found, why);
        });
    }

    /// Lists the versions that are kept, newest first. `not_found`; `unsupported` where the backend keeps none.
    [[nodiscard]] result<std::vector<version_entry>> try_versions(std::string_view key, const call &how = {}) const {
        return ask<std::vector<version_entry>>(how.failure(), [&](auto **found, auto **why) {
            return strongroom_manager_versions(c_handle(), key.data(), key.size(), how.c_handle(), found, why);
        });
    }

    /// Writes a secret, creating or replacing it with all of its metadata. `conflict` where the call's `if_absent` or
    /// `if_version` does not hold; `too_large`, `invalid_value`, `unsupported` (a field that the backend cannot hold),
    /// `read_only`, `storage_full`, `outcome_unknown`.
    result<written> try_set(std::string_view key, byte_view value, const metadata &about = {},
                            const call &how = {}) const {
        const attached_metadata attached(about);
        return ask<written>(first_wrong(how, attached), [&](auto **done, auto **why) {
            return strongroom_manager_set(c_handle(), key.data(), key.size(), value.data(), value.size(),
                                          attached.c_handle(), how.c_handle(), done, why);
        });
    }

    /// Writes several secrets: all or nothing where the backend is atomic (`info().is("atomic_batch")`), else each
    /// outcome is told, in the order of the entries. An error concerns the whole, before anything is written.
    [[nodiscard]] result<written_many> try_set_many(const batch &entries, const call &how = {}) const {
        return ask<written_many>(first_wrong(how, entries), [&](auto **done, auto **why) {
            return strongroom_manager_set_many(c_handle(), entries.c_handle(), how.c_handle(), done, why);
        });
    }

    /// Writes an API key that `provider` issued; other metadata of an existing secret is kept, without a provider that
    /// too. As `try_set`.
    result<written> try_set_api_key(std::string_view key, byte_view value,
                                    std::optional<std::string_view> provider = std::nullopt,
                                    const call &how = {}) const {
        const auto issuer = provider.value_or(std::string_view());
        return ask<written>(how.failure(), [&](auto **done, auto **why) {
            return strongroom_manager_set_api_key(c_handle(), key.data(), key.size(), value.data(), value.size(),
                                                  issuer.data(), issuer.size(), how.c_handle(), done, why);
        });
    }

    /// Replaces the value of an existing secret; its metadata is kept. `not_found`; `expired`, unless the call sets or
    /// clears the expiry; as `try_set`.
    result<written> try_update_value(std::string_view key, byte_view value, const call &how = {}) const {
        return ask<written>(how.failure(), [&](auto **done, auto **why) {
            return strongroom_manager_update_value(c_handle(), key.data(), key.size(), value.data(), value.size(),
                                                   how.c_handle(), done, why);
        });
    }

    /// Changes the metadata of an existing secret, not its value. `not_found`; `unsupported`, naming the field.
    result<written> try_update_metadata(std::string_view key, const metadata_update &update,
                                        const call &how = {}) const {
        return ask<written>(first_wrong(how, update), [&](auto **done, auto **why) {
            return strongroom_manager_update_metadata(c_handle(), key.data(), key.size(), update.c_handle(),
                                                      how.c_handle(), done, why);
        });
    }

    /// Reads a secret, or generates and writes it where there is none: one winner among all processes. `length` is that
    /// of the random bytes, for a password that of its characters. `expired`; as `try_set`.
    [[nodiscard]] result<secret> try_get_or_generate(std::string_view key, form kind, std::size_t length,
                                                     const metadata &about = {}, const call &how = {}) const {
        const attached_metadata attached(about);
        return ask<secret>(first_wrong(how, attached), [&](auto **made, auto **why) {
            return strongroom_manager_get_or_generate(c_handle(), key.data(), key.size(),
                                                      static_cast<std::int32_t>(kind), length, attached.c_handle(),
                                                      how.c_handle(), made, why);
        });
    }

    /// Gives an existing secret a new value; the former version stays readable. Metadata is kept, but for an expiry
    /// that has passed. `not_found`; `unsupported` where the backend keeps no versions; as `try_set`.
    result<written> try_rotate(std::string_view key, byte_view value, const call &how = {}) const {
        return ask<written>(how.failure(), [&](auto **done, auto **why) {
            return strongroom_manager_rotate(c_handle(), key.data(), key.size(), value.data(), value.size(),
                                             how.c_handle(), done, why);
        });
    }

    /// As `try_rotate`, with a generated value.
    result<written> try_rotate_generate(std::string_view key, form kind, std::size_t length,
                                        const call &how = {}) const {
        return ask<written>(how.failure(), [&](auto **done, auto **why) {
            return strongroom_manager_rotate_generate(
                c_handle(), key.data(), key.size(), static_cast<std::int32_t>(kind), length, how.c_handle(), done, why);
        });
    }

    /// Removes a secret and its history (`delete`, which is no name in C++), or what `call::soft`, `call::force` or
    /// `call::version` says. `not_found`, unless `call::missing_ok`; `unsupported` for `soft` and `version` where the
    /// backend cannot restore (`info().is("restore")`); `invalid_argument` for two of the three.
    result<void> try_erase(std::string_view key, const call &how = {}) const {
        return ask<void>(how.failure(), [&](auto **why) {
            return strongroom_manager_delete(c_handle(), key.data(), key.size(), how.c_handle(), why);
        });
    }

    /// Brings back a secret that was removed, where the backend still keeps it. `not_found` where it does not;
    /// `conflict` where the secret is there; `unsupported` where it keeps nothing that was removed.
    result<written> try_restore(std::string_view key, const call &how = {}) const {
        return ask<written>(how.failure(), [&](auto **done, auto **why) {
            return strongroom_manager_restore(c_handle(), key.data(), key.size(), how.c_handle(), done, why);
        });
    }

    /// Reads what a reference leads to (`secret://org/acme/api_key#/password`, `vault:…`, `aws:…`, `env:…`, `file:…`);
    /// none where there is none. `invalid_argument` where the text is no reference; `policy_denied` for a scheme that
    /// the setting `references` does not allow; as `try_get`.
    [[nodiscard]] result<std::optional<secret>> try_resolve(std::string_view reference, const call &how = {}) const {
        return ask<std::optional<secret>>(how.failure(), [&](auto **found, auto **why) {
            return strongroom_manager_resolve(c_handle(), reference.data(), reference.size(), how.c_handle(), found,
                                              why);
        });
    }

    /// Makes a former version current, by writing it anew: `version`, else the one before, or as many before as
    /// `call::back` says. `not_found`; `unsupported` where the backend keeps no versions.
    result<written> try_rollback(std::string_view key, std::optional<std::string_view> version = std::nullopt,
                                 const call &how = {}) const {
        const auto to = version.value_or(std::string_view());
        return ask<written>(how.failure(), [&](auto **done, auto **why) {
            return strongroom_manager_rollback(c_handle(), key.data(), key.size(), to.data(), to.size(), how.c_handle(),
                                               done, why);
        });
    }

    /// How the backend is. That it does not work is an answer, not an error.
    [[nodiscard]] result<health_report> try_health(const call &how = {}) const {
        return ask<health_report>(how.failure(), [&](auto **found, auto **why) {
            return strongroom_manager_health(c_handle(), how.c_handle(), found, why);
        });
    }

    /// Makes the next read of every secret ask the backend, and the backend read again what it has from outside of the
    /// store: token files, credentials, and for `env` the variables. Does not wait for another machine.
    result<void> try_refresh(const call &how = {}) const {
        return ask<void>(how.failure(),
                         [&](auto **why) { return strongroom_manager_refresh(c_handle(), how.c_handle(), why); });
    }

    /// Subscribes to changes from now on: of these keys, or of any where there are none; writes through this manager,
    /// what others change as soon as it is seen, and the backend's health. Options `scope`, `prefix`, `every`. The
    /// subscription ends with the manager.
    [[nodiscard]] result<subscription> try_subscribe(const text_list &keys = {}, const call &how = {}) const {
        return ask<subscription>(how.failure(), [&](auto **made, auto **why) {
            return strongroom_manager_subscribe(c_handle(), keys.data(), keys.lengths(), keys.size(), how.c_handle(),
                                                made, why);
        });
    }

    /// As `try_subscribe`, but `sink` is told until the subscription is destroyed. `invalid_argument` for an empty one.
    [[nodiscard]] result<subscription> try_subscribe_callback(change_sink sink, const text_list &keys = {},
                                                              const call &how = {}) const {
        if (!sink) {
            return error(status::invalid_argument, "invalid_argument: the sink is empty");
        }
        auto owned = std::make_unique<change_sink>(std::move(sink));
        auto outcome = ask<subscription>(how.failure(), [&](auto **made, auto **why) {
            return strongroom_manager_subscribe_callback(c_handle(), keys.data(), keys.lengths(), keys.size(),
                                                         how.c_handle(), tell_change, owned.get(), destroy<change_sink>,
                                                         made, why);
        });
        if (outcome) {
            static_cast<void>(owned.release());
        }
        return outcome;
    }

    /// What the manager and its views have counted since it was opened. Waits for nobody.
    [[nodiscard]] result<metric_map> try_metrics() const {
        return ask<metric_map>(
            nullptr, [&](auto **found, auto **why) { return strongroom_manager_metrics(c_handle(), found, why); });
    }

    /// Checks everything that is stored. `integrity`, saying what is damaged; `unsupported`.
    [[nodiscard]] result<verify_report> try_verify(const call &how = {}) const {
        return ask<verify_report>(how.failure(), [&](auto **found, auto **why) {
            return strongroom_manager_verify(c_handle(), how.c_handle(), found, why);
        });
    }

    /// Forgets keys and cached values; the next use unlocks the backend again. Idempotent.
    result<void> try_lock(const call &how = {}) const {
        return ask<void>(how.failure(),
                         [&](auto **why) { return strongroom_manager_lock(c_handle(), how.c_handle(), why); });
    }

    /// Gives up connections, keys and cached values; every view answers `closed` from then on. Writes that were sent
    /// finish first. Idempotent. `timeout` where one does not finish in time; closed it is all the same.
    result<void> try_close(const call &how = {}) const {
        return ask<void>(how.failure(),
                         [&](auto **why) { return strongroom_manager_close(c_handle(), how.c_handle(), why); });
    }

    /// Every place where a secret is looked for, what each answered, and what a read comes to; never a value. Without
    /// scopes that is what `try_get` does, with them what `try_get_with_fallback` does. The cache is not asked.
    [[nodiscard]] result<explanation> try_explain(std::string_view key, const text_list &scopes = {},
                                                  const call &how = {}) const {
        return ask<explanation>(how.failure(), [&](auto **found, auto **why) {
            return strongroom_manager_explain(c_handle(), key.data(), key.size(), scopes.data(), scopes.lengths(),
                                              scopes.size(), how.c_handle(), found, why);
        });
    }

    /// Writes many secrets into a document (`export`, which is no name in C++). `ambiguous` where two keys would share
    /// a name; `unsupported` naming values that the format cannot hold, or where the backend cannot list; `not_found`.
    [[nodiscard]] result<transferred> try_export_document(const transfer &what, const call &how = {}) const {
        return ask<transferred>(first_wrong(what, how), [&](auto **done, auto **why) {
            return strongroom_manager_export(c_handle(), what.c_handle(), how.c_handle(), done, why);
        });
    }

    /// Writes every entry of a document as a secret, after everything that can be wrong was told. `invalid_argument`
    /// with the line; `invalid_key`; `conflict`; `ambiguous`; `too_large`; as `try_set`.
    [[nodiscard]] result<transferred> try_import_document(byte_view document, const transfer &what,
                                                          const call &how = {}) const {
        return ask<transferred>(first_wrong(what, how), [&](auto **done, auto **why) {
            return strongroom_manager_import(c_handle(), document.data(), document.size(), what.c_handle(),
                                             how.c_handle(), done, why);
        });
    }

    /// What `try_copy_to` would do; nothing is written. `invalid_argument` where both have their secrets in one place;
    /// `read_only`; `unsupported` where this one cannot list and no keys are named.
    [[nodiscard]] result<transferred> try_copy_plan(const result_verbs &target, const transfer &what = {},
                                                    const call &how = {}) const {
        return ask<transferred>(first_wrong(what, how), [&](auto **done, auto **why) {
            return strongroom_manager_copy_plan(c_handle(), target.c_handle(), what.c_handle(), how.c_handle(), done,
                                                why);
        });
    }

    /// Copies secrets to another manager and compares what it reads back; one that was interrupted is begun again and
    /// goes on. As `try_copy_plan`; `conflict`, `unsupported`, `too_large`, `not_found` before anything is written;
    /// `integrity`.
    [[nodiscard]] result<transferred> try_copy_to(const result_verbs &target, const transfer &what = {},
                                                  const call &how = {}) const {
        return ask<transferred>(first_wrong(what, how), [&](auto **done, auto **why) {
            return strongroom_manager_copy_to(c_handle(), target.c_handle(), what.c_handle(), how.c_handle(), done,
                                              why);
        });
    }

    /// The journal that a copy to `target` has by default in the command, for `transfer::journal`. `invalid_config`.
    [[nodiscard]] result<std::string> try_copy_journal(const result_verbs &target) const {
        return written_text(256, 1, [&](char *buffer, std::size_t capacity, auto *needed, auto **why) {
            return strongroom_manager_copy_journal(c_handle(), target.c_handle(), buffer, capacity, needed, why);
        });
    }

    /// A setting, by its name in docs/settings.md. `invalid_argument` where there is none.
    [[nodiscard]] result<setting_value> try_setting(std::string_view name) const {
        return ask<setting_value>(nullptr, [&](auto **found, auto **why) {
            return strongroom_manager_setting(c_handle(), name.data(), name.size(), found, why);
        });
    }

    /// Texts `app`, `backend`, `persistence`; numbers `max_value`, `max_key`, `persistent`, and 0 or 1 for each
    /// capability: `read_only`, `list`, `versions`, `metadata`, `expiry`, `cas`, `atomic_batch`, `binary`,
    /// `empty_value`, `verify`, `restore`.
    [[nodiscard]] result<report> try_info() const {
        return ask<report>(nullptr,
                           [&](auto **found, auto **why) { return strongroom_manager_info(c_handle(), found, why); });
    }

    /// The C manager, still this object's: for calls that have no C++ form.
    [[nodiscard]] const strongroom_manager_t *c_handle() const noexcept { return handle_.get(); }
    /// Gives the C manager away; who takes it frees it.
    [[nodiscard]] strongroom_manager_t *release() noexcept { return handle_.release(); }

protected:
    explicit result_verbs(strongroom_manager_t *owned) noexcept : handle_(owned) {}

private:
    static result<std::optional<std::size_t>> copied(strongroom_status_t outcome, std::size_t length,
                                                     strongroom_error_t *why) {
        if (outcome == STRONGROOM_STATUS_OK) {
            return std::optional(length);
        }
        if (outcome == STRONGROOM_STATUS_NOT_FOUND) {
            static_cast<void>(strongroom_error_free(why));
            return std::optional<std::size_t>();
        }
        return error::adopt(outcome, why);
    }

    handle<strongroom_manager_t, strongroom_manager_free> handle_;
};

} // namespace detail

} // namespace strongroom
