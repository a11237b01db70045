// Arguments as people write them choose the overload that is meant.
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <strongroom.hpp>
#if __cplusplus >= 202002L
#include <span>
#endif

void values(const strongroom::manager &secrets) {
    const std::string text = "value";
    const std::vector<std::byte> bytes;
    const std::array<unsigned char, 32> raw{};
    secrets.set("key", "value");
    secrets.set("key", text);
    secrets.set(text, std::string_view(text));
    secrets.set("key", bytes, {}, strongroom::call{}.if_absent());
    secrets.set("key", raw);
    secrets.set("key", {raw.data(), 4});
    secrets.set("key", {});
    std::vector<unsigned char> buffer(64);
    static_cast<void>(secrets.get_into("key", buffer));
    static_cast<void>(secrets.get_into("key", {buffer.data(), 4}));
}

void lists(const strongroom::manager &secrets) {
    const std::vector<std::string> keys = {"a", "b"};
    const char *const pair[] = {"a", "b"};
    static_cast<void>(secrets.get_many({"a", "b"}));
    static_cast<void>(secrets.get_many({"a"}));
    static_cast<void>(secrets.get_many(keys));
    static_cast<void>(secrets.get_many(pair));
    static_cast<void>(secrets.get_with_fallback("name", {"org/acme", "global"}));
}

#if __cplusplus >= 202002L
void newer(const strongroom::manager &secrets, const strongroom::secret &secret) {
    secrets.set("key", "value", {.provider = "openai", .labels = {{"team", "platform"}}});
    const std::span<const std::uint8_t> bytes = secret.bytes();
    secrets.set("key", bytes);
}
#endif
