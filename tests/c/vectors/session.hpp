// One script over one newly opened backend.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <strongroom.hpp>

#include "changes.hpp"
#include "checks.hpp"

namespace vectors {

/// A version that a step kept for the steps after it.
struct saved_version {
    std::string word;
    std::optional<std::uint64_t> number;
};

class session {
public:
    /// Opens a backend of verbs.json in a folder of its own, with the script's options.
    session(report &to, form how, const json &backend, const json &script, const std::filesystem::path &folder);

    /// A text with {scope}, {id} and {global} filled in.
    [[nodiscard]] std::string fill(const std::string &text) const;
    /// `@name` is a saved version; everything else is the version's own word.
    [[nodiscard]] std::string version(const std::string &word) const;
    [[nodiscard]] const saved_version &saved(const std::string &word) const { return saved_.at(word.substr(1)); }
    void save(const std::string &name, const strongroom::written &outcome);

    /// Has the calls go through the script's other manager, which is opened with what `stated` says where there is
    /// none.
    void exchange(const json &stated);
    /// The manager that the calls do not go through.
    [[nodiscard]] const strongroom::manager &beside() const { return other_.value(); }

    /// What the calls go through: what was opened, or the view that `scoped` made last.
    strongroom::manager manager;
    const form how;
    report &to;
    std::map<std::string, std::unique_ptr<subscriber>> subscribers;

private:
    void compare_capabilities(const json &backend) const;

    std::filesystem::path folder_;
    std::string id_;
    std::optional<strongroom::manager> other_;
    std::map<std::string, saved_version> saved_;
};

/// The bytes that {"utf8": …}, {"base64": …} or {"repeat": …, "count": …} stand for.
std::string value(const json &stated);

/// Makes the call of a step and compares its answer; false where it is not as it should be.
bool run_step(session &in, const json &step, const std::string &script);

/// keys.json and errors.json.
void run_keys(report &to, const json &file);
void run_errors(report &to, const json &file);

} // namespace vectors
