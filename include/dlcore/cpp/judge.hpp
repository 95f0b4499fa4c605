// Judging: rankings, probabilities, and what features a model uses. dlcore/judge.h is the manual.
//
// SPDX-License-Identifier: MIT
#ifndef DLCORE_CPP_JUDGE_HPP
#define DLCORE_CPP_JUDGE_HPP

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "model.hpp"
#include "result.hpp"
#include "tensor.hpp"
#include "view.hpp"

namespace dlcore
{

// ROC and precision-recall curves of one class against all others.
class ranking
{
  public:
    explicit ranking(std::nullptr_t) noexcept {}
    static result try_make(ranking &to, const tensor &y_true, const tensor &y_pred,
                           std::size_t positive = 1)
    {
        dlcore_error_record_t record = {};
        dlcore_ranking_t *made = nullptr;
        const dlcore_status status =
            dlcore_ranking_make(y_true.get(), y_pred.get(), positive, nullptr, &made, &record);
        to.handle_.reset(made);
        return result(status, record);
    }

    dlcore_ranking_t *get() const noexcept
    {
        return handle_.get();
    }
    // None taken, then each different score, from high to low.
    view<const dlcore_ranking_point_t> points() const noexcept
    {
        return get() != nullptr ? view<const dlcore_ranking_point_t>(get()->points, get()->count)
                                : view<const dlcore_ranking_point_t>();
    }
    double roc_area() const noexcept
    {
        return get() != nullptr ? get()->roc_area : std::numeric_limits<double>::quiet_NaN();
    }
    double average_precision() const noexcept
    {
        return get() != nullptr ? get()->average_precision
                                : std::numeric_limits<double>::quiet_NaN();
    }
    // The cheapest threshold, by what each mistake costs.
    dlcore_ranking_choice_t threshold(double false_positive, double false_negative) const noexcept
    {
        return dlcore_ranking_threshold(get(), false_positive, false_negative);
    }
    result try_save_roc_svg(const std::string &path) const
    {
        dlcore_error_record_t record = {};
        const dlcore_status status = dlcore_ranking_save_roc_svg(get(), path.c_str(), &record);
        return result(status, record);
    }
    result try_save_pr_svg(const std::string &path) const
    {
        dlcore_error_record_t record = {};
        const dlcore_status status = dlcore_ranking_save_pr_svg(get(), path.c_str(), &record);
        return result(status, record);
    }

#ifdef DLCORE_HPP_THROWS
    ranking(const tensor &y_true, const tensor &y_pred, std::size_t positive = 1)
    {
        check(try_make(*this, y_true, y_pred, positive));
    }
    void save_roc_svg(const std::string &path) const
    {
        check(try_save_roc_svg(path));
    }
    void save_pr_svg(const std::string &path) const
    {
        check(try_save_pr_svg(path));
    }
#endif

  private:
    handle<dlcore_ranking_t, dlcore_ranking_free> handle_;
};

// ---- probabilities ----

inline result try_brier_score(const tensor &y_true, const tensor &y_pred, double &to)
{
    dlcore_error_record_t record = {};
    const dlcore_status status = dlcore_brier_score(y_true.get(), y_pred.get(), &to, &record);
    return result(status, record);
}
inline result try_log_loss(const tensor &y_true, const tensor &y_pred, double &to)
{
    dlcore_error_record_t record = {};
    const dlcore_status status = dlcore_log_loss(y_true.get(), y_pred.get(), &to, &record);
    return result(status, record);
}
// positive: a class, or DLCORE_TOP_CLASS.
inline result try_reliability(const tensor &y_true, const tensor &y_pred, dlcore_reliability_t &to,
                              std::size_t positive = DLCORE_TOP_CLASS, std::size_t bins = 10)
{
    dlcore_error_record_t record = {};
    const dlcore_status status =
        dlcore_reliability_of(y_true.get(), y_pred.get(), positive, bins, &to, &record);
    return result(status, record);
}
inline result try_save_svg(const dlcore_reliability_t &of, const std::string &path)
{
    dlcore_error_record_t record = {};
    const dlcore_status status = dlcore_reliability_save_svg(&of, path.c_str(), &record);
    return result(status, record);
}
// The temperature that suits samples which the model was not trained on.
inline result try_fit_temperature(const tensor &y_true, const tensor &y_pred, double &to)
{
    dlcore_error_record_t record = {};
    const dlcore_status status = dlcore_temperature_fit(y_true.get(), y_pred.get(), &to, &record);
    return result(status, record);
}
inline result try_apply_temperature(tensor &y_pred, double temperature)
{
    dlcore_error_record_t record = {};
    const dlcore_status status = dlcore_temperature_apply(y_pred.get(), temperature, &record);
    return result(status, record);
}
// Builds it into the model's last layer.
inline result try_set_temperature(model &to, double temperature)
{
    const dlcore_status status = dlcore_model_set_temperature(to.get(), temperature);
    return result(status, dlcore_model_error(to.get()));
}

// ---- features ----

// A number for each feature: what the metric grows by when that feature is shuffled.
struct importance {
    std::vector<double> means, deviations;
};

inline result
try_importance(const model &of, const tensor &x, const tensor &y, importance &to,
               dlcore_importance_options_t options = dlcore_importance_options_default())
{
    dlcore_error_record_t record = {};
    options.error = &record;
    to.means.assign(x.columns(), 0);
    to.deviations.assign(x.columns(), 0);
    const dlcore_status status = dlcore_permutation_importance(
        of.get(), x.get(), y.get(), &options, to.means.data(), to.deviations.data());
    return result(status, record);
}
// names: of the features, as many as there are; empty: their numbers.
inline result try_save_svg(const importance &of, const std::string &path,
                           const std::vector<std::string> &names = {})
{
    dlcore_error_record_t record = {};
    std::vector<const char *> each;
    if (!names.empty() && names.size() != of.means.size())
        return result(DLCORE_ERROR_SHAPE,
                      ("importance: " + std::to_string(names.size()) + " names of " +
                       std::to_string(of.means.size()) + " features")
                          .c_str());
    for (const std::string &name : names)
        each.push_back(name.c_str());
    const dlcore_status status = dlcore_importance_save_svg(
        of.means.data(), of.deviations.empty() ? nullptr : of.deviations.data(),
        each.empty() ? nullptr : each.data(), of.means.size(), path.c_str(), &record);
    return result(status, record);
}

// How the mean output follows one feature.
class dependence
{
  public:
    explicit dependence(std::nullptr_t) noexcept {}
    static result
    try_make(dependence &to, const model &of, const tensor &x, std::size_t feature,
             dlcore_dependence_options_t options = dlcore_dependence_options_default())
    {
        dlcore_error_record_t record = {};
        dlcore_dependence_t *made = nullptr;
        options.error = &record;
        const dlcore_status status =
            dlcore_dependence_make(of.get(), x.get(), feature, &options, &made);
        to.handle_.reset(made);
        return result(status, record);
    }

    dlcore_dependence_t *get() const noexcept
    {
        return handle_.get();
    }
    // Values of the feature, ascending.
    view<const double> grid() const noexcept
    {
        return get() != nullptr ? view<const double>(get()->grid, get()->count)
                                : view<const double>();
    }
    // The mean outputs, a row for each value of the grid.
    view<const double> means() const noexcept
    {
        return get() != nullptr ? view<const double>(get()->means, get()->count * get()->outputs)
                                : view<const double>();
    }
    result try_save_svg(const std::string &path, const std::string &name = "") const
    {
        dlcore_error_record_t record = {};
        const dlcore_status status = dlcore_dependence_save_svg(
            get(), name.empty() ? nullptr : name.c_str(), path.c_str(), &record);
        return result(status, record);
    }

#ifdef DLCORE_HPP_THROWS
    dependence(const model &of, const tensor &x, std::size_t feature,
               const dlcore_dependence_options_t &options = dlcore_dependence_options_default())
    {
        check(try_make(*this, of, x, feature, options));
    }
    void save_svg(const std::string &path, const std::string &name = "") const
    {
        check(try_save_svg(path, name));
    }
#endif

  private:
    handle<dlcore_dependence_t, dlcore_dependence_free> handle_;
};

#ifdef DLCORE_HPP_THROWS
inline double brier_score(const tensor &y_true, const tensor &y_pred)
{
    double score = 0;
    check(try_brier_score(y_true, y_pred, score));
    return score;
}
inline double log_loss(const tensor &y_true, const tensor &y_pred)
{
    double loss = 0;
    check(try_log_loss(y_true, y_pred, loss));
    return loss;
}
inline dlcore_reliability_t reliability(const tensor &y_true, const tensor &y_pred,
                                        std::size_t positive = DLCORE_TOP_CLASS,
                                        std::size_t bins = 10)
{
    dlcore_reliability_t found = {};
    check(try_reliability(y_true, y_pred, found, positive, bins));
    return found;
}
inline void save_svg(const dlcore_reliability_t &of, const std::string &path)
{
    check(try_save_svg(of, path));
}
inline double fit_temperature(const tensor &y_true, const tensor &y_pred)
{
    double found = 1;
    check(try_fit_temperature(y_true, y_pred, found));
    return found;
}
inline void apply_temperature(tensor &y_pred, double temperature)
{
    check(try_apply_temperature(y_pred, temperature));
}
inline void set_temperature(model &to, double temperature)
{
    check(try_set_temperature(to, temperature));
}
inline importance
importance_of(const model &of, const tensor &x, const tensor &y,
              const dlcore_importance_options_t &options = dlcore_importance_options_default())
{
    importance found;
    check(try_importance(of, x, y, found, options));
    return found;
}
inline void save_svg(const importance &of, const std::string &path,
                     const std::vector<std::string> &names = {})
{
    check(try_save_svg(of, path, names));
}
#endif

} // namespace dlcore

#endif
