// The operations that count, and that are told of changes.

#include "changes.hpp"

#include <chrono>
#include <string_view>

#include "step.hpp"

namespace vectors {

namespace {

/// How long a change is waited for before the script fails.
constexpr auto patience = std::chrono::seconds(10);

strongroom::error too_late() { return strongroom::error(strongroom::status::timeout); }

const char *word(strongroom::change_kind kind) {
    switch (kind) {
    case strongroom::change_kind::set:
        return "set";
    case strongroom::change_kind::deleted:
        return "deleted";
    case strongroom::change_kind::unknown:
        return "unknown";
    case strongroom::change_kind::health:
        return "health";
    case strongroom::change_kind::missed:
        return "missed";
    }
    return "";
}

const char *word(strongroom::health_state state) {
    return state == strongroom::health_state::ok         ? "ok"
           : state == strongroom::health_state::degraded ? "degraded"
                                                         : "unavailable";
}

} // namespace

void subscriber::take(const strongroom::result<strongroom::change> &told) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (told) {
        changes_.push_back(*told);
    } else {
        ended_ = true;
    }
    arrived_.notify_all();
}

std::optional<strongroom::change> subscriber::next() {
    if (waited_) {
        const auto change = waited_->try_next_for(patience);
        if (change.status() == strongroom::status::closed) {
            return std::nullopt;
        }
        if (change && !*change) {
            throw too_late();
        }
        return change.value();
    }
    std::unique_lock<std::mutex> lock(mutex_);
    if (!arrived_.wait_for(lock, patience, [this] { return ended_ || !changes_.empty(); })) {
        throw too_late();
    }
    if (changes_.empty()) {
        return std::nullopt;
    }
    const auto change = changes_.front();
    changes_.pop_front();
    return change;
}

json subscribe(const step &of) {
    const auto texts = of.has("keys") ? texts_of(of, "keys") : std::vector<std::string>();
    const strongroom::text_list keys(texts);
    auto &place = of.in.subscribers[of.args.at("name")];
    place = of.blocks() ? std::make_unique<subscriber>(of.in.manager.subscribe(keys, of.how))
                        : std::make_unique<subscriber>(of.in.manager, keys, of.how);
    return nullptr;
}

json next_change(const step &of) {
    const auto change = of.in.subscribers.at(of.args.at("of"))->next();
    if (!change) {
        return nullptr;
    }
    return {{"kind", word(change->kind)},
            {"key", or_null(change->key)},
            {"version", or_null(change->version)},
            {"health", change->health ? json(word(*change->health)) : json()}};
}

json metrics(const step &of) {
    const auto counted = of.in.manager.metrics();
    const auto found = counted.find(of.args.at("name"));
    const std::uint64_t number = found == counted.end() ? 0 : found->second;
    return number >= of.args.at("at_least").get<std::uint64_t>();
}

} // namespace vectors
