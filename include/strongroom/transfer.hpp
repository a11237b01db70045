// Exports, imports and copies: what they take and what they answer.
// Part of strongroom.hpp; include that.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "bytes.hpp"
#include "error.hpp"
#include "explanation.hpp"
#include "options.hpp"

namespace strongroom {

/// How far a copy is.
struct copy_progress {
    /// What it is doing: `planning`, `copying`, `deleting`.
    std::string_view phase{};
    /// How many secrets of that are done.
    std::size_t done = 0;
    /// Of how many.
    std::size_t total = 0;
    /// The key that was done last.
    std::string_view key{};
};

/// Is told how far a copy is, on the thread that drives it. It must not wait or call verbs. One that throws ends the
/// program.
using progress_listener = std::function<void(const copy_progress &)>;

namespace detail {

inline void tell_progress(void *context, const char *phase, std::size_t done, std::size_t total,
                          const char *key) noexcept {
    (*static_cast<const progress_listener *>(context))({view(phase), done, total, view(key)});
}

} // namespace detail

/// Options of an export, an import or a copy: `transfer{}.format("dotenv").scope("org/acme")`. Move-only; may be used
/// for many calls. A wrong value, and an option that the verb does not take, are answered by the verb
/// (`invalid_argument`).
class transfer : public detail::builder<strongroom_transfer_t, strongroom_transfer_new, strongroom_transfer_free> {
public:
    /// Everything by default.
    transfer() {
        apply([](auto *, auto **) { return STRONGROOM_STATUS_OK; });
    }

    /// Any option by its name, as `strongroom_transfer_set` lists them.
    transfer &set(std::string_view name, std::string_view value) & {
        apply([&](auto *options, auto **why) {
            return strongroom_transfer_set(options, name.data(), name.size(), value.data(), value.size(), why);
        });
        return *this;
    }
    transfer set(std::string_view name, std::string_view value) && { return std::move(set(name, value)); }

    /// Exports and imports: `env`, `dotenv`, `json`, `yaml` or `fernet`. It must be stated.
    transfer &format(std::string_view word) & { return set("format", word); }
    transfer format(std::string_view word) && { return std::move(format(word)); }
    /// Whose rules a `dotenv` document keeps: `common`, `python`, `node` or `compose`.
    transfer &dialect(std::string_view word) & { return set("dialect", word); }
    transfer dialect(std::string_view word) && { return std::move(dialect(word)); }
    /// Exports and copies: only secrets of this scope. Imports: where bare names go.
    transfer &scope(std::string_view text) & { return set("scope", text); }
    transfer scope(std::string_view text) && { return std::move(scope(text)); }
    /// Exports and copies: only keys whose text begins so.
    transfer &prefix(std::string_view text) & { return set("prefix", text); }
    transfer prefix(std::string_view text) && { return std::move(prefix(text)); }
    /// Exports and copies: this secret, and the others that are named so.
    transfer &key(std::string_view text) & {
        apply([&](auto *options, auto **why) {
            return strongroom_transfer_add_key(options, text.data(), text.size(), why);
        });
        return *this;
    }
    transfer key(std::string_view text) && { return std::move(key(text)); }
    /// The keys of a `fernet` document, parted by commas, the newest first. They are copied; the caller wipes his own.
    transfer &fernet_keys(byte_view keys) & {
        constexpr std::string_view name = "fernet_keys";
        apply([&](auto *options, auto **why) {
            return strongroom_transfer_set_secret(options, name.data(), name.size(), keys.data(), keys.size(), why);
        });
        return *this;
    }
    transfer fernet_keys(byte_view keys) && { return std::move(fernet_keys(keys)); }

    /// Exports: names that tell the whole key.
    transfer &full_names(bool on = true) & { return set("full_names", word(on)); }
    transfer full_names(bool on = true) && { return std::move(full_names(on)); }
    /// Exports: expired secrets too.
    transfer &include_expired(bool on = true) & { return set("include_expired", word(on)); }
    transfer include_expired(bool on = true) && { return std::move(include_expired(on)); }
    /// Exports: what would be skipped is an error.
    transfer &strict(bool on = true) & { return set("strict", word(on)); }
    transfer strict(bool on = true) && { return std::move(strict(on)); }

    /// Imports and copies, what becomes of a secret that is there already: `refuse`, `replace` or `skip`.
    transfer &if_exists(std::string_view word) & { return set("if_exists", word); }
    transfer if_exists(std::string_view word) && { return std::move(if_exists(word)); }
    /// Imports, what becomes of names that are no keys: `refuse`, `escape` or `skip`.
    transfer &names(std::string_view word) & { return set("names", word); }
    transfer names(std::string_view word) && { return std::move(names(word)); }
    /// Imports: who issued the secrets.
    transfer &provider(std::string_view name) & { return set("provider", name); }
    transfer provider(std::string_view name) && { return std::move(provider(name)); }
    /// Imports: nothing is written, the answer tells what would be.
    transfer &dry_run(bool on = true) & { return set("dry_run", word(on)); }
    transfer dry_run(bool on = true) && { return std::move(dry_run(on)); }

    /// Copies: fields that the target cannot hold may be left behind.
    transfer &allow_loss(bool on = true) & { return set("allow_loss", word(on)); }
    transfer allow_loss(bool on = true) && { return std::move(allow_loss(on)); }
    /// Copies: secrets that the target cannot hold at all are passed over.
    transfer &skip_unfit(bool on = true) & { return set("skip_unfit", word(on)); }
    transfer skip_unfit(bool on = true) && { return std::move(skip_unfit(on)); }
    /// Copies: the source's secrets are removed once all are copied.
    transfer &delete_source(bool on = true) & { return set("delete_source", word(on)); }
    transfer delete_source(bool on = true) && { return std::move(delete_source(on)); }
    /// Copies: the file that shows where an interrupted one was.
    transfer &journal(std::string_view path) & { return set("journal", path); }
    transfer journal(std::string_view path) && { return std::move(journal(path)); }
    /// Copies: who is told how far it is. The listener lives as long as these options or a copy made with them.
    transfer &progress(progress_listener listener) & {
        auto owned = std::make_unique<progress_listener>(std::move(listener));
        if (!*owned) {
            fail(error(status::invalid_argument, "invalid_argument: the listener is empty"));
        }
        apply([&](auto *options, auto **why) {
            const auto outcome = strongroom_transfer_set_progress(options, detail::tell_progress, owned.get(),
                                                                  detail::destroy<progress_listener>, why);
            if (outcome == STRONGROOM_STATUS_OK) {
                static_cast<void>(owned.release());
            }
            return outcome;
        });
        return *this;
    }
    transfer progress(progress_listener listener) && { return std::move(progress(std::move(listener))); }

private:
    static constexpr std::string_view word(bool on) noexcept { return on ? "true" : "false"; }
};

/// What became of one secret, or of a name that is none.
struct transferred_item {
    /// The key's text, or the name of what is no key.
    std::string key{};
    /// What became of it, as `strongroom_transferred_word` lists them: `exported`, `created`, `copied`, `skipped`, …
    std::string outcome{};
    /// The name in an exported document; why an entry was skipped; the fields that a target cannot hold.
    std::optional<std::string> detail{};
    /// The line of an imported document where a skipped entry stands; 0 for everything else.
    std::size_t line = 0;
    /// Whether it was removed at the source.
    bool deleted = false;
    /// Why it failed, is refused or skipped, or was kept at the source.
    std::optional<error> why{};
};

/// What an export, an import or a copy did, or a copy would do. Move-only; its document lives as long as it does, and
/// is wiped with it.
class transferred {
public:
    /// Takes over a C answer.
    [[nodiscard]] static transferred adopt(strongroom_transferred_t *owned) noexcept { return transferred(owned); }

    /// How many items there are.
    [[nodiscard]] std::size_t size() const noexcept { return strongroom_transferred_len(c_handle()); }
    /// An item; an empty one beyond the last.
    [[nodiscard]] transferred_item operator[](std::size_t index) const {
        transferred_item item;
        if (index < size()) {
            item.key = detail::view(strongroom_transferred_key(c_handle(), index));
            item.outcome = detail::view(strongroom_transferred_word(c_handle(), index));
            item.detail = detail::text(strongroom_transferred_detail(c_handle(), index));
            item.line = strongroom_transferred_line(c_handle(), index);
            item.deleted = strongroom_transferred_item_flags(c_handle(), index) == STRONGROOM_TRANSFERRED_DELETED;
            item.why =
                detail::told_error([&](auto **why) { return strongroom_transferred_outcome(c_handle(), index, why); });
        }
        return item;
    }
    /// How many notes an import has: what other readers of the format would understand differently.
    [[nodiscard]] std::size_t note_count() const noexcept { return strongroom_transferred_note_count(c_handle()); }
    /// A note; empty beyond the last.
    [[nodiscard]] std::string_view note(std::size_t index) const noexcept {
        return detail::view(strongroom_transferred_note(c_handle(), index));
    }
    /// The exported document; no bytes where nothing was exported.
    [[nodiscard]] byte_view document() const noexcept {
        return {strongroom_transferred_document(c_handle()), strongroom_transferred_document_len(c_handle())};
    }
    /// Whether it is the answer of an import that wrote nothing, on purpose.
    [[nodiscard]] bool dry_run() const noexcept { return has(STRONGROOM_TRANSFERRED_DRY_RUN); }
    /// Whether it is the answer of a copy that went on where an earlier one was interrupted.
    [[nodiscard]] bool resumed() const noexcept { return has(STRONGROOM_TRANSFERRED_RESUMED); }
    /// The C answer, still this object's.
    [[nodiscard]] const strongroom_transferred_t *c_handle() const noexcept { return handle_.get(); }

private:
    explicit transferred(strongroom_transferred_t *owned) noexcept : handle_(owned) {}

    [[nodiscard]] bool has(std::uint32_t flag) const noexcept {
        return (strongroom_transferred_flags(c_handle()) & flag) != 0;
    }

    detail::handle<strongroom_transferred_t, strongroom_transferred_free> handle_;
};

} // namespace strongroom
