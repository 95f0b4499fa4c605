// Models.
//
// SPDX-License-Identifier: MIT
#ifndef DLCORE_CPP_MODEL_HPP
#define DLCORE_CPP_MODEL_HPP

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "lambda.hpp"
#include "result.hpp"
#include "tensor.hpp"
#include "view.hpp"

namespace dlcore
{

class model
{
  public:
    // Empty handles, for try_create and try_load.
    explicit model(std::nullptr_t) noexcept {}

    static result try_create(model &to,
                             dlcore_model_options_t options = dlcore_model_options_default())
    {
        dlcore_error_record_t record = {};
        dlcore_model_t *made = nullptr;
        options.error = &record;
        const dlcore_status status = dlcore_model_create(&options, &made);
        to = model(nullptr);
        to.handle_.reset(made);
        return result(status, record);
    }
    static result try_load(model &to, const std::string &path,
                           dlcore_load_options_t options = dlcore_load_options_default())
    {
        dlcore_error_record_t record = {};
        dlcore_model_t *made = nullptr;
        options.error = &record;
        const dlcore_status status = dlcore_model_load(path.c_str(), &options, &made);
        to = model(nullptr);
        to.handle_.reset(made);
        return result(status, record);
    }

    dlcore_model_t *get() const noexcept
    {
        return handle_.get();
    }
    std::size_t inputs() const noexcept
    {
        return dlcore_model_input_width(get());
    }
    std::size_t outputs() const noexcept
    {
        return dlcore_model_output_width(get());
    }

    // Adding remembers the first error, which compile and build then tell.
    model &add(const dlcore_layer_t &layer)
    {
        (void)dlcore_model_add(get(), layer);
        return *this;
    }
    result try_build(std::size_t inputs = 0)
    {
        return of(dlcore_model_build(get(), inputs));
    }
    result try_compile(const dlcore_optimizer_t &optimizer, const loss &loss,
                       std::initializer_list<metric> metrics = {})
    {
        // several KB: not on the stack
        auto options = std::make_unique<dlcore_compile_options_t>(dlcore_compile_options_default());
        std::vector<std::shared_ptr<batch_function>> kept;
        options->optimizer = optimizer;
        options->loss = loss.settings;
        if (loss.function != nullptr)
            kept.push_back(loss.function);
        for (const metric &each : metrics) {
            if (options->metric_count < DLCORE_METRICS_MAX)
                options->metrics[options->metric_count] = each.settings;
            options->metric_count++;
            if (each.function != nullptr)
                kept.push_back(each.function);
        }
        const result done = of(dlcore_model_compile_with(get(), options.get()));
        if (done)
            functions_ = std::move(kept);
        return done;
    }
    result try_fit(const tensor &x, const tensor &y, fit_options &options, history *to = nullptr)
    {
        dlcore_history_t *made = nullptr;
        const dlcore_status status = dlcore_model_fit(get(), x.get(), y.get(), options.get(),
                                                      to != nullptr ? &made : nullptr);
        const result done = of(status);
        if (to != nullptr)
            *to = history::adopt(made);
        options.rethrow();
        rethrow();
        return done;
    }
    result try_train_on_batch(const tensor &x, const tensor &y, double *loss = nullptr)
    {
        dlcore_evaluation_t found = {};
        const result done = of(dlcore_model_train_on_batch(get(), x.get(), y.get(), &found));
        if (loss != nullptr)
            *loss = found.loss;
        rethrow();
        return done;
    }
    result try_train_on_gradient(const tensor &x, const tensor &dy)
    {
        return of(dlcore_model_train_on_gradient(get(), x.get(), dy.get()));
    }
    result try_evaluate(const tensor &x, const tensor &y, dlcore_evaluation_t &to) const
    {
        dlcore_error_record_t record = {};
        dlcore_evaluate_options_t options = dlcore_evaluate_options_default();
        options.error = &record;
        const dlcore_status status = dlcore_model_evaluate(get(), x.get(), y.get(), &options, &to);
        rethrow();
        return result(status, record);
    }
    // Outputs row by row.
    result try_predict(const tensor &x, std::vector<float> &to) const
    {
        dlcore_error_record_t record = {};
        dlcore_predict_options_t options = dlcore_predict_options_default();
        tensor y;
        to.resize(x.rows() * outputs());
        if (const result made = tensor::try_of(y, to, outputs() > 0 ? outputs() : 1); !made)
            return made;
        options.error = &record;
        const dlcore_status status = dlcore_model_predict_with(get(), x.get(), y.get(), &options);
        return result(status, record);
    }
    result try_save(const std::string &path) const
    {
        dlcore_error_record_t record = {};
        dlcore_save_options_t options = dlcore_save_options_default();
        options.error = &record;
        const dlcore_status status = dlcore_model_save(get(), path.c_str(), &options);
        return result(status, record);
    }
    result try_weights(std::vector<float> &to) const
    {
        to.resize(dlcore_model_parameter_count(get()));
        return result(dlcore_model_get_weights(get(), to.data(), to.size()),
                      "the model has no weights");
    }
    result try_set_weights(view<const float> weights)
    {
        return of(dlcore_model_set_weights(get(), weights.data(), weights.size()));
    }
    result try_clone(model &to) const
    {
        dlcore_model_t *made = nullptr;
        const dlcore_status status = dlcore_model_clone(get(), &made);
        auto kept = functions_; // `to` may be this one
        to = model(nullptr);
        to.handle_.reset(made);
        to.functions_ = std::move(kept);
        return result(status, "clone");
    }

#ifdef DLCORE_HPP_THROWS
    model()
    {
        check(try_create(*this));
    }
    explicit model(const dlcore_model_options_t &options)
    {
        check(try_create(*this, options));
    }
    static model load(const std::string &path)
    {
        model made(nullptr);
        check(try_load(made, path));
        return made;
    }
    model &build(std::size_t inputs = 0)
    {
        check(try_build(inputs));
        return *this;
    }
    model &compile(const dlcore_optimizer_t &optimizer, const loss &loss,
                   std::initializer_list<metric> metrics = {})
    {
        check(try_compile(optimizer, loss, metrics));
        return *this;
    }
    history fit(const tensor &x, const tensor &y, fit_options &options)
    {
        history made;
        check(try_fit(x, y, options, &made));
        return made;
    }
    history fit(const tensor &x, const tensor &y, fit_options &&options = fit_options())
    {
        return fit(x, y, options);
    }
    double train_on_batch(const tensor &x, const tensor &y)
    {
        double loss = 0;
        check(try_train_on_batch(x, y, &loss));
        return loss;
    }
    void train_on_gradient(const tensor &x, const tensor &dy)
    {
        check(try_train_on_gradient(x, dy));
    }
    dlcore_evaluation_t evaluate(const tensor &x, const tensor &y) const
    {
        dlcore_evaluation_t found = {};
        check(try_evaluate(x, y, found));
        return found;
    }
    std::vector<float> predict(const tensor &x) const
    {
        std::vector<float> y;
        check(try_predict(x, y));
        return y;
    }
    void save(const std::string &path) const
    {
        check(try_save(path));
    }
    std::vector<float> weights() const
    {
        std::vector<float> found;
        check(try_weights(found));
        return found;
    }
    void set_weights(view<const float> weights)
    {
        check(try_set_weights(weights));
    }
    model clone() const
    {
        model made(nullptr);
        check(try_clone(made));
        return made;
    }
#endif

  private:
    result of(dlcore_status status) const
    {
        return result(status, dlcore_model_error(get()));
    }
    void rethrow() const
    {
        for (const std::shared_ptr<batch_function> &kept : functions_)
            kept->caught.rethrow();
    }

    std::vector<std::shared_ptr<batch_function>> functions_; // of compile; the model uses them
    handle<dlcore_model_t, dlcore_model_free> handle_;       // freed first
};

} // namespace dlcore

#endif
