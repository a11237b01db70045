// The subscriptions of a script.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <strongroom.hpp>

namespace vectors {

/// A subscription that a step made: waited for, or, in the form that does not wait, told to a function.
class subscriber {
public:
    /// One that is waited for.
    explicit subscriber(strongroom::subscription made) : waited_(std::move(made)) {}
    /// One that is told.
    subscriber(const strongroom::manager &by, const strongroom::text_list &keys, const strongroom::call &how)
        : told_(by.subscribe_callback([this](const auto &change) { take(change); }, keys, how)) {}

    /// The next change, none once there come no more. Throws `timeout` where none comes in time.
    std::optional<strongroom::change> next();

private:
    void take(const strongroom::result<strongroom::change> &told);

    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<strongroom::change> changes_;
    bool ended_ = false;
    std::optional<strongroom::subscription> waited_;
    // The last, so that nothing is told any more when the others go.
    std::optional<strongroom::subscription> told_;
};

} // namespace vectors
