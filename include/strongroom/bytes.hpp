// Views of the caller's bytes and texts: what the verbs take.
// Part of strongroom.hpp; include that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace strongroom {

namespace detail {

template <class T>
inline constexpr bool is_byte =
    std::is_same_v<T, char> || std::is_same_v<T, unsigned char> || std::is_same_v<T, std::byte>;

/// What `data()` of a container points to.
template <class Range> using element = std::remove_pointer_t<decltype(std::declval<Range &>().data())>;

} // namespace detail

/// Bytes that belong to someone else. Converts from texts, from containers of bytes (`std::string`, `std::vector`,
/// `std::array`, `std::span` of `char`, `unsigned char` or `std::byte`), and to `std::span<const std::uint8_t>`.
/// The same type under every standard, so that objects built as C++17 and as C++20 link together.
class byte_view {
public:
    /// No bytes.
    constexpr byte_view() noexcept = default;

    /// `size` bytes from `data` on.
    byte_view(const void *data, std::size_t size) noexcept
        : data_(static_cast<const std::uint8_t *>(data)), size_(size) {}

    /// A NUL-terminated text, without its NUL; null is no bytes.
    byte_view(const char *text) noexcept : byte_view(text, text == nullptr ? 0 : std::strlen(text)) {}

    /// The bytes of a container, which has to outlive the view.
    template <class Range, std::enable_if_t<detail::is_byte<std::remove_cv_t<detail::element<const Range>>>, int> = 0>
    byte_view(const Range &range) noexcept : byte_view(range.data(), range.size()) {}

    [[nodiscard]] const std::uint8_t *data() const noexcept { return data_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] const std::uint8_t *begin() const noexcept { return data_; }
    [[nodiscard]] const std::uint8_t *end() const noexcept { return data_ + size_; }

    /// The same bytes as characters.
    [[nodiscard]] std::string_view text() const noexcept {
        return {static_cast<const char *>(static_cast<const void *>(data_)), size_};
    }

private:
    const std::uint8_t *data_ = nullptr;
    std::size_t size_ = 0;
};

/// A buffer of the caller's that is written to. Converts from containers of bytes.
class mutable_byte_view {
public:
    /// `size` bytes from `data` on.
    mutable_byte_view(void *data, std::size_t size) noexcept : data_(static_cast<std::uint8_t *>(data)), size_(size) {}

    /// The bytes of a container, which has to outlive the view.
    template <class Range, std::enable_if_t<detail::is_byte<detail::element<Range>>, int> = 0>
    mutable_byte_view(Range &range) noexcept : mutable_byte_view(range.data(), range.size()) {}

    [[nodiscard]] std::uint8_t *data() const noexcept { return data_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::uint8_t *begin() const noexcept { return data_; }
    [[nodiscard]] std::uint8_t *end() const noexcept { return data_ + size_; }

private:
    std::uint8_t *data_;
    std::size_t size_;
};

/// Several texts, as `get_many` and `get_with_fallback` take them: `{"org/acme", "global"}`, or any container of
/// strings, which has to live until the call returns.
class text_list {
public:
    /// These texts.
    text_list(std::initializer_list<std::string_view> texts) { add(texts); }

    /// The texts of a container.
    template <class Range, class Item = decltype(*std::begin(std::declval<const Range &>())),
              std::enable_if_t<std::is_convertible_v<Item, std::string_view> &&
                                   (std::is_reference_v<Item> || std::is_trivially_copyable_v<Item>),
                               int> = 0>
    text_list(const Range &texts) {
        add(texts);
    }

    [[nodiscard]] const char *const *data() const noexcept { return texts_.data(); }
    [[nodiscard]] const std::size_t *lengths() const noexcept { return lengths_.data(); }
    [[nodiscard]] std::size_t size() const noexcept { return texts_.size(); }

private:
    template <class Range> void add(const Range &texts) {
        for (const std::string_view text : texts) {
            texts_.push_back(text.data() == nullptr ? "" : text.data());
            lengths_.push_back(text.size());
        }
    }

    std::vector<const char *> texts_;
    std::vector<std::size_t> lengths_;
};

} // namespace strongroom
