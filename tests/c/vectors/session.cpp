#include "session.hpp"

#include <algorithm>
#include <initializer_list>
#include <string_view>
#include <utility>

namespace vectors {

namespace {

strongroom::options options_of(std::initializer_list<const json *> stated_in, const std::filesystem::path &folder) {
    auto options = strongroom::options{}.app("vectors").ignore_environment();
    const std::string mark = "{dir}";
    for (const json *settings : stated_in) {
        const auto documents = settings->value("config_text", json::object());
        for (const auto &[format, document] : documents.items()) {
            options.config_text(format == "json" ? strongroom::config_format::json : strongroom::config_format::toml,
                                document.get<std::string>());
        }
        const auto stated_options = settings->value("options", json::object());
        for (const auto &[name, stated] : stated_options.items()) {
            auto text = stated.get<std::string>();
            if (text.rfind(mark, 0) == 0) {
                text = folder.string() + text.substr(mark.size());
            }
            options.set(name, text);
        }
        const auto secret_options = settings->value("secret_options", json::object());
        for (const auto &[name, stated] : secret_options.items()) {
            options.set_secret(name, value(stated));
        }
    }
    return options;
}

strongroom::manager opened(form how, const strongroom::options &options) {
    return how == form::blocking ? strongroom::manager::open(options) : strongroom::manager::open_async(options).get();
}

void replace(std::string &text, std::string_view mark, const std::string &with) {
    for (std::size_t at = 0; (at = text.find(mark, at)) != std::string::npos; at += with.size()) {
        text.replace(at, mark.size(), with);
    }
}

std::string from_base64(const std::string &text) {
    static const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string bytes;
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const char digit : text.substr(0, text.find('='))) {
        const auto six = alphabet.find(digit);
        if (six == std::string::npos) {
            throw std::runtime_error("no base64: " + text);
        }
        bits = bits << 6 | static_cast<std::uint32_t>(six);
        count += 6;
        if (count >= 8) {
            count -= 8;
            bytes.push_back(static_cast<char>(bits >> count & 0xff));
        }
    }
    return bytes;
}

} // namespace

session::session(report &report_to, form form_of_calls, const json &backend, const json &script,
                 const std::filesystem::path &folder)
    : manager(opened(form_of_calls, options_of({&backend, &script}, folder))), how(form_of_calls), to(report_to),
      folder_(folder), id_(folder.filename().string()) {
    compare_capabilities(backend);
}

std::string session::fill(const std::string &text) const {
    auto filled = text;
    replace(filled, "{scope}", "project/" + id_);
    replace(filled, "{id}", id_);
    replace(filled, "{global}", "G." + id_);
    return filled;
}

void session::exchange(const json &stated) {
    if (!other_) {
        other_ = opened(how, options_of({&stated}, folder_));
    }
    std::swap(manager, *other_);
}

std::string session::version(const std::string &word) const {
    return word.rfind('@', 0) == 0 ? saved(word).word : word;
}

void session::save(const std::string &name, const strongroom::written &outcome) {
    if (to.check(outcome.version.has_value(), "the backend tells the version that is saved as " + name)) {
        saved_[name] = {*outcome.version, outcome.version_number};
    }
}

void session::compare_capabilities(const json &backend) const {
    const auto info = manager.info();
    const auto &lacks = backend.at("lacks");
    const auto is_lacking = [&](const char *word) {
        return std::find(lacks.begin(), lacks.end(), word) != lacks.end();
    };
    const auto what = backend.at("name").get<std::string>() + ": `lacks` is right about ";
    to.check(info.is("read_only") == is_lacking("write"), what + "write");
    for (const char *word : {"list", "versions", "metadata", "expiry", "cas", "atomic_batch", "binary", "empty_value",
                             "verify", "restore"}) {
        to.check(info.number(word).has_value() && info.is(word) != is_lacking(word), what + word);
    }
}

std::string value(const json &stated) {
    if (stated.contains("utf8")) {
        return stated["utf8"];
    }
    if (stated.contains("base64")) {
        return from_base64(stated["base64"]);
    }
    std::string bytes;
    for (std::size_t left = stated.at("count"); left > 0; --left) {
        bytes += stated.at("repeat").get_ref<const std::string &>();
    }
    return bytes;
}

} // namespace vectors
