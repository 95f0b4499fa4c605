/* ROC and precision-recall curves: samples in the order of their scores.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/sort.h"
#include "base/traces.h"
#include "report/judged.h"

typedef struct scored {
    const dlcore_judged_t *judged;
    size_t positive; /* class */
} scored_t;

static double score_of_sample(const scored_t *scored, size_t sample)
{
    return dlcore_judged_number(scored->judged, sample,
                                scored->judged->units > 1 ? scored->positive : 0);
}

static bool scores_higher(const void *things, size_t a, size_t b)
{
    return score_of_sample(things, a) > score_of_sample(things, b);
}

static dlcore_ranking_point_t point_at(const dlcore_ranking_t *ranking, double threshold,
                                       size_t true_positives, size_t taken)
{
    size_t false_positives = taken - true_positives;

    return (dlcore_ranking_point_t){
        .threshold = threshold,
        .true_positives = true_positives,
        .false_positives = false_positives,
        .true_positive_rate =
            ranking->positives > 0 ? (double)true_positives / (double)ranking->positives : 0.0,
        .false_positive_rate =
            ranking->negatives > 0 ? (double)false_positives / (double)ranking->negatives : 0.0,
        .precision = taken > 0 ? (double)true_positives / (double)taken : 1.0};
}

static void fill_points(const scored_t *scored, const size_t *order, dlcore_ranking_t *ranking)
{
    size_t samples = scored->judged->samples, right = 0;

    ranking->points[ranking->count++] = point_at(ranking, (double)INFINITY, 0, 0);
    for (size_t i = 0; i < samples; i++) {
        double score = score_of_sample(scored, order[i]);

        right += (size_t)scored->judged->classes[order[i]] == scored->positive;
        if (i + 1 < samples && score_of_sample(scored, order[i + 1]) == score)
            continue; /* of one score all are taken, or none */
        ranking->points[ranking->count++] = point_at(ranking, score, right, i + 1);
    }
}

static void measure_areas(dlcore_ranking_t *ranking)
{
    if (ranking->positives == 0 || ranking->negatives == 0) {
        ranking->roc_area = ranking->average_precision = (double)NAN;
        return;
    }
    for (size_t i = 1; i < ranking->count; i++) {
        const dlcore_ranking_point_t *a = &ranking->points[i - 1], *b = &ranking->points[i];

        ranking->roc_area += (b->false_positive_rate - a->false_positive_rate) *
                             (a->true_positive_rate + b->true_positive_rate) / 2.0;
        ranking->average_precision +=
            (b->true_positive_rate - a->true_positive_rate) * b->precision;
    }
}

static dlcore_status fill_ranking(const scored_t *scored, dlcore_ranking_t *ranking,
                                  dlcore_error_record_t *error)
{
    size_t samples = scored->judged->samples;
    size_t *order = dlcore_allocate_raw(&ranking->allocator, samples, sizeof *order);

    ranking->points = dlcore_allocate(&ranking->allocator, samples + 1, sizeof *ranking->points);
    if (order == NULL || ranking->points == NULL) {
        dlcore_release(&ranking->allocator, order);
        return dlcore_fail_memory(error, "ranking", samples * sizeof *ranking->points);
    }
    for (size_t i = 0; i < samples; i++) {
        order[i] = i;
        ranking->positives += (size_t)scored->judged->classes[i] == scored->positive;
    }
    ranking->negatives = samples - ranking->positives;
    dlcore_sort_numbers(order, samples, scores_higher, scored);
    fill_points(scored, order, ranking);
    measure_areas(ranking);
    dlcore_release(&ranking->allocator, order);
    return DLCORE_OK;
}

static dlcore_status make_ranking(const dlcore_tensor_t *y_true, const dlcore_tensor_t *y_pred,
                                  size_t positive, const dlcore_allocator_t *allocator,
                                  dlcore_ranking_t **ranking, dlcore_error_record_t *error)
{
    dlcore_judged_t judged;
    scored_t scored = {&judged, positive};
    dlcore_allocator_t from;
    dlcore_ranking_t *made;
    dlcore_status status;

    if (ranking == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "ranking: ranking is NULL");
    *ranking = NULL;
    status = dlcore_check_allocator(allocator, error);
    if (status == DLCORE_OK)
        status = dlcore_judged_make("ranking", y_true, y_pred, false, &judged, error);
    if (status != DLCORE_OK)
        return status;
    from = dlcore_allocator_or_default(allocator);
    made = dlcore_allocate(&from, 1, sizeof *made);
    status = dlcore_judged_check_class("ranking", &judged, positive, error);
    if (status == DLCORE_OK && made == NULL)
        status = dlcore_fail_memory(error, "ranking", sizeof *made);
    if (made != NULL)
        made->allocator = from;
    if (status == DLCORE_OK)
        status = fill_ranking(&scored, made, error);
    dlcore_judged_clear(&judged);
    if (status == DLCORE_OK)
        *ranking = made;
    else
        dlcore_ranking_free(made);
    return status;
}

dlcore_status dlcore_ranking_make(const dlcore_tensor_t *y_true, const dlcore_tensor_t *y_pred,
                                  size_t positive, const dlcore_allocator_t *allocator,
                                  dlcore_ranking_t **ranking, dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before,
                             make_ranking(y_true, y_pred, positive, allocator, ranking, error));
}

void dlcore_ranking_free(dlcore_ranking_t *ranking)
{
    dlcore_allocator_t allocator;

    if (ranking == NULL)
        return;
    allocator = ranking->allocator;
    dlcore_release(&allocator, ranking->points);
    dlcore_release(&allocator, ranking);
}

static dlcore_ranking_choice_t choose_threshold(const dlcore_ranking_t *ranking,
                                                double false_positive, double false_negative)
{
    dlcore_ranking_choice_t choice = {.cost = (double)NAN};

    choice.point.threshold = (double)NAN;
    if (ranking == NULL || !(false_positive >= 0.0) || !(false_negative >= 0.0))
        return choice;
    for (size_t i = 0; i < ranking->count; i++) {
        const dlcore_ranking_point_t *at = &ranking->points[i];
        double cost = false_positive * (double)at->false_positives +
                      false_negative * (double)(ranking->positives - at->true_positives);

        if (i == 0 || cost < choice.cost)
            choice = (dlcore_ranking_choice_t){*at, cost};
    }
    return choice;
}

dlcore_ranking_choice_t dlcore_ranking_threshold(const dlcore_ranking_t *ranking,
                                                 double false_positive, double false_negative)
{
    dlcore_traces_t before = dlcore_traces_note();
    dlcore_ranking_choice_t choice = choose_threshold(ranking, false_positive, false_negative);

    (void)dlcore_traces_end(before, DLCORE_OK);
    return choice;
}
