// Fernet: tokens that other languages' libraries read too.
// Part of strongroom.hpp; include that.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "answers.hpp"
#include "bytes.hpp"

namespace strongroom::fernet {

/// A new random key: 44 characters.
[[nodiscard]] inline result<secret> try_generate() {
    return detail::ask<secret>(nullptr, [](auto **made, auto **why) { return strongroom_fernet_generate(made, why); });
}

/// A token of a value. `keys` are parted by commas; the first one writes. `invalid_argument` where one is no key.
[[nodiscard]] inline result<secret> try_encrypt(byte_view keys, byte_view value) {
    return detail::ask<secret>(nullptr, [&](auto **made, auto **why) {
        return strongroom_fernet_encrypt(keys.data(), keys.size(), value.data(), value.size(), made, why);
    });
}

/// The value of a token that one of the keys made; with `ttl` only of one that is no older. `invalid_argument`;
/// `invalid_value` where it is no token; `wrong_key`; `expired`.
[[nodiscard]] inline result<secret> try_decrypt(byte_view keys, byte_view token,
                                                std::optional<std::chrono::seconds> ttl = std::nullopt) {
    const auto seconds = ttl ? static_cast<std::int64_t>(ttl->count() < 0 ? 0 : ttl->count()) : -1;
    return detail::ask<secret>(nullptr, [&](auto **made, auto **why) {
        return strongroom_fernet_decrypt(keys.data(), keys.size(), token.data(), token.size(), seconds, made, why);
    });
}

/// A token of the first key with the value and the time of another. As `try_decrypt`.
[[nodiscard]] inline result<secret> try_rotate(byte_view keys, byte_view token) {
    return detail::ask<secret>(nullptr, [&](auto **made, auto **why) {
        return strongroom_fernet_rotate(keys.data(), keys.size(), token.data(), token.size(), made, why);
    });
}

#if STRONGROOM_EXCEPTIONS
/// `try_generate`, throwing; so are all that follow.
[[nodiscard]] inline secret generate() { return try_generate().value(); }
[[nodiscard]] inline secret encrypt(byte_view keys, byte_view value) { return try_encrypt(keys, value).value(); }
[[nodiscard]] inline secret decrypt(byte_view keys, byte_view token,
                                    std::optional<std::chrono::seconds> ttl = std::nullopt) {
    return try_decrypt(keys, token, ttl).value();
}
[[nodiscard]] inline secret rotate(byte_view keys, byte_view token) { return try_rotate(keys, token).value(); }
#endif

} // namespace strongroom::fernet
