// Losses, metrics and callbacks as lambdas, and the options of a fit.
//
// SPDX-License-Identifier: MIT
#ifndef DLCORE_CPP_LAMBDA_HPP
#define DLCORE_CPP_LAMBDA_HPP

#include <cstddef>
#include <exception>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>
#include <vector>

#include "result.hpp"

namespace dlcore
{

// What a lambda has thrown, for the call that runs it to throw on.
class thrown
{
  public:
    template <class Function> bool run(Function &&function) noexcept
    {
#ifdef DLCORE_HPP_THROWS
        try {
            function();
            return true;
        } catch (...) {
            const std::lock_guard<std::mutex> lock(mutex_);
            if (exception_ == nullptr)
                exception_ = std::current_exception();
            return false;
        }
#else
        function();
        return true;
#endif
    }
    void rethrow()
    {
#ifdef DLCORE_HPP_THROWS
        std::exception_ptr taken;
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            std::swap(taken, exception_);
        }
        if (taken != nullptr)
            std::rethrow_exception(taken);
#endif
    }

  private:
    std::mutex mutex_;
    std::exception_ptr exception_;
};

using batch = dlcore_function_batch_t; // see dlcore/function.h

// A function of a batch, kept where C finds it.
struct batch_function {
    std::function<void(const batch &)> function;
    thrown caught;

    static void call(const batch *of, void *user)
    {
        batch_function *self = static_cast<batch_function *>(user);
        if (!self->caught.run([&] { self->function(*of); }))
            of->row_values[0] = std::numeric_limits<float>::quiet_NaN();
    }
};

// A loss: a kind, a descriptor of C, or a lambda with dlcore::loss::of. Copies share the lambda.
class loss
{
  public:
    loss(dlcore_loss_kind_t kind) : settings(dlcore_loss_default(kind)) {}
    loss(const dlcore_loss_t &descriptor) : settings(descriptor) {}
    template <class Function> static loss of(Function function, const char *name = "")
    {
        auto kept = std::make_shared<batch_function>();
        kept->function = std::move(function);
        loss made(dlcore_loss_function(batch_function::call, kept.get()));
        for (std::size_t i = 0; name[i] != '\0' && i + 1 < DLCORE_LOSS_NAME_SIZE; i++)
            made.settings.name[i] = name[i];
        made.function = std::move(kept);
        return made;
    }

    dlcore_loss_t settings;
    std::shared_ptr<batch_function> function;
};

class metric
{
  public:
    metric(dlcore_metric_kind_t kind) : settings(dlcore_metric_default(kind)) {}
    metric(const dlcore_metric_t &descriptor) : settings(descriptor) {}
    template <class Function> static metric of(const char *name, Function function)
    {
        auto kept = std::make_shared<batch_function>();
        kept->function = std::move(function);
        metric made(dlcore_metric_function(batch_function::call, kept.get()));
        for (std::size_t i = 0; name[i] != '\0' && i + 1 < DLCORE_METRIC_NAME_SIZE; i++)
            made.settings.name[i] = name[i];
        made.function = std::move(kept);
        return made;
    }

    dlcore_metric_t settings;
    std::shared_ptr<batch_function> function;
};

// Where training stands, for a callback.
class event
{
  public:
    explicit event(const dlcore_training_event_t *of) noexcept : of_(of) {}
    const dlcore_training_event_t *get() const noexcept
    {
        return of_;
    }
    std::size_t epoch() const noexcept
    {
        return of_->epoch;
    }
    std::size_t batch() const noexcept
    {
        return of_->batch;
    }
    double value(const char *name) const noexcept
    {
        return dlcore_training_value(of_, name);
    }

  private:
    const dlcore_training_event_t *of_;
};

// Options of a fit, and its callbacks: lambdas of an event that return nothing, or whether to stop.
class fit_options
{
  public:
    fit_options() : settings(dlcore_fit_options_default()) {}

    template <class Function> fit_options &on_epoch_end(Function function)
    {
        return add_lambda(std::move(function), &dlcore_callback_t::on_epoch_end);
    }
    template <class Function> fit_options &on_batch_end(Function function)
    {
        return add_lambda(std::move(function), &dlcore_callback_t::on_batch_end);
    }
    // One of C's: dlcore_early_stopping_callback(&stopping).
    fit_options &add(const dlcore_callback_t &callback)
    {
        callbacks_.push_back(callback);
        return *this;
    }

    // For a call of C, as long as nothing is added.
    const dlcore_fit_options_t *get()
    {
        if (!callbacks_.empty()) {
            settings.callbacks = callbacks_.data();
            settings.callback_count = callbacks_.size();
        }
        return &settings;
    }
    void rethrow()
    {
        for (const std::shared_ptr<lambda> &kept : lambdas_)
            kept->caught.rethrow();
    }

    dlcore_fit_options_t settings;

  private:
    struct lambda {
        std::function<bool(const event &)> function;
        thrown caught;

        static dlcore_callback_action_t call(void *user, const dlcore_training_event_t *of)
        {
            lambda *self = static_cast<lambda *>(user);
            bool stop = false;
            if (!self->caught.run([&] { stop = self->function(event(of)); }))
                stop = true;
            return stop ? DLCORE_CALLBACK_STOP : DLCORE_CALLBACK_CONTINUE;
        }
    };
    template <class Function>
    fit_options &add_lambda(Function function, dlcore_callback_function_t dlcore_callback_t::*when)
    {
        auto kept = std::make_shared<lambda>();
        if constexpr (std::is_void_v<std::invoke_result_t<Function, const event &>>)
            kept->function = [function = std::move(function)](const event &of) mutable {
                function(of);
                return false;
            };
        else
            kept->function = std::move(function);
        dlcore_callback_t callback = {};
        callback.user = kept.get();
        callback.*when = lambda::call;
        callbacks_.push_back(callback);
        lambdas_.push_back(std::move(kept));
        return *this;
    }

    std::vector<dlcore_callback_t> callbacks_;
    std::vector<std::shared_ptr<lambda>> lambdas_;
};

} // namespace dlcore

#endif
