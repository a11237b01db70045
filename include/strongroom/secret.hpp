// Secrets and what is known about them.
// Part of strongroom.hpp; include that.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bytes.hpp"
#include "error.hpp"
#include "options.hpp"

namespace strongroom {

/// What is known about a secret besides its value, and what is written with one: a plain value.
/// In C++20: `secrets.set("api_key", value, {.provider = "openai"})`.
struct metadata {
    /// Who issued it.
    std::optional<std::string> provider{};
    /// What it is for.
    std::optional<std::string> scope_of_use{};
    /// Labels of one's own.
    std::map<std::string, std::string> labels{};
    /// From when on it counts as expired.
    std::optional<time_point> expires_at{};

    /// Answers only, as all that follows; writes ignore it. When it was first set.
    std::optional<time_point> created_at{};
    /// When it was last changed.
    std::optional<time_point> updated_at{};
    /// The version, an opaque text.
    std::optional<std::string> version{};
    /// The version as a number, where it is one.
    std::optional<std::uint64_t> version_number{};
    /// Whether it had expired when this was read.
    bool expired = false;
};

/// A change of metadata: what is neither set nor cleared stays. Labels are replaced as a whole. Move-only.
class metadata_update
    : public detail::builder<strongroom_metadata_t, strongroom_metadata_new, strongroom_metadata_free> {
public:
    /// Changes nothing.
    metadata_update() {
        apply([](auto *, auto **) { return STRONGROOM_STATUS_OK; });
    }

    /// Who issued the secret.
    metadata_update &provider(std::string_view name) & {
        apply([&](auto *made, auto **why) {
            return strongroom_metadata_set_provider(made, name.data(), name.size(), why);
        });
        return *this;
    }
    metadata_update provider(std::string_view name) && { return std::move(provider(name)); }
    /// What it is for.
    metadata_update &scope_of_use(std::string_view text) & {
        apply([&](auto *made, auto **why) {
            return strongroom_metadata_set_scope_of_use(made, text.data(), text.size(), why);
        });
        return *this;
    }
    metadata_update scope_of_use(std::string_view text) && { return std::move(scope_of_use(text)); }
    /// One of the labels that the secret has from now on.
    metadata_update &label(std::string_view name, std::string_view value) & {
        apply([&](auto *made, auto **why) {
            return strongroom_metadata_set_label(made, name.data(), name.size(), value.data(), value.size(), why);
        });
        return *this;
    }
    metadata_update label(std::string_view name, std::string_view value) && { return std::move(label(name, value)); }
    /// From when on it counts as expired.
    metadata_update &expires_at(time_point at) & {
        apply([&](auto *made, auto **why) {
            return strongroom_metadata_set_expires_at(made, detail::to_micros(at), why);
        });
        return *this;
    }
    metadata_update expires_at(time_point at) && { return std::move(expires_at(at)); }

    /// Removes the provider.
    metadata_update &clear_provider() & { return clear("provider"); }
    metadata_update clear_provider() && { return std::move(clear_provider()); }
    /// Removes the scope of use.
    metadata_update &clear_scope_of_use() & { return clear("scope_of_use"); }
    metadata_update clear_scope_of_use() && { return std::move(clear_scope_of_use()); }
    /// Removes all labels.
    metadata_update &clear_labels() & { return clear("labels"); }
    metadata_update clear_labels() && { return std::move(clear_labels()); }
    /// Removes the expiry.
    metadata_update &clear_expires_at() & { return clear("expires_at"); }
    metadata_update clear_expires_at() && { return std::move(clear_expires_at()); }

private:
    metadata_update &clear(std::string_view field) {
        apply([&](auto *made, auto **why) { return strongroom_metadata_clear(made, field.data(), field.size(), why); });
        return *this;
    }
};

namespace detail {

using metadata_handle = handle<strongroom_metadata_t, strongroom_metadata_free>;

inline std::optional<std::string> text(const char *found) {
    return found == nullptr ? std::nullopt : std::optional<std::string>(found);
}

/// A getter's number; none where it answers `not_found`.
template <class Number, class Get, class Handle> std::optional<Number> number(Get get, const Handle *from) noexcept {
    Number found{};
    return get(from, &found) == STRONGROOM_STATUS_OK ? std::optional<Number>(found) : std::nullopt;
}

template <class Get> std::optional<time_point> moment(Get get, const strongroom_metadata_t *from) noexcept {
    const auto micros = number<std::int64_t>(get, from);
    return micros ? std::optional<time_point>(from_micros(*micros)) : std::nullopt;
}

/// The plain form of what C tells.
inline metadata plain(const strongroom_metadata_t *from) {
    metadata made;
    made.provider = text(strongroom_metadata_provider(from));
    made.scope_of_use = text(strongroom_metadata_scope_of_use(from));
    for (std::size_t i = 0, count = strongroom_metadata_label_count(from); i < count; ++i) {
        made.labels.emplace(view(strongroom_metadata_label_name(from, i)),
                            view(strongroom_metadata_label_value(from, i)));
    }
    made.expires_at = moment(strongroom_metadata_expires_at, from);
    made.created_at = moment(strongroom_metadata_created_at, from);
    made.updated_at = moment(strongroom_metadata_updated_at, from);
    made.version = text(strongroom_metadata_version(from));
    made.version_number = number<std::uint64_t>(strongroom_metadata_version_number, from);
    made.expired = strongroom_metadata_is_expired(from);
    return made;
}

/// Plain metadata as a write is given it: no C object where nothing is set.
class attached_metadata {
public:
    explicit attached_metadata(const metadata &about) {
        if (!about.provider && !about.scope_of_use && about.labels.empty() && !about.expires_at) {
            return;
        }
        auto &made = built_.emplace();
        if (about.provider) {
            made.provider(*about.provider);
        }
        if (about.scope_of_use) {
            made.scope_of_use(*about.scope_of_use);
        }
        for (const auto &[name, value] : about.labels) {
            made.label(name, value);
        }
        if (about.expires_at) {
            made.expires_at(*about.expires_at);
        }
    }

    [[nodiscard]] const strongroom_metadata_t *c_handle() const noexcept {
        return built_ ? built_->c_handle() : nullptr;
    }
    [[nodiscard]] const error *failure() const noexcept { return built_ ? built_->failure() : nullptr; }

private:
    std::optional<metadata_update> built_;
};

} // namespace detail

/// A secret: its value, wiped when this is destroyed, and its metadata. Move-only, never printed. A moved-from one is
/// empty. The views that it gives end with it. Reading it on several threads is fine.
class [[nodiscard]] secret {
public:
    /// Takes over a C secret.
    [[nodiscard]] static secret adopt(strongroom_secret_t *owned) noexcept { return secret(owned); }

    /// The value.
    [[nodiscard]] byte_view bytes() const noexcept { return {strongroom_secret_data(c_handle()), size()}; }
    /// The value as text; nobody has checked that it is text.
    [[nodiscard]] std::string_view text() const noexcept { return bytes().text(); }
    /// The value's length in bytes.
    [[nodiscard]] std::size_t size() const noexcept { return strongroom_secret_len(c_handle()); }
    /// Whether the value has no bytes; an empty value is a value.
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }

    /// What is known about it, copied. `invalid_handle` for a moved-from one.
    [[nodiscard]] result<metadata> try_about() const {
        strongroom_metadata_t *copy = nullptr;
        strongroom_error_t *why = nullptr;
        const auto outcome = strongroom_secret_metadata(c_handle(), &copy, &why);
        const detail::metadata_handle owned(copy);
        if (outcome != STRONGROOM_STATUS_OK) {
            return error::adopt(outcome, why);
        }
        return detail::plain(owned.get());
    }
#if STRONGROOM_EXCEPTIONS
    /// `try_about`, throwing.
    [[nodiscard]] metadata about() const { return try_about().value(); }
#endif

    /// The C secret, still this object's.
    [[nodiscard]] const strongroom_secret_t *c_handle() const noexcept { return handle_.get(); }
    /// Gives the C secret away; who takes it frees it.
    [[nodiscard]] strongroom_secret_t *release() noexcept { return handle_.release(); }

private:
    explicit secret(strongroom_secret_t *owned) noexcept : handle_(owned) {}

    detail::handle<strongroom_secret_t, strongroom_secret_free> handle_;
};

/// Secrets are not printed.
template <class Char, class Traits>
std::basic_ostream<Char, Traits> &operator<<(std::basic_ostream<Char, Traits> &, const secret &) = delete;

/// What a write did.
struct written {
    /// The version that is current now, where the backend tells it.
    std::optional<std::string> version{};
    /// The same as a number, where it is one.
    std::optional<std::uint64_t> version_number{};
    /// Whether there was no such secret before.
    bool created = false;
};

/// One name that `list` gives.
struct list_entry {
    /// The key's text, complete: `global/api_key`. Of a reference its name.
    std::string key{};
    /// Whether it is an entry that is no secret of ours or whose name is no key.
    bool reference = false;
    /// Whether its expiry has passed.
    bool expired = false;
    /// What is cheaply known; all of it with `call::full_metadata`.
    metadata about{};
};

/// What `list` gives: names in order.
struct page {
    std::vector<list_entry> entries{};
    /// What `call::after` takes for the next page; none where this is the last.
    std::optional<std::string> next{};
};

/// One version that is kept.
struct version_entry {
    /// What `get_version` and `rollback` take.
    std::string version{};
    /// The same as a number, where it is one.
    std::optional<std::uint64_t> version_number{};
    /// Whether it is the one that `get` reads.
    bool current = false;
    /// Whether its expiry has passed.
    bool expired = false;
    /// When it was written.
    std::optional<time_point> created_at{};
    /// From when on it counts as expired.
    std::optional<time_point> expires_at{};
};

/// What `get_many` answers: of each key, in the order asked, what `try_get` would.
using found_many = std::vector<result<std::optional<secret>>>;

/// What `set_many` answers: of each entry, in its order, what `try_set` would.
using written_many = std::vector<result<written>>;

/// Entries for `set_many`. Move-only; its values are wiped. A wrong entry is answered by the verb.
class batch : public detail::builder<strongroom_batch_t, strongroom_batch_new, strongroom_batch_free> {
public:
    /// No entries.
    batch() {
        apply([](auto *, auto **) { return STRONGROOM_STATUS_OK; });
    }

    /// Adds an entry; the value is copied.
    batch &add(std::string_view key, byte_view value, const metadata &about = {}) & {
        const detail::attached_metadata attached(about);
        if (attached.failure() != nullptr) {
            fail(*attached.failure());
        }
        apply([&](auto *made, auto **why) {
            return strongroom_batch_add(made, key.data(), key.size(), value.data(), value.size(), attached.c_handle(),
                                        why);
        });
        return *this;
    }
    batch add(std::string_view key, byte_view value, const metadata &about = {}) && {
        return std::move(add(key, value, about));
    }
};

} // namespace strongroom
