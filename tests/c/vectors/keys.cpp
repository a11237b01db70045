// keys.json and errors.json.

#include "session.hpp"

namespace vectors {

namespace {

json or_null(const std::optional<std::string> &text) { return text ? json(*text) : json(); }

void is_read(report &to, const std::string &text, const json &vector) {
    const auto parts = strongroom::parse_key(text);
    to.check(parts.canonical == vector.at("canonical"), "`canonical` of " + text);
    to.check(parts.kind == vector.at("kind"), "`kind` of " + text);
    to.check(or_null(parts.id) == vector.at("id"), "`id` of " + text);
    to.check(parts.name == vector.at("name"), "`name` of " + text);
    to.check(or_null(parts.target) == vector.at("target"), "`target` of " + text);
}

/// Whether an error is of the class that a vector names, told by its text.
template <class T> void is_refused(report &to, const json &file, const json &vector, const strongroom::result<T> &got) {
    const std::string part = file.at("reasons").at(vector.at("reason").get<std::string>());
    to.check(!got && got.status() == strongroom::status::invalid_key &&
                 std::string(got.error().what()).find(part) != std::string::npos,
             "a key is refused: " + vector.dump().substr(0, 200));
}

} // namespace

void run_keys(report &to, const json &file) {
    std::size_t count = 0;
    for (const auto &vector : file.at("valid")) {
        is_read(to, vector.at("text"), vector);
        // The canonical text is a key, too: the same.
        is_read(to, vector.at("canonical"), vector);
        ++count;
    }
    for (const auto &vector : file.at("invalid")) {
        is_refused(to, file, vector, strongroom::try_parse_key(vector.at("text").get<std::string>()));
        ++count;
    }
    for (const auto &vector : file.at("escape")) {
        const auto word = value(vector.at("word"));
        const std::string escaped = vector.at("escaped");
        to.check(strongroom::escape(word) == escaped, "escape gives " + escaped);
        to.check(strongroom::unescape(escaped) == word, "unescape takes " + escaped);
        ++count;
    }
    for (const auto &vector : file.at("unescape_invalid")) {
        is_refused(to, file, vector, strongroom::try_unescape(vector.at("text").get<std::string>()));
        ++count;
    }
    for (const auto &vector : file.at("keyring")) {
        const auto escaped = [&](const char *part) { return strongroom::escape(vector.at(part).get<std::string>()); };
        const auto key = "app/" + escaped("service") + "/" + escaped("account");
        to.check(key == vector.at("key"), "the key of an account: " + key);
        to.check(strongroom::try_parse_key(key).has_value(), "a key: " + key);
        ++count;
    }
    to.check(count == file.at("count"), std::to_string(count) + " vectors of keys ran");
    to.ran(form::blocking, "key_parse", "valid");
    to.ran(form::blocking, "key_escape", "escape");
    to.ran(form::blocking, "key_unescape", "escape");
}

void run_errors(report &to, const json &file) {
    std::size_t count = 0;
    for (const auto &vector : file.at("kinds")) {
        const auto kind = static_cast<strongroom::status>(vector.at("number").get<int>());
        const std::string token = vector.at("token");
        to.check(strongroom::token(kind) == token, "the token of " + token);
        to.check(!strongroom::help(kind).empty(), "the help of " + token);
        to.check(strongroom::is_retryable(kind) == vector.at("retryable"), "whether to retry after " + token);
        to.check(strongroom::exit_code(kind) == vector.at("exit_code"), "the exit code of " + token);
        to.check(strongroom::error(kind).token() == token, "an error of " + token);
        ++count;
    }
    to.check(count == file.at("count"), std::to_string(count) + " vectors of errors ran");
}

} // namespace vectors
