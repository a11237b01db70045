// A step as an operation sees it, and the operations that have a file of their own.
#pragma once

#include <string>
#include <vector>

#include "answers.hpp"

namespace vectors {

/// A step as an operation sees it.
struct step {
    session &in;
    const json &args;
    const json &save;
    const call &how;

    [[nodiscard]] bool has(const char *name) const { return args.contains(name); }
    [[nodiscard]] std::string text(const char *name) const { return in.fill(args.at(name)); }
    [[nodiscard]] std::string key() const { return text("key"); }
    [[nodiscard]] std::string value() const { return vectors::value(args.at("value")); }
    [[nodiscard]] std::string version() const { return in.version(args.at("version")); }
    [[nodiscard]] std::size_t length() const { return args.at("length"); }
    [[nodiscard]] bool blocks() const { return in.how == form::blocking; }
};

/// A verb through the step's form: ASK(step, get, key, call). Both throw what goes wrong.
#define ASK(step, verb, ...)                                                                                           \
    ((step).blocks() ? (step).in.manager.verb(__VA_ARGS__) : (step).in.manager.verb##_async(__VA_ARGS__).get())

inline std::vector<std::string> texts_of(const step &of, const char *name) {
    std::vector<std::string> texts;
    for (const auto &text : of.args.at(name)) {
        texts.push_back(of.in.fill(text));
    }
    return texts;
}

json explain(const step &of);
json export_document(const step &of);
json import_document(const step &of);
json copy_plan(const step &of);
json copy_to(const step &of);
json key_variable(const step &of);
json setting(const step &of);
json fernet_generate(const step &of);
json fernet_encrypt(const step &of);
json fernet_decrypt(const step &of);
json fernet_rotate(const step &of);
json metrics(const step &of);
json subscribe(const step &of);
json next_change(const step &of);

} // namespace vectors
