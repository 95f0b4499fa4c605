// Handles of tensors and histories, which free themselves.
//
// SPDX-License-Identifier: MIT
#ifndef DLCORE_CPP_TENSOR_HPP
#define DLCORE_CPP_TENSOR_HPP

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <type_traits>

#include "result.hpp"
#include "view.hpp"

namespace dlcore
{

template <class T, void (*release)(T *)> struct releaser {
    void operator()(T *object) const noexcept
    {
        release(object);
    }
};
template <class T, void (*release)(T *)> using handle = std::unique_ptr<T, releaser<T, release>>;

// Numbers with a shape. `of` looks at your memory, which must outlive the tensor; `zeros` owns.
class tensor
{
  public:
    tensor() = default;
    // Takes over what a call of C has made: tensor::adopt(made).
    static tensor adopt(dlcore_tensor_t *made) noexcept
    {
        return tensor(made);
    }

    // Rows of `columns` numbers; as many rows as there are.
    template <class Container>
    static result try_of(tensor &to, Container &&container, std::size_t columns = 1)
    {
        using element = std::remove_pointer_t<decltype(std::data(container))>;
        return try_borrow(to, view<element>(container), columns);
    }
    static result try_zeros(tensor &to, std::size_t rows, std::size_t columns,
                            dlcore_dtype_t dtype = DLCORE_DTYPE_FLOAT32)
    {
        const std::size_t shape[2] = {rows, columns};
        dlcore_error_record_t record = {};
        dlcore_tensor_t *made = nullptr;
        const dlcore_status status = dlcore_tensor_create(nullptr, dtype, 2, shape, &made, &record);
        to = tensor(made);
        return result(status, record);
    }

#ifdef DLCORE_HPP_THROWS
    template <class Container> static tensor of(Container &&container, std::size_t columns = 1)
    {
        tensor made;
        check(try_of(made, container, columns));
        return made;
    }
    static tensor zeros(std::size_t rows, std::size_t columns)
    {
        tensor made;
        check(try_zeros(made, rows, columns));
        return made;
    }
#endif

    dlcore_tensor_t *get() const noexcept
    {
        return handle_.get();
    }
    std::size_t rows() const noexcept
    {
        return dlcore_tensor_length(get(), 0);
    }
    std::size_t columns() const noexcept
    {
        return dlcore_tensor_row_size(get());
    }
    // The numbers of a contiguous float32 tensor; empty of any other.
    view<const float> floats() const noexcept
    {
        return is_plain()
                   ? view<const float>(static_cast<const float *>(dlcore_tensor_data_const(get())),
                                       dlcore_tensor_size(get()))
                   : view<const float>();
    }
    view<float> floats() noexcept
    {
        float *data = static_cast<float *>(dlcore_tensor_data(get()));
        return is_plain() && data != nullptr ? view<float>(data, dlcore_tensor_size(get()))
                                             : view<float>();
    }

  private:
    explicit tensor(dlcore_tensor_t *made) noexcept : handle_(made) {}
    bool is_plain() const noexcept
    {
        return get() != nullptr && dlcore_tensor_dtype(get()) == DLCORE_DTYPE_FLOAT32 &&
               dlcore_tensor_is_contiguous(get());
    }
    template <class T> static constexpr dlcore_dtype_t dtype_of()
    {
        using plain = std::remove_cv_t<T>;
        static_assert(std::is_same_v<plain, float> || std::is_same_v<plain, std::uint8_t> ||
                          std::is_same_v<plain, std::int32_t>,
                      "tensors have float, uint8_t or int32_t");
        return std::is_same_v<plain, float>          ? DLCORE_DTYPE_FLOAT32
               : std::is_same_v<plain, std::uint8_t> ? DLCORE_DTYPE_UINT8
                                                     : DLCORE_DTYPE_INT32;
    }
    template <class T> static result try_borrow(tensor &to, view<T> numbers, std::size_t columns)
    {
        if (columns == 0 || numbers.size() % columns != 0)
            return result(DLCORE_ERROR_SHAPE,
                          ("tensor: " + std::to_string(numbers.size()) +
                           " numbers make no whole rows of " + std::to_string(columns))
                              .c_str());
        const std::size_t shape[2] = {numbers.size() / columns, columns};
        dlcore_error_record_t record = {};
        dlcore_tensor_t *made = nullptr;
        dlcore_status status;
        if constexpr (std::is_const_v<T>)
            status = dlcore_tensor_borrow_const(nullptr, dtype_of<T>(), 2, shape, numbers.data(), 0,
                                                &made, &record);
        else
            status = dlcore_tensor_borrow(nullptr, dtype_of<T>(), 2, shape, numbers.data(), 0,
                                          &made, &record);
        to = tensor(made);
        return result(status, record);
    }

    handle<dlcore_tensor_t, dlcore_tensor_free> handle_;
};

// One row per epoch: value("val_loss", 3), NaN for what is not there.
class history
{
  public:
    history() = default;
    static history adopt(dlcore_history_t *made) noexcept
    {
        history to;
        to.handle_.reset(made);
        return to;
    }
    dlcore_history_t *get() const noexcept
    {
        return handle_.get();
    }
    std::size_t epochs() const noexcept
    {
        return get() != nullptr ? dlcore_history_epoch_count(get()) : 0;
    }
    double value(const char *name, std::size_t epoch) const noexcept
    {
        return get() != nullptr ? dlcore_history_value(get(), name, epoch)
                                : std::numeric_limits<double>::quiet_NaN();
    }
    double last(const char *name) const noexcept
    {
        return epochs() > 0 ? value(name, epochs() - 1) : std::numeric_limits<double>::quiet_NaN();
    }
    bool stopped() const noexcept
    {
        return get() != nullptr && dlcore_history_stopped(get());
    }

  private:
    handle<dlcore_history_t, dlcore_history_free> handle_;
};

} // namespace dlcore

#endif
