// Views: numbers in a row that somebody else owns, as std::span has them in C++20.
//
// SPDX-License-Identifier: MIT
#ifndef DLCORE_CPP_VIEW_HPP
#define DLCORE_CPP_VIEW_HPP

#include <cstddef>
#include <iterator>
#include <type_traits>

namespace dlcore
{

template <class T> class view
{
  public:
    constexpr view() noexcept = default;
    constexpr view(T *data, std::size_t size) noexcept : data_(data), size_(size) {}
    // Vectors, arrays, std::span: whatever has data and size.
    template <class Container,
              class = std::enable_if_t<
                  !std::is_same_v<std::decay_t<Container>, view> &&
                  std::is_convertible_v<decltype(std::data(std::declval<Container &>())), T *>>>
    constexpr view(Container &&container) noexcept
        : data_(std::data(container)), size_(std::size(container))
    {
    }

    constexpr T *data() const noexcept
    {
        return data_;
    }
    constexpr std::size_t size() const noexcept
    {
        return size_;
    }
    constexpr bool empty() const noexcept
    {
        return size_ == 0;
    }
    constexpr T *begin() const noexcept
    {
        return data_;
    }
    constexpr T *end() const noexcept
    {
        return data_ + size_;
    }
    constexpr T &operator[](std::size_t i) const noexcept
    {
        return data_[i];
    }
    // Row `row` of rows of `columns`.
    constexpr view row(std::size_t row, std::size_t columns) const noexcept
    {
        return view(data_ + row * columns, columns);
    }

  private:
    T *data_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace dlcore

#endif
