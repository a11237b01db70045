// How each answer of the C library becomes a C++ value: one place for the blocking and the callback forms.
// Part of strongroom.hpp; include that.
#pragma once

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "error.hpp"
#include "explanation.hpp"
#include "report.hpp"
#include "secret.hpp"
#include "transfer.hpp"

namespace strongroom {

/// Says that a verb's answer is wanted as a `std::future`; what the `_async` verbs do by default.
struct use_future_t {};

#if STRONGROOM_EXCEPTIONS
/// What `use_future` gives: the value, or the error as an exception.
template <class T> using future = std::future<T>;
#else
/// What `use_future` gives where there are no exceptions.
template <class T> using future = std::future<result<T>>;
#endif

/// What an `_async` verb gives: a future, or, with a completion, whether the call was started.
template <class T, class Done>
using async_answer = std::conditional_t<std::is_same_v<std::decay_t<Done>, use_future_t>, future<T>, result<void>>;

namespace detail {

/// `raw` is what C gives, `take` owns it from its first statement on.
template <class T> struct answer;

template <> struct answer<bool> {
    using raw = bool;
    static result<bool> take(bool given) { return given; }
};

template <> struct answer<secret> {
    using raw = strongroom_secret_t *;
    static result<secret> take(raw given) { return secret::adopt(given); }
};

template <> struct answer<metadata> {
    using raw = strongroom_metadata_t *;
    static result<metadata> take(raw given) { return plain(metadata_handle(given).get()); }
};

template <> struct answer<written> {
    using raw = strongroom_written_t *;
    static result<written> take(raw given) {
        const handle<strongroom_written_t, strongroom_written_free> owned(given);
        return written{text(strongroom_written_version(given)),
                       number<std::uint64_t>(strongroom_written_version_number, given),
                       strongroom_written_created(given)};
    }
};

template <> struct answer<report> {
    using raw = strongroom_report_t *;
    static result<report> take(raw given) { return report::adopt(given); }
};

template <> struct answer<metric_map> {
    using raw = strongroom_report_t *;
    static result<metric_map> take(raw given) {
        const auto from = report::adopt(given);
        metric_map made;
        for (std::size_t i = 0, count = from.size(); i < count; ++i) {
            const auto name = from.name(i);
            made.emplace(name, from.number(name).value_or(0));
        }
        return made;
    }
};

template <> struct answer<health_report> {
    using raw = strongroom_report_t *;
    static result<health_report> take(raw given) {
        const auto from = report::adopt(given);
        const auto state = state_of(from.text("state").value_or("unavailable"));
        return health_report{state, text(from, "reason").value_or(""), text(from, "kind").value_or("")};
    }
};

template <> struct answer<verify_report> {
    using raw = strongroom_report_t *;
    static result<verify_report> take(raw given) {
        const auto from = report::adopt(given);
        const auto count = [&](std::string_view name) { return from.number(name).value_or(0); };
        return verify_report{count("secrets"), count("versions"), count("journal"), count("sequence")};
    }
};

template <> struct answer<key_parts> {
    using raw = strongroom_report_t *;
    static result<key_parts> take(raw given) {
        const auto from = report::adopt(given);
        return key_parts{text(from, "canonical").value_or(""), text(from, "kind").value_or(""), text(from, "id"),
                         text(from, "name").value_or(""), text(from, "target")};
    }
};

template <> struct answer<setting_value> {
    using raw = strongroom_report_t *;
    static result<setting_value> take(raw given) {
        const auto from = report::adopt(given);
        return setting_value{text(from, "value"), text(from, "origin").value_or("")};
    }
};

template <> struct answer<transferred> {
    using raw = strongroom_transferred_t *;
    static result<transferred> take(raw given) { return transferred::adopt(given); }
};

template <> struct answer<explanation> {
    using raw = strongroom_explanation_t *;
    static result<explanation> take(raw given) {
        const handle<strongroom_explanation_t, strongroom_explanation_free> owned(given);
        explanation made;
        for (std::size_t i = 0, count = strongroom_explanation_len(given); i < count; ++i) {
            auto step = step_of(given, i);
            if (!step) {
                return step.error();
            }
            made.steps.push_back(*std::move(step));
        }
        made.answer = number<std::size_t>(strongroom_explanation_answer, given);
        made.failure = told_error([&](auto **why) { return strongroom_explanation_failure(given, why); });
        return made;
    }
};

/// The answers that are lists: `read` makes one of each index.
using list_handle = handle<strongroom_list_t, strongroom_list_free>;

inline bool flag(const strongroom_list_t *list, std::size_t index, std::uint32_t wanted) noexcept {
    return (strongroom_list_flags(list, index) & wanted) != 0;
}

inline result<metadata> item_metadata(const strongroom_list_t *list, std::size_t index) {
    strongroom_metadata_t *copy = nullptr;
    strongroom_error_t *why = nullptr;
    const auto outcome = strongroom_list_metadata(list, index, &copy, &why);
    const metadata_handle owned(copy);
    if (outcome != STRONGROOM_STATUS_OK) {
        return error::adopt(outcome, why);
    }
    return plain(owned.get());
}

template <> struct answer<page> {
    using raw = strongroom_list_t *;
    static result<page> take(raw given) {
        const list_handle owned(given);
        page made;
        made.next = text(strongroom_list_next(given));
        for (std::size_t i = 0, count = strongroom_list_len(given); i < count; ++i) {
            auto about = item_metadata(given, i);
            if (!about) {
                return about.error();
            }
            made.entries.push_back({std::string(view(strongroom_list_key(given, i))),
                                    flag(given, i, STRONGROOM_ITEM_REFERENCE), flag(given, i, STRONGROOM_ITEM_EXPIRED),
                                    *std::move(about)});
        }
        return made;
    }
};

template <> struct answer<std::vector<version_entry>> {
    using raw = strongroom_list_t *;
    static result<std::vector<version_entry>> take(raw given) {
        const list_handle owned(given);
        std::vector<version_entry> made;
        for (std::size_t i = 0, count = strongroom_list_len(given); i < count; ++i) {
            auto about = item_metadata(given, i);
            if (!about) {
                return about.error();
            }
            made.push_back({about->version.value_or(""), about->version_number, flag(given, i, STRONGROOM_ITEM_CURRENT),
                            flag(given, i, STRONGROOM_ITEM_EXPIRED), about->created_at, about->expires_at});
        }
        return made;
    }
};

template <> struct answer<written_many> {
    using raw = strongroom_list_t *;
    static result<written_many> take(raw given) {
        const list_handle owned(given);
        written_many made;
        for (std::size_t i = 0, count = strongroom_list_len(given); i < count; ++i) {
            strongroom_error_t *why = nullptr;
            const auto outcome = strongroom_list_outcome(given, i, &why);
            if (outcome != STRONGROOM_STATUS_OK) {
                made.emplace_back(error::adopt(outcome, why));
                continue;
            }
            auto about = item_metadata(given, i);
            if (!about) {
                return about.error();
            }
            made.emplace_back(written{about->version, about->version_number, flag(given, i, STRONGROOM_ITEM_CREATED)});
        }
        return made;
    }
};

/// Something that may be missing.
template <class T> struct answer<std::optional<T>> {
    using raw = typename answer<T>::raw;
    static result<std::optional<T>> take(raw given) {
        auto found = answer<T>::take(given);
        if (!found) {
            return found.error();
        }
        return std::optional<T>(*std::move(found));
    }
};

template <class T> inline constexpr bool may_be_missing = false;
template <class T> inline constexpr bool may_be_missing<std::optional<T>> = true;

/// What C answered, as C++; takes over both objects.
template <class T>
result<T> settle(strongroom_status_t outcome, typename answer<T>::raw given, strongroom_error_t *why) {
    if (outcome == STRONGROOM_STATUS_OK) {
        return answer<T>::take(given);
    }
    if constexpr (may_be_missing<T>) {
        if (outcome == STRONGROOM_STATUS_NOT_FOUND) {
            static_cast<void>(strongroom_error_free(why));
            return T(std::nullopt);
        }
    }
    return error::adopt(outcome, why);
}

template <> struct answer<found_many> {
    using raw = strongroom_list_t *;
    static result<found_many> take(raw given) {
        const list_handle owned(given);
        found_many made;
        for (std::size_t i = 0, count = strongroom_list_len(given); i < count; ++i) {
            strongroom_secret_t *copy = nullptr;
            strongroom_error_t *why = nullptr;
            const auto outcome = strongroom_list_secret(given, i, &copy, &why);
            made.push_back(settle<std::optional<secret>>(outcome, copy, why));
        }
        return made;
    }
};

inline result<void> settle(strongroom_status_t outcome, strongroom_error_t *why) {
    if (outcome == STRONGROOM_STATUS_OK) {
        return {};
    }
    return error::adopt(outcome, why);
}

/// Makes a blocking call, unless an argument is `wrong` already.
template <class T, class Verb> result<T> ask(const error *wrong, const Verb &verb) {
    if (wrong != nullptr) {
        return *wrong;
    }
    strongroom_error_t *why = nullptr;
    if constexpr (std::is_void_v<T>) {
        const auto outcome = verb(&why);
        return settle(outcome, why);
    } else {
        typename answer<T>::raw given{};
        const auto outcome = verb(&given, &why);
        return settle<T>(outcome, given, why);
    }
}

/// A call under way and what is to be done with its answer. What `done` throws ends the program: nothing may be thrown
/// through the library.
template <class T, class Done> struct pending {
    Done done;

    static void complete(void *context, strongroom_status_t outcome, typename answer<T>::raw given,
                         strongroom_error_t *why) noexcept {
        const std::unique_ptr<pending> self(static_cast<pending *>(context));
        self->done(settle<T>(outcome, given, why));
    }
};

template <class Done> struct pending<void, Done> {
    Done done;

    static void complete(void *context, strongroom_status_t outcome, strongroom_error_t *why) noexcept {
        const std::unique_ptr<pending> self(static_cast<pending *>(context));
        self->done(settle(outcome, why));
    }
};

/// Starts a call; `done` is called exactly once if that succeeds, else never.
template <class T, class Done, class Begin>
result<void> launch(std::unique_ptr<pending<T, Done>> &call, const Begin &begin) {
    strongroom_error_t *why = nullptr;
    const auto outcome = begin(&pending<T, Done>::complete, static_cast<void *>(call.get()), &why);
    if (outcome == STRONGROOM_STATUS_OK) {
        static_cast<void>(call.release()); // `complete` owns it, and may have run already
    }
    return settle(outcome, why);
}

/// Puts an answer into a promise.
template <class T> struct fulfil {
#if STRONGROOM_EXCEPTIONS
    std::promise<T> promise;

    void operator()(result<T> got) {
        if (!got) {
            promise.set_exception(std::make_exception_ptr(got.error()));
        } else if constexpr (std::is_void_v<T>) {
            promise.set_value();
        } else {
            promise.set_value(*std::move(got));
        }
    }
#else
    std::promise<result<T>> promise;

    void operator()(result<T> got) { promise.set_value(std::move(got)); }
#endif
};

/// Starts a call whose answer goes where `done` says, unless an argument is `wrong` already.
template <class T, class Done, class Begin>
async_answer<T, Done> start(const error *wrong, Done &&done, const Begin &begin) {
    if constexpr (std::is_same_v<std::decay_t<Done>, use_future_t>) {
        auto call = std::make_unique<pending<T, fulfil<T>>>();
        auto future = call->done.promise.get_future();
        const auto started = wrong != nullptr ? result<void>(*wrong) : launch(call, begin);
        if (!started) {
            call->done(started.error());
        }
        return future;
    } else {
        static_assert(std::is_invocable_v<std::decay_t<Done> &, result<T>>, "the completion takes a result<T>");
        if (wrong != nullptr) {
            return *wrong;
        }
        using state = pending<T, std::decay_t<Done>>;
        auto call = std::unique_ptr<state>(new state{std::forward<Done>(done)});
        return launch(call, begin);
    }
}

/// Calls `write(buffer, capacity, needed, why)` with a buffer that is large enough; `spare` is room for a NUL.
template <class Write> result<std::string> written_text(std::size_t guess, std::size_t spare, const Write &write) {
    std::string text(guess, '\0');
    for (;;) {
        std::size_t needed = 0;
        strongroom_error_t *why = nullptr;
        const auto outcome = write(text.data(), text.size() + spare, &needed, &why);
        const bool small = outcome == STRONGROOM_STATUS_BUFFER_TOO_SMALL && needed > text.size();
        if (outcome != STRONGROOM_STATUS_OK && !small) {
            return error::adopt(outcome, why);
        }
        text.resize(needed);
        if (!small) {
            return text;
        }
        static_cast<void>(strongroom_error_free(why));
    }
}

/// The first argument that is wrong; null where none is.
template <class... Builders> const error *first_wrong(const Builders &...builders) noexcept {
    const error *first = nullptr;
    ((first = first != nullptr ? first : builders.failure()), ...);
    return first;
}

} // namespace detail

} // namespace strongroom
