// What was checked, what failed, and which vector ran which operation.
#pragma once

#include <cstddef>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

namespace vectors {

using json = nlohmann::json;

/// A call through its throwing form, or through its future.
enum class form { blocking, future };

/// The form's word as a language of docs/parity.md.
inline const char *language(form how) { return how == form::blocking ? "c++" : "c++-future"; }

class report {
public:
    /// Counts a check; where it does not hold, says so and counts a failure. Answers whether it held.
    bool check(bool holds, const std::string &what) {
        ++(holds ? passed_ : failed_);
        if (!holds) {
            std::cout << "FAILED " << what << "\n";
        }
        return holds;
    }

    /// The first vector of an operation is the one that is named.
    void ran(form how, const std::string &operation, const std::string &vector) {
        ran_[language(how)].emplace(operation, vector);
    }

    /// Writes what was run through each form, as tests/vectors/README.md says.
    void write_parity(const std::string &path) const {
        auto languages = json::array();
        for (const auto &[name, operations] : ran_) {
            languages.push_back({{"language", name}, {"ops", operations}});
        }
        std::ofstream file(path);
        file << languages.dump(2) << "\n";
        if (!file.flush()) {
            throw std::runtime_error("cannot write " + path);
        }
    }

    [[nodiscard]] std::size_t passed() const { return passed_; }
    [[nodiscard]] std::size_t failed() const { return failed_; }

private:
    std::size_t passed_ = 0;
    std::size_t failed_ = 0;
    std::map<std::string, std::map<std::string, std::string>> ran_;
};

} // namespace vectors
