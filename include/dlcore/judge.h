/* Judging a model: how well it ranks, where to put a threshold, whether its probabilities can be
 * believed, and which features it uses. Each as numbers, and where a picture helps as SVG.
 *
 *     model_predict(network, test_x, y_pred);
 *     ranking_t *ranking = NULL;
 *     ranking_make(test_y, y_pred, 1, NULL, &ranking, NULL);              ROC and precision-recall
 *     ranking_save_roc_svg(ranking, "roc.svg", NULL);
 *     ranking_choice_t choice = ranking_threshold(ranking, 1.0, 20.0);    a miss costs 20
 *     ranking_free(ranking);
 *
 * y_true here is one class for each sample: int32 or uint8, (samples) or (samples, 1); one-hot
 * rows, (samples, classes); or with one output also floats 0 and 1. y_pred is float32, (samples) or
 * (samples, 1), the probability of class 1; or (samples, classes), a probability of each class.
 * Errors of all calls: DLCORE_ERROR_SHAPE for other shapes or no samples, DLCORE_ERROR_RANGE, with
 * the sample, for a class that y_pred does not have or a number that is not finite (and, where
 * probabilities are meant, not in 0 .. 1). Results are written on success alone. The numbers are
 * scikit-learn's, which the tests compare them with.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_JUDGE_H
#define DLCORE_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api.h"
#include "model.h"
#include "status.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- thresholds: ROC and precision-recall curves ---- */

/* What is counted when samples with a score of `threshold` or more are taken for the class. */
typedef struct dlcore_ranking_point {
    double threshold; /* of the first point: infinite */
    size_t true_positives, false_positives;
    double true_positive_rate;  /* recall: of the positives; 0 without any */
    double false_positive_rate; /* of the negatives; 0 without any */
    double precision;           /* of those taken; 1 where none is, as in scikit-learn */
} dlcore_ranking_point_t;

/* Made by dlcore_ranking_make; fields are for reading. */
typedef struct dlcore_ranking {
    size_t positives, negatives;
    size_t count; /* of points: none taken, then each different score, from high to low */
    dlcore_ranking_point_t *points;
    double roc_area;          /* under the ROC curve; NaN without positives or negatives */
    double average_precision; /* sum of precision times the growth of recall; NaN likewise */
    dlcore_allocator_t allocator;
} dlcore_ranking_t;

/* Class `positive` against all others, by its column of y_pred. With one output `positive` is 1.
 * Scores may be any finite numbers. `allocator` NULL: malloc. On failure *ranking is NULL. */
DLCORE_API dlcore_status dlcore_ranking_make(const dlcore_tensor_t *y_true,
                                             const dlcore_tensor_t *y_pred, size_t positive,
                                             const dlcore_allocator_t *allocator,
                                             dlcore_ranking_t **ranking,
                                             dlcore_error_record_t *error);
/* NULL is fine. */
DLCORE_API void dlcore_ranking_free(dlcore_ranking_t *ranking);

typedef struct dlcore_ranking_choice {
    dlcore_ranking_point_t point; /* its threshold: take the class when the score is that or more */
    double cost;                  /* of all samples */
} dlcore_ranking_choice_t;

/* The threshold with the least false_positive * (negatives that are taken) + false_negative *
 * (positives that are not); of equal ones the highest. Costs are 0 or more. NaN for NULL and other
 * costs. */
DLCORE_API dlcore_ranking_choice_t dlcore_ranking_threshold(const dlcore_ranking_t *ranking,
                                                            double false_positive,
                                                            double false_negative);

/* Pictures of one curve, with its area in the title. A file is replaced as in
 * dlcore_history_save_svg. */
DLCORE_API dlcore_status dlcore_ranking_save_roc_svg(const dlcore_ranking_t *ranking,
                                                     const char *path,
                                                     dlcore_error_record_t *error);
DLCORE_API dlcore_status dlcore_ranking_save_pr_svg(const dlcore_ranking_t *ranking,
                                                    const char *path, dlcore_error_record_t *error);

/* ---- probabilities ---- */

/* The mean of the squared differences between probabilities and classes: of one output (p - t)^2,
 * else the sum over classes (Brier 1950). */
DLCORE_API dlcore_status dlcore_brier_score(const dlcore_tensor_t *y_true,
                                            const dlcore_tensor_t *y_pred, double *score,
                                            dlcore_error_record_t *error);
/* The mean of -log(probability of the true class). Rows are divided by their sums, then clipped to
 * [2^-23, 1 - 2^-23], as scikit-learn clips float32. */
DLCORE_API dlcore_status dlcore_log_loss(const dlcore_tensor_t *y_true,
                                         const dlcore_tensor_t *y_pred, double *loss,
                                         dlcore_error_record_t *error);

#define DLCORE_RELIABILITY_BINS_MAX 50
/* In the place of a class: the most probable one of each sample. */
#define DLCORE_TOP_CLASS SIZE_MAX

typedef struct dlcore_reliability_bin {
    double low, high; /* probabilities above `low`, up to `high`; the first from 0 */
    size_t count;     /* samples */
    double predicted; /* mean probability; NaN without samples */
    double observed;  /* share of samples that are of the class; likewise */
} dlcore_reliability_bin_t;

typedef struct dlcore_reliability {
    size_t bin_count;
    dlcore_reliability_bin_t bins[DLCORE_RELIABILITY_BINS_MAX];
    double calibration_error; /* expected: mean of |predicted - observed|, by samples (ECE) */
    double largest_error;     /* of a bin with samples */
} dlcore_reliability_t;

/* Compares probabilities of class `positive` with how often it is right, in `bin_count` bins of
 * equal width (1 .. DLCORE_RELIABILITY_BINS_MAX; 10 is usual). With DLCORE_TOP_CLASS of y_pred with
 * several columns: the confidence of each prediction with how often predictions are right. */
DLCORE_API dlcore_status dlcore_reliability_of(const dlcore_tensor_t *y_true,
                                               const dlcore_tensor_t *y_pred, size_t positive,
                                               size_t bin_count, dlcore_reliability_t *reliability,
                                               dlcore_error_record_t *error);
/* The reliability diagram, with the samples of each bin below it. */
DLCORE_API dlcore_status dlcore_reliability_save_svg(const dlcore_reliability_t *reliability,
                                                     const char *path,
                                                     dlcore_error_record_t *error);

/* Temperature scaling (Guo et al., On Calibration of Modern Neural Networks, 2017): logits are
 * divided by one number, above 1 for a network that is too sure of itself, which changes
 * probabilities but not which class is the most probable. The number with the least log loss on
 * samples that were not trained on, 1e-3 .. 1e3. */
DLCORE_API dlcore_status dlcore_temperature_fit(const dlcore_tensor_t *y_true,
                                                const dlcore_tensor_t *y_pred, double *temperature,
                                                dlcore_error_record_t *error);
/* Probabilities in y_pred, float32 and writable, become those at that temperature. */
DLCORE_API dlcore_status dlcore_temperature_apply(dlcore_tensor_t *y_pred, double temperature,
                                                  dlcore_error_record_t *error);
/* Builds a temperature into a model that ends in a dense layer with softmax or sigmoid: its kernel
 * and bias are divided by it. Predictors, files and exports then have it. */
DLCORE_API dlcore_status dlcore_model_set_temperature(dlcore_model_t *model, double temperature);

/* ---- features ---- */

typedef struct dlcore_importance_options {
    size_t structure_size;        /* set by ..._default() */
    const char *metric;           /* "loss", the default, or a metric of compile */
    size_t repeats;               /* of the shuffling of each feature; 5 */
    uint64_t seed;                /* 0 */
    size_t batch_size;            /* of evaluate; 256 */
    dlcore_error_record_t *error; /* NULL: no message wanted */
} dlcore_importance_options_t;

DLCORE_API dlcore_importance_options_t dlcore_importance_options_default(void);

/* Permutation importance (Breiman, Random Forests, 2001): by how much the metric on x and y grows
 * when one feature is shuffled among the samples: what the model loses without it. For the loss and
 * other errors useful features are above 0; for metrics of which more is better, below. means and
 * deviations (between repeats, divided by their number; may be NULL) have a number for each feature
 * of a sample. x is not sparse; a copy of it is made. */
DLCORE_API dlcore_status dlcore_permutation_importance(const dlcore_model_t *model,
                                                       const dlcore_tensor_t *x,
                                                       const dlcore_tensor_t *y,
                                                       const dlcore_importance_options_t *options,
                                                       double *means, double *deviations);
/* Bars of the `count` features, the most important (by size) on top, 40 at most. `names` NULL:
 * their numbers. deviations may be NULL. */
DLCORE_API dlcore_status dlcore_importance_save_svg(const double *means, const double *deviations,
                                                    const char *const *names, size_t count,
                                                    const char *path, dlcore_error_record_t *error);

typedef struct dlcore_dependence_options {
    size_t structure_size; /* set by ..._default() */
    size_t points;         /* of the grid, 2 .. 1000; 50 */
    double low, high;      /* shares of the samples that lie beyond the grid's ends; 0.05, 0.95 */
    const dlcore_allocator_t *allocator; /* NULL: malloc */
    dlcore_error_record_t *error;        /* NULL: no message wanted */
} dlcore_dependence_options_t;

DLCORE_API dlcore_dependence_options_t dlcore_dependence_options_default(void);

/* Made by dlcore_dependence_make; fields are for reading. */
typedef struct dlcore_dependence {
    size_t feature, count, outputs;
    double *grid;  /* count values of the feature, ascending */
    double *means; /* (count, outputs): the mean output when every sample has that value */
    dlcore_allocator_t allocator;
} dlcore_dependence_t;

/* Partial dependence (Friedman 2001): how the mean output follows one feature. The grid has all
 * values of the feature, if they are fewer than `points`, else so many between two quantiles. x is
 * not sparse; a copy of it is made. On failure *dependence is NULL. */
DLCORE_API dlcore_status dlcore_dependence_make(const dlcore_model_t *model,
                                                const dlcore_tensor_t *x, size_t feature,
                                                const dlcore_dependence_options_t *options,
                                                dlcore_dependence_t **dependence);
/* NULL is fine. */
DLCORE_API void dlcore_dependence_free(dlcore_dependence_t *dependence);
/* A line for each of the first 8 outputs. `name` of the feature, NULL: its number. */
DLCORE_API dlcore_status dlcore_dependence_save_svg(const dlcore_dependence_t *dependence,
                                                    const char *name, const char *path,
                                                    dlcore_error_record_t *error);

#ifdef __cplusplus
}
#endif

#endif
