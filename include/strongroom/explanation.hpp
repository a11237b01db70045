// Where a secret is looked for, and what each place answered.
// Part of strongroom.hpp; include that.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "error.hpp"
#include "secret.hpp"

namespace strongroom {

/// One place where a secret was looked for; never a value.
struct explain_step {
    /// The key that was looked for.
    std::string key{};
    /// The scope that was looked in.
    std::string scope{};
    /// The word of the backend that was asked.
    std::string backend{};
    /// What it answered: `found`, `expired`, `absent`, `failed`, `not_asked`.
    std::string answer{};
    /// Where exactly it looked, where it says so: a variable's name, a file's path.
    std::optional<std::string> detail{};
    /// How long the answer took.
    std::chrono::microseconds took{};
    /// Whether a read never comes here, because an earlier step decides.
    bool shadowed = false;
    /// Whether it is a failure that a read passes over.
    bool passed_over = false;
    /// Why it failed.
    std::optional<error> why{};
    /// What is known about the secret that was found.
    metadata about{};
};

/// Every place where a secret was looked for, in the order of a read, and how that read ends.
struct explanation {
    std::vector<explain_step> steps{};
    /// The index of the step whose secret a read comes to, an expired one too; none where it comes to none.
    std::optional<std::size_t> answer{};
    /// What a read fails with. Without it and without an answer there is no such secret.
    std::optional<error> failure{};
};

namespace detail {

/// The error that a getter answers; none for success.
template <class Get> std::optional<error> told_error(const Get &get) {
    strongroom_error_t *why = nullptr;
    const auto outcome = get(&why);
    return outcome == STRONGROOM_STATUS_OK ? std::nullopt : std::optional<error>(error::adopt(outcome, why));
}

inline result<explain_step> step_of(const strongroom_explanation_t *from, std::size_t index) {
    strongroom_metadata_t *copy = nullptr;
    strongroom_error_t *why = nullptr;
    const auto outcome = strongroom_explanation_metadata(from, index, &copy, &why);
    const metadata_handle about(copy);
    if (outcome != STRONGROOM_STATUS_OK) {
        return error::adopt(outcome, why);
    }
    const auto flags = strongroom_explanation_flags(from, index);
    explain_step step;
    step.key = view(strongroom_explanation_key(from, index));
    step.scope = view(strongroom_explanation_scope(from, index));
    step.backend = view(strongroom_explanation_backend(from, index));
    step.answer = view(strongroom_explanation_word(from, index));
    step.detail = text(strongroom_explanation_detail(from, index));
    step.took = std::chrono::microseconds(
        static_cast<std::chrono::microseconds::rep>(strongroom_explanation_took(from, index)));
    step.shadowed = (flags & STRONGROOM_STEP_SHADOWED) != 0;
    step.passed_over = (flags & STRONGROOM_STEP_PASSED_OVER) != 0;
    step.why = told_error([&](auto **given) { return strongroom_explanation_outcome(from, index, given); });
    step.about = plain(about.get());
    return step;
}

} // namespace detail

} // namespace strongroom
