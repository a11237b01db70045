// Every verb in the form that does not wait.
// Part of strongroom.hpp; include that.
#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "answers.hpp"
#include "verbs.hpp"

namespace strongroom::detail {

/// The verbs that do not wait. A part of `manager`.
///
/// By default the answer is a `std::future`, where everything that goes wrong arrives as an exception at `get()`. With
/// a completion as the last argument, anything that can be called with a `result<T>` and be moved, the answer says
/// whether the call was started: if so, the completion is called exactly once, later, on a thread of the library, and
/// destroyed there; if not, it is destroyed uncalled.
///
/// Completions run one after another, so each should be short. Within one only getters, destructors and
/// `cancel_source::fire` are allowed; verbs answer `reentrant_call`, and waiting there for a future would wait for
/// ever. A completion that throws ends the program (`std::terminate`). Arguments are copied before the verb returns;
/// the manager may be destroyed while calls are under way. Errors are those of the blocking form.
class async_verbs : public result_verbs {
public:
    /// `get`.
    template <class Done = use_future_t>
    [[nodiscard]] async_answer<std::optional<secret>, Done> get_async(std::string_view key, const call &how = {},
                                                                      Done &&done = {}) const {
        return start<std::optional<secret>>(how.failure(), std::forward<Done>(done),
                                            [&](auto complete, void *to, auto **why) {
                                                return strongroom_manager_get_async(c_handle(), key.data(), key.size(),
                                                                                    how.c_handle(), complete, to, why);
                                            });
    }

    /// `get_version`.
    template <class Done = use_future_t>
    [[nodiscard]] async_answer<std::optional<secret>, Done>
    get_version_async(std::string_view key, std::string_view version, const call &how = {}, Done &&done = {}) const {
        return start<std::optional<secret>>(
            how.failure(), std::forward<Done>(done), [&](auto complete, void *to, auto **why) {
                return strongroom_manager_get_version_async(c_handle(), key.data(), key.size(), version.data(),
                                                            version.size(), how.c_handle(), complete, to, why);
            });
    }

    /// `get_many`.
    template <class Done = use_future_t>
    [[nodiscard]] async_answer<found_many, Done> get_many_async(const text_list &keys, const call &how = {},
                                                                Done &&done = {}) const {
        return start<found_many>(how.failure(), std::forward<Done>(done), [&](auto complete, void *to, auto **why) {
            return strongroom_manager_get_many_async(c_handle(), keys.data(), keys.lengths(), keys.size(),
                                                     how.c_handle(), complete, to, why);
        });
    }

    /// `get_with_fallback`.
    template <class Done = use_future_t>
    [[nodiscard]] async_answer<std::optional<secret>, Done>
    get_with_fallback_async(std::string_view name, const text_list &scopes, const call &how = {},
                            Done &&done = {}) const {
        return start<std::optional<secret>>(
            how.failure(), std::forward<Done>(done), [&](auto complete, void *to, auto **why) {
                return strongroom_manager_get_with_fallback_async(c_handle(), name.data(), name.size(), scopes.data(),
                                                                  scopes.lengths(), scopes.size(), how.c_handle(),
                                                                  complete, to, why);
            });
    }

    /// `exists`.
    template <class Done = use_future_t>
    [[nodiscard]] async_answer<bool, Done> exists_async(std::string_view key, const call &how = {},
                                                        Done &&done = {}) const {
        return start<bool>(how.failure(), std::forward<Done>(done), [&](auto complete, void *to, auto **why) {
            return strongroom_manager_exists_async(c_handle(), key.data(), key.size(), how.c_handle(), complete, to,
                                                   why);
        });
    }

    /// `describe`.
    template <class Done = use_future_t>
    [[nodiscard]] async_answer<std::optional<metadata>, Done> describe_async(std::string_view key, const call &how = {},
                                                                             Done &&done = {}) const {
        return start<std::optional<metadata>>(
            how.failure(), std::forward<Done>(done), [&](auto complete, void *to, auto **why) {
                return strongroom_manager_describe_async(c_handle(), key.data(), key.size(), how.c_handle(), complete,
                                                         to, why);
            });
    }

    /// `list`.
    template <class Done = use_future_t>
    [[nodiscard]] async_answer<page, Done> list_async(const call &how = {}, Done &&done = {}) const {
        return start<page>(how.failure(), std::forward<Done>(done), [&](auto complete, void *to, auto **why) {
            return strongroom_manager_list_async(c_handle(), how.c_handle(), complete, to, why);
        });
    }

    /// `versions`.
    template <class Done = use_future_t>
    [[nodiscard]] async_answer<std::vector<version_entry>, Done>
    versions_async(std::string_view key, const call &how = {}, Done &&done = {}) const {
        return start<std::vector<version_entry>>(
            how.failure(), std::forward<Done>(done), [&](auto complete, void *to, auto **why) {
                return strongroom_manager_versions_async(c_handle(), key.data(), key.size(), how.c_handle(), complete,
                                                         to, why);
            });
    }

    /// `set`.
    template <class Done = use_future_t>
    [[nodiscard]] async_answer<written, Done> set_async(std::string_view key, byte_view value,
                                                        const metadata &about = {}, const call &how = {},
                                                        Done &&done = {}) const {
        const attached_metadata attached(about);
        return start<written>(
            first_wrong(how, attached), std::forward<Done>(done), [&](auto complete, void *to, auto **why) {
                return strongroom_manager_set_async(c_handle(), key.data(), key.size(), value.data(), value.size(),
                                                    attached.c_handle(), how.c_handle(), complete, to, why);
            });
    }

    /// `set_many`.
    template <class Done = use_future_t>
    [[nodiscard]] async_answer<written_many, Done> set_many_async(const batch &entries, const call &how = {},
                                                                  Done &&done = {}) const {
        return start<written_many>(first_wrong(how, entries), std::forward<Done>(done),
                                   [&](auto complete, void *to, auto **why) {
                                       return strongroom_manager_set_many_async(c_handle(), entries.c_handle(),
                                                                                how.c_handle(), complete, to, why);
                                   });
    }

    /// `set_api_key`.
    template <class Done = use_future_t>
    [[nodiscard]] async_answer<written, Done> set_api_key_async(std::string_view key, byte_view value,
                                                                std::optional<std::string_view> provider = std::nullopt,
                                                                const call &how = {}, Done &&done = {}) const {
        const auto issuer = provider.value_or(std::string_view());
        return start<written>(how.failure(), std::forward<Done>(done), [&](auto complete, void *to, auto **why) {
            return strongroom_manager_set_api_key_async(c_handle(), key.data(), key.size(), value.data(), value.size(),
                                                        issuer.data(), issuer.size(), how.c_handle(), complete, to,
                                                        why);
        });
    }

    /// `update_value`.
    template <class Done = use_future_t>
    [[nodiscard]] async_answer<written, Done> update_value_async(std::string_view key, byte_view value,
                                                                 const call &how = {}, Done &&done = {}) const {
        return start<written>(how.failure(), std::forward<Done>(done), [&](auto complete, void *to, auto **why) {
            return strongroom_manager_update_value_async(c_handle(), key.data(), key.size(), value.data(), value.size(),
                                                         how.c_handle(), complete, to, why);
        });
    }

    /// `update_metadata`.
    template <class Done = use_future_t>
    [[nodiscard]] async_answer<written, Done> update_metadata_async(std::string_view key, const metadata_update &update,
                                                                    const call &how = {}, Done &&done = {}) const {
        return start<written>(
            first_wrong(how, update), std::forward<Done>(done), [&](auto complete, void *to, auto **why) {
                return strongroom_manager_update_metadata_async(c_handle(), key.data(), key.size(), update.c_handle(),
                                                                how.c_handle(), complete, to, why);
            });
    }

    /// `get_or_generate`.
    template <class Done = use_future_t>
    [[nodiscard]] async_answer<secret, Done> get_or_generate_async(std::string_view key, form kind, std::size_t length,
                                                                   const metadata &about = {}, const call &how = {},
                                                                   Done &&done = {}) const {
        const attached_metadata attached(about);
        return start<secret>(
            first_wrong(how, attached), std::forward<Done>(done), [&](auto complete, void *to, auto **why) {
                return strongroom_manager_get_or_generate_async(c_handle(), key.data(), key.size(),
                                                                static_cast<std::int32_t>(kind), length,
                                                                attached.c_handle(), how.c_handle(), complete, to, why);
            });
    }

    /// `rotate`.
    template <class Done = use_future_t>
    [[nodiscard]] async_answer<written, Done> rotate_async(std::string_view key, byte_view value, const call &how = {},
                                                           Done &&done = {}) const {
        return start<written>(how.failure(), std::forward<Done>(done), [&](auto complete, void *to, auto **why) {
            return strongroom_manager_rotate_async(c_handle(), key.data(), key.size(), value.data(), value.size(),
                                                   how.c_handle(), complete, to, why);
        });
    }

    /// `rotate_generate`.
    template <class Done = use_future_t>
    [[nodiscard]] async_answer<written, Done> rotate_generate_async(std::string_view key, form kind, std::size_t length,
                                                                    const call &how = {}, Done &&done = {}) const {
        return start<written>(how.failure(), std::forward<Done>(done), [&](auto complete, void *to, auto **why) {
            return strongroom_manager_rotate_generate_async(c_handle(), key.data(), key.size(),
                                                            static_cast<std::int32_t>(kind), length, how.c_handle(),
                                                            complete, to, why);
        });
    }

    /// `erase`.
    template <class Done = use_future_t>
    [[nodiscard]] async_answer<void, Done> erase_async(std::string_view key, const call &how = {},
                                                       Done &&done = {}) const {
        return start<void>(how.failure(), std::forward<Done>(done), [&](auto complete, void *to, auto **why) {
            return strongroom_manager_delete_async(c_handle(), key.data(), key.size(), how.c_handle(), complete, to,
                                                   why);
        });
    }

    /// `restore`.
    template <class Done = use_future_t>
    [[nodiscard]] async_answer<written, Done> restore_async(std::string_view key, const call &how = {},
                                                            Done &&done = {}) const {
        return start<written>(how.failure(), std::forward<Done>(done), [&](auto complete, void *to, auto **why) {
            return strongroom_manager_restore_async(c_handle(), key.data(), key.size(), how.c_handle(), complete, to,
                                                    why);
        });
    }

    /// `resolve`.
    template <class Done = use_future_t>
    [[nodiscard]] async_answer<std::optional<secret>, Done>
    resolve_async(std::string_view reference, const call &how = {}, Done &&done = {}) const {
        return start<std::optional<secret>>(
            how.failure(), std::forward<Done>(done), [&](auto complete, void *to, auto **why) {
                return strongroom_manager_resolve_async(c_handle(), reference.data(), reference.size(), how.c_handle(),
                                                        complete, to, why);
            });
    }

    /// `refresh`.
    template <class Done = use_future_t>
    [[nodiscard]] async_answer<void, Done> refresh_async(const call &how = {}, Done &&done = {}) const {
        return start<void>(how.failure(), std::forward<Done>(done), [&](auto complete, void *to, auto **why) {
            return strongroom_manager_refresh_async(c_handle(), how.c_handle(), complete, to, why);
        });
    }

    /// `subscribe`.
    template <class Done = use_future_t>
    [[nodiscard]] async_answer<subscription, Done> subscribe_async(const text_list &keys = {}, const call &how = {},
                                                                   Done &&done = {}) const {
        return start<subscription>(how.failure(), std::forward<Done>(done), [&](auto complete, void *to, auto **why) {
            return strongroom_manager_subscribe_async(c_handle(), keys.data(), keys.lengths(), keys.size(),
                                                      how.c_handle(), complete, to, why);
        });
    }

    /// `rollback`.
    template <class Done = use_future_t>
    [[nodiscard]] async_answer<written, Done> rollback_async(std::string_view key,
                                                             std::optional<std::string_view> version = std::nullopt,
                                                             const call &how = {}, Done &&done = {}) const {
        const auto earlier = version.value_or(std::string_view());
        return start<written>(how.failure(), std::forward<Done>(done), [&](auto complete, void *to, auto **why) {
            return strongroom_manager_rollback_async(c_handle(), key.data(), key.size(), earlier.data(), earlier.size(),
                                                     how.c_handle(), complete, to, why);
        });
    }

    /// `health`.
    template <class Done = use_future_t>
    [[nodiscard]] async_answer<health_report, Done> health_async(const call &how = {}, Done &&done = {}) const {
        return start<health_report>(how.failure(), std::forward<Done>(done), [&](auto complete, void *to, auto **why) {
            return strongroom_manager_health_async(c_handle(), how.c_handle(), complete, to, why);
        });
    }

    /// `verify`.
    template <class Done = use_future_t>
    [[nodiscard]] async_answer<verify_report, Done> verify_async(const call &how = {}, Done &&done = {}) const {
        return start<verify_report>(how.failure(), std::forward<Done>(done), [&](auto complete, void *to, auto **why) {
            return strongroom_manager_verify_async(c_handle(), how.c_handle(), complete, to, why);
        });
    }

    /// `lock`.
    template <class Done = use_future_t>
    [[nodiscard]] async_answer<void, Done> lock_async(const call &how = {}, Done &&done = {}) const {
        return start<void>(how.failure(), std::forward<Done>(done), [&](auto complete, void *to, auto **why) {
            return strongroom_manager_lock_async(c_handle(), how.c_handle(), complete, to, why);
        });
    }

    /// `close`.
    template <class Done = use_future_t>
    [[nodiscard]] async_answer<void, Done> close_async(const call &how = {}, Done &&done = {}) const {
        return start<void>(how.failure(), std::forward<Done>(done), [&](auto complete, void *to, auto **why) {
            return strongroom_manager_close_async(c_handle(), how.c_handle(), complete, to, why);
        });
    }

    /// `explain`.
    template <class Done = use_future_t>
    [[nodiscard]] async_answer<explanation, Done> explain_async(std::string_view key, const text_list &scopes = {},
                                                                const call &how = {}, Done &&done = {}) const {
        return start<explanation>(how.failure(), std::forward<Done>(done), [&](auto complete, void *to, auto **why) {
            return strongroom_manager_explain_async(c_handle(), key.data(), key.size(), scopes.data(), scopes.lengths(),
                                                    scopes.size(), how.c_handle(), complete, to, why);
        });
    }

    /// `export_document`.
    template <class Done = use_future_t>
    [[nodiscard]] async_answer<transferred, Done> export_document_async(const transfer &what, const call &how = {},
                                                                        Done &&done = {}) const {
        return start<transferred>(
            first_wrong(what, how), std::forward<Done>(done), [&](auto complete, void *to, auto **why) {
                return strongroom_manager_export_async(c_handle(), what.c_handle(), how.c_handle(), complete, to, why);
            });
    }

    /// `import_document`.
    template <class Done = use_future_t>
    [[nodiscard]] async_answer<transferred, Done> import_document_async(byte_view document, const transfer &what,
                                                                        const call &how = {}, Done &&done = {}) const {
        return start<transferred>(
            first_wrong(what, how), std::forward<Done>(done), [&](auto complete, void *to, auto **why) {
                return strongroom_manager_import_async(c_handle(), document.data(), document.size(), what.c_handle(),
                                                       how.c_handle(), complete, to, why);
            });
    }

    /// `copy_plan`. The target may be destroyed while it is under way.
    template <class Done = use_future_t>
    [[nodiscard]] async_answer<transferred, Done> copy_plan_async(const result_verbs &target, const transfer &what = {},
                                                                  const call &how = {}, Done &&done = {}) const {
        return start<transferred>(
            first_wrong(what, how), std::forward<Done>(done), [&](auto complete, void *to, auto **why) {
                return strongroom_manager_copy_plan_async(c_handle(), target.c_handle(), what.c_handle(),
                                                          how.c_handle(), complete, to, why);
            });
    }

    /// `copy_to`. The target may be destroyed while it is under way.
    template <class Done = use_future_t>
    [[nodiscard]] async_answer<transferred, Done> copy_to_async(const result_verbs &target, const transfer &what = {},
                                                                const call &how = {}, Done &&done = {}) const {
        return start<transferred>(
            first_wrong(what, how), std::forward<Done>(done), [&](auto complete, void *to, auto **why) {
                return strongroom_manager_copy_to_async(c_handle(), target.c_handle(), what.c_handle(), how.c_handle(),
                                                        complete, to, why);
            });
    }

protected:
    using result_verbs::result_verbs;
};

} // namespace strongroom::detail
