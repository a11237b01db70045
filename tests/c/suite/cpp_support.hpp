// What the C++ programs share: checks with C++ types, managers.
#pragma once

#include <string>
#include <string_view>

#include <strongroom.hpp>

#include "check.h"
#include "testing.h"

inline bool check_same(std::string_view seen, std::string_view wanted, const char *what, const char *file, int line) {
    return check_text(std::string(seen).c_str(), std::string(wanted).c_str(), what, file, line);
}

/// Texts, as anything that is a `string_view`.
#define CHECK_SAME(seen, wanted) check_same((seen), (wanted), #seen, __FILE__, __LINE__)

/// The kind of a result, an error or a status.
#define CHECK_KIND(seen, wanted)                                                                                       \
    check_status(static_cast<std::int32_t>((seen).status()), static_cast<std::int32_t>(strongroom::status::wanted),    \
                 #seen, __FILE__, __LINE__)

#if STRONGROOM_EXCEPTIONS
/// That something throws our error, of that kind.
#define CHECK_THROWS(expression, wanted)                                                                               \
    do {                                                                                                               \
        try {                                                                                                          \
            static_cast<void>(expression);                                                                             \
            check_failed(__FILE__, __LINE__, "%s did not throw", #expression);                                         \
        } catch (const strongroom::error &thrown) {                                                                    \
            CHECK_KIND(thrown, wanted);                                                                                \
        }                                                                                                              \
    } while (0)
#endif

inline strongroom::options memory_options() { return strongroom::options{}.ignore_environment().backend("memory"); }

/// The store `<folder>/<name>.strongroom` under a key that is always the same.
inline strongroom::options encrypted_options(const std::string &name) {
    return strongroom::options{}
        .ignore_environment()
        .backend("encrypted")
        .set("encrypted.path", std::string(folder()) + "/" + name + ".strongroom")
        .set_secret("encrypted.key", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
}

/// A `fault` backend over memory, without cache, so that every call reaches the script.
inline strongroom::options fault_options(std::string_view script) {
    return strongroom::options{}
        .ignore_environment()
        .backend("fault")
        .set("fault.inner", "memory")
        .set("fault.script", script)
        .set("cache", "off");
}

inline void wait_for(std::uint32_t counter, std::uint64_t at_least) {
    CHECK_OK(strongroom_testing_fault_wait(counter, at_least, 20'000, nullptr));
}
