// Predictors.
//
// SPDX-License-Identifier: MIT
#ifndef DLCORE_CPP_PREDICTOR_HPP
#define DLCORE_CPP_PREDICTOR_HPP

#include <cstddef>
#include <memory>

#include "model.hpp"
#include "result.hpp"
#include "tensor.hpp"
#include "view.hpp"

namespace dlcore
{

// Predicting without allocation, lock or thread. The model must outlive it.
class predictor
{
  public:
    explicit predictor(std::nullptr_t) noexcept {}
    // precision: dlcore_predictor_int8(); nullptr: float32.
    static result try_create(predictor &to, const model &of, std::size_t batch_size = 1,
                             const dlcore_predictor_precision_t *precision = nullptr)
    {
        dlcore_error_record_t record = {};
        dlcore_predictor_options_t options = dlcore_predictor_options_default();
        dlcore_predictor_t *made = nullptr;
        options.batch_size = batch_size;
        options.precision = precision;
        options.error = &record;
        const dlcore_status status = dlcore_predictor_create(of.get(), &options, &made);
        to.handle_.reset(made);
        return result(status, record);
    }
    dlcore_predictor_t *get() const noexcept
    {
        return handle_.get();
    }
    // Rows of x to rows of y. The status alone, as no text is made while it goes well.
    dlcore_status try_run(view<const float> x, view<float> y) noexcept
    {
        const std::size_t inputs = dlcore_predictor_input_width(get());
        const std::size_t rows = inputs > 0 ? x.size() / inputs : 0;
        if (rows * inputs != x.size() || rows * dlcore_predictor_output_width(get()) != y.size())
            return DLCORE_ERROR_SHAPE;
        return dlcore_predictor_run(get(), x.data(), rows, y.data());
    }
    // Takes the model's weights of the moment.
    void refresh() noexcept
    {
        (void)dlcore_predictor_refresh(get());
    }

#ifdef DLCORE_HPP_THROWS
    explicit predictor(const model &of, std::size_t batch_size = 1,
                       const dlcore_predictor_precision_t *precision = nullptr)
    {
        check(try_create(*this, of, batch_size, precision));
    }
    void run(view<const float> x, view<float> y)
    {
        const dlcore_status status = try_run(x, y);
        if (status != DLCORE_OK)
            throw error(result(status, dlcore_predictor_error(get())));
    }
#endif

  private:
    handle<dlcore_predictor_t, dlcore_predictor_free> handle_;
};

} // namespace dlcore

#endif
