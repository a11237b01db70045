// Changes: waited for, walked through, or told to a function.
// Part of strongroom.hpp; include that.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "answers.hpp"
#include "error.hpp"
#include "report.hpp"

namespace strongroom {

/// What has changed.
enum class change_kind {
    /// A secret was written: its value, its metadata, or both.
    set,
    /// A secret was removed.
    deleted,
    /// Something was changed, and nobody can say what: any secret may be another one.
    unknown,
    /// The backend's health is another one than before.
    health,
    /// The subscriber was too slow, and changes were left out: any secret may be another one.
    missed,
};

/// One change. Never a value.
struct change {
    change_kind kind = change_kind::unknown;
    /// The secret's key, where the change concerns one.
    std::optional<std::string> key{};
    /// The version that is current now, where it is known.
    std::optional<std::string> version{};
    /// How the backend is now, for `change_kind::health`.
    std::optional<health_state> health{};
    /// Why it is so.
    std::optional<std::string> reason{};
};

/// Takes each change; at last `closed`, where the manager was closed or the library shut down. Called on a thread of
/// the library, one call after another; it may call only getters, destructors and `cancel_source::fire`. One that
/// throws ends the program.
using change_sink = std::function<void(result<change> told)>;

namespace detail {

template <> struct answer<change> {
    using raw = strongroom_change_t *;
    static result<change> take(raw given) {
        const handle<strongroom_change_t, strongroom_change_free> owned(given);
        change made;
        const auto kind = view(strongroom_change_kind(given));
        made.kind = kind == "set"       ? change_kind::set
                    : kind == "deleted" ? change_kind::deleted
                    : kind == "health"  ? change_kind::health
                    : kind == "missed"  ? change_kind::missed
                                        : change_kind::unknown;
        made.key = text(strongroom_change_key(given));
        made.version = text(strongroom_change_version(given));
        if (const auto state = view(strongroom_change_health(given)); !state.empty()) {
            made.health = state_of(state);
        }
        made.reason = text(strongroom_change_reason(given));
        return made;
    }
};

/// Passes a change on. What the sink throws ends the program: nothing may be thrown through the library.
inline void tell_change(void *context, strongroom_status_t outcome, strongroom_change_t *given,
                        strongroom_error_t *why) noexcept {
    (*static_cast<const change_sink *>(context))(settle<change>(outcome, given, why));
}

} // namespace detail

/// Changes, in the order in which they were seen, until the manager is closed: `for (const auto &change : changes)`.
/// Move-only. Several threads may wait at once; each change reaches one of them. Destroying it ends it, and waits for
/// the function that is told; from within that function it does not wait.
class subscription {
public:
    /// Takes over a C subscription.
    [[nodiscard]] static subscription adopt(strongroom_subscription_t *owned) noexcept { return subscription(owned); }

    /// Waits for the next change; none once there come no more. `cancelled` by a shutdown; `unsupported` where a
    /// function is told.
    [[nodiscard]] result<std::optional<change>> try_next() const {
        return wait(STRONGROOM_FOREVER, STRONGROOM_STATUS_CLOSED);
    }

    /// Waits for the next change, at most so long; none where none came. `closed` where there come no more; as
    /// `try_next`.
    [[nodiscard]] result<std::optional<change>> try_next_for(std::chrono::milliseconds span) const {
        const auto most = std::chrono::milliseconds(STRONGROOM_FOREVER - 1);
        const auto at_most = span.count() < 0 ? std::chrono::milliseconds(0) : span < most ? span : most;
        return wait(static_cast<std::uint32_t>(at_most.count()), STRONGROOM_STATUS_TIMEOUT);
    }

#if STRONGROOM_EXCEPTIONS
    /// Waits for the next change; none once there come no more.
    [[nodiscard]] std::optional<change> next() const { return try_next().value(); }
    /// Waits for the next change, at most so long; none where none came. Throws `closed` where there come no more.
    [[nodiscard]] std::optional<change> next_for(std::chrono::milliseconds span) const {
        return try_next_for(span).value();
    }

    /// Stands at a change, or behind the last.
    class iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = change;
        using difference_type = std::ptrdiff_t;
        using pointer = const change *;
        using reference = const change &;

        /// Behind the last.
        iterator() noexcept = default;

        [[nodiscard]] reference operator*() const noexcept { return *at_; }
        [[nodiscard]] pointer operator->() const noexcept { return &*at_; }
        /// Waits for the next change.
        iterator &operator++() {
            at_ = from_->next();
            return *this;
        }
        void operator++(int) { ++*this; }

        /// Equal are two that stand behind the last.
        friend bool operator==(const iterator &one, const iterator &other) noexcept { return !one.at_ && !other.at_; }
        friend bool operator!=(const iterator &one, const iterator &other) noexcept { return !(one == other); }

    private:
        friend class subscription;
        explicit iterator(const subscription &from) : from_(&from), at_(from.next()) {}

        const subscription *from_ = nullptr;
        std::optional<change> at_;
    };

    /// Waits for the first change.
    [[nodiscard]] iterator begin() const { return iterator(*this); }
    [[nodiscard]] iterator end() const noexcept { return {}; }
#endif

    /// The C subscription, still this object's.
    [[nodiscard]] const strongroom_subscription_t *c_handle() const noexcept { return handle_.get(); }

private:
    explicit subscription(strongroom_subscription_t *owned) noexcept : handle_(owned) {}

    /// The next change; none where the outcome is `none`.
    result<std::optional<change>> wait(std::uint32_t timeout_ms, strongroom_status_t none) const {
        strongroom_change_t *given = nullptr;
        strongroom_error_t *why = nullptr;
        const auto outcome = strongroom_subscription_next(c_handle(), timeout_ms, &given, &why);
        if (outcome == none) {
            static_cast<void>(strongroom_error_free(why));
            return std::optional<change>();
        }
        auto told = detail::settle<change>(outcome, given, why);
        if (!told) {
            return told.error();
        }
        return std::optional<change>(*std::move(told));
    }

    detail::handle<strongroom_subscription_t, strongroom_subscription_free> handle_;
};

namespace detail {

template <> struct answer<subscription> {
    using raw = strongroom_subscription_t *;
    static result<subscription> take(raw given) { return subscription::adopt(given); }
};

} // namespace detail

} // namespace strongroom
