// The operations that ask no backend.

#include "step.hpp"

namespace vectors {

namespace {

std::string keys_of(const step &of) { return value(of.args.at("keys")); }

json held(const strongroom::secret &found) { return {{"value", bytes(found.bytes())}}; }

} // namespace

json key_variable(const step &of) {
    const auto mapping =
        of.args.at("mapping") == "plain" ? strongroom::variable_mapping::plain : strongroom::variable_mapping::escaped;
    return strongroom::key_variable(of.key(), of.args.value("prefix", ""), mapping);
}

json setting(const step &of) {
    const auto told = of.in.manager.setting(of.text("name"));
    of.in.to.check(!told.origin.empty(), "a setting has an origin");
    return {{"text", or_null(told.value)}};
}

json fernet_generate(const step &) { return generated(strongroom::fernet::generate()); }

json fernet_encrypt(const step &of) {
    const auto keys = keys_of(of);
    return held(strongroom::fernet::decrypt(keys, strongroom::fernet::encrypt(keys, of.value()).bytes()));
}

json fernet_rotate(const step &of) {
    const auto keys = keys_of(of);
    return held(strongroom::fernet::decrypt(keys, strongroom::fernet::rotate(keys, of.text("token")).bytes()));
}

json fernet_decrypt(const step &of) {
    std::optional<std::chrono::seconds> ttl;
    if (of.has("ttl_s")) {
        ttl = std::chrono::seconds(of.args["ttl_s"].get<std::int64_t>());
    }
    return held(strongroom::fernet::decrypt(keys_of(of), of.text("token"), ttl));
}

} // namespace vectors
