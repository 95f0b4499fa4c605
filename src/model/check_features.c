/* What is odd about the columns of x: those that tell nothing, those that tell too much, and those
 * that are of another size than the rest.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "base/allocator.h"
#include "base/error.h"
#include "model/check.h"
#include "model/indices.h"

#define FEATURE_ROWS_MAX ((size_t)1000000)
#define FEATURE_ROWS_LEAST 16 /* fewer may be equal by chance */
#define SCALES_APART 100.0    /* deviations of two columns */
#define NUMBERS_LARGE 50.0    /* layers begin with weights that are made for numbers around 1 */
#define NUMBERS_TINY 0.01

/* What is known of a column; mean and squares by Welford's recurrence. */
typedef struct feature {
    double low, high, mean, squares;
    double first; /* of sample 0, where it counts the samples */
    bool is_label, counts;
} feature_t;

static double target_of(const dlcore_check_t *check, size_t row)
{
    if (check->objective->loss->labels == DLCORE_LABELS_ONE_HOT)
        return (double)dlcore_check_class(check, row);
    return dlcore_row_number(check->y, row, 0);
}

static void see_number(feature_t *feature, double number, size_t i, size_t row)
{
    double before = number - feature->mean;

    if (i == 0) {
        feature->first = number - (double)row;
        feature->low = feature->high = number;
        feature->counts = feature->is_label = true;
    }
    feature->low = fmin(feature->low, number);
    feature->high = fmax(feature->high, number);
    feature->mean += before / (double)(i + 1);
    feature->squares += before * (number - feature->mean);
    feature->counts = feature->counts && number - feature->first == (double)row;
}

/* Goes over the rows that are looked at; false where a number is not finite, which is added. */
static bool see_rows(const dlcore_check_t *check, size_t rows, bool target, feature_t *features)
{
    const dlcore_tensor_t *x = check->x;

    for (size_t i = 0; i < rows; i++) {
        size_t row = dlcore_check_row(check, i, rows);
        double label = target ? target_of(check, row) : 0.0;

        for (size_t c = 0; c < x->row_size; c++) {
            double number = dlcore_row_number(x, row, c);

            if (!isfinite(number)) {
                dlcore_check_add(check, DLCORE_FINDING_DATA_NOT_FINITE, DLCORE_FINDING_NOWHERE, c,
                                 "x is %s: number %zu of sample %zu",
                                 dlcore_not_finite_name(number), c, row);
                return false;
            }
            see_number(&features[c], number, i, row);
            features[c].is_label = features[c].is_label && number == label;
        }
    }
    return true;
}

/* Columns that are looked up in tables are no features: as if they were 0 throughout. */
static size_t forget_indices(const dlcore_check_t *check, feature_t *features)
{
    const dlcore_embeddings_t *tables = dlcore_network_tables(&check->model->network);
    size_t count = tables != NULL ? tables->count : 0;

    for (size_t i = 0; i < count; i++)
        features[tables->table[i].column] = (feature_t){.low = 0.0};
    return count;
}

static void find_constant(const dlcore_check_t *check, size_t rows, const feature_t *features)
{
    size_t width = check->x->row_size, found = 0, first = 0, zeros = 0;
    const char *seen = dlcore_check_looked_at(check, rows);

    for (size_t c = width; c-- > 0;) {
        if (features[c].low != features[c].high)
            continue;
        if (features[c].low == 0.0) { /* the margin of an image, or a rare category */
            zeros++;
        } else {
            found++;
            first = c;
        }
    }
    if (found + zeros == width)
        dlcore_check_add(check, DLCORE_FINDING_FEATURE_CONSTANT, DLCORE_FINDING_NOWHERE, 0,
                         "x is the same in all %zu samples%s", rows, seen);
    else if (found > 0)
        dlcore_check_add(check, DLCORE_FINDING_FEATURE_CONSTANT, DLCORE_FINDING_NOWHERE, first,
                         "column %zu of x is %g in all %zu samples%s%s: it tells nothing", first,
                         features[first].low, rows, seen,
                         found > 1 ? ", and others are constant, too" : "");
}

static void find_tellers(const dlcore_check_t *check, size_t rows, bool target,
                         const feature_t *features)
{
    const char *seen = dlcore_check_looked_at(check, rows);

    for (size_t c = 0; c < check->x->row_size; c++) {
        bool varies = features[c].low < features[c].high;

        if (target && varies && features[c].is_label)
            dlcore_check_add(
                check, DLCORE_FINDING_FEATURE_IS_LABEL, DLCORE_FINDING_NOWHERE, c,
                "column %zu of x is the label in all %zu samples%s: the model will learn to "
                "copy it",
                c, rows, seen);
        if (varies && features[c].counts)
            dlcore_check_add(
                check, DLCORE_FINDING_FEATURE_IS_INDEX, DLCORE_FINDING_NOWHERE, c,
                "column %zu of x counts the samples from %g, in all %zu%s: an index, not a "
                "feature?",
                c, features[c].first, rows, seen);
    }
}

/* Whether the layers make their input of one size themselves; *scale is that of a rescaling. */
static bool normalizes(const dlcore_network_t *network, double *scale, double *offset)
{
    *scale = 1.0;
    *offset = 0.0;
    for (size_t i = 0; i < network->node_count; i++) {
        const dlcore_layer_t *layer = &network->nodes[i].layer;

        switch (layer->kind) {
        case DLCORE_LAYER_RESCALING:
            *scale *= layer->scale;
            *offset = *offset * layer->scale + layer->offset;
            break;
        case DLCORE_LAYER_NORMALIZATION:
        case DLCORE_LAYER_BATCH_NORMALIZATION:
        case DLCORE_LAYER_LAYER_NORMALIZATION:
        case DLCORE_LAYER_UNIT_NORMALIZATION:
        case DLCORE_LAYER_RMS_NORMALIZATION:
            return true;
        case DLCORE_LAYER_FLATTEN:
        case DLCORE_LAYER_DROPOUT:
        case DLCORE_LAYER_GAUSSIAN_NOISE:
        case DLCORE_LAYER_GAUSSIAN_DROPOUT:
        case DLCORE_LAYER_ALPHA_DROPOUT:
        case DLCORE_LAYER_ACTIVITY_REGULARIZATION:
            break;
        default:
            return false;
        }
    }
    return false;
}

/* Columns whose deviation is the largest and the least, but for constant ones. */
static void find_most_and_least(const feature_t *features, size_t width, size_t *most,
                                size_t *least)
{
    *most = *least = 0;
    for (size_t c = 1; c < width; c++) {
        double squares = features[c].squares;

        if (squares > features[*most].squares)
            *most = c;
        if (squares > 0.0 &&
            (squares < features[*least].squares || features[*least].squares == 0.0))
            *least = c;
    }
}

/* Columns that vary, and those of them that are far below the one that varies most. */
static bool few_are_large(const feature_t *features, size_t width, size_t most)
{
    double limit = features[most].squares / (SCALES_APART * SCALES_APART);
    size_t vary = 0, far = 0;

    for (size_t c = 0; c < width; c++) {
        vary += features[c].squares > 0.0;
        far += features[c].squares > 0.0 && features[c].squares < limit;
    }
    return far > 0 && 2 * far >= vary; /* pixels at the margin of images are less */
}

static void find_scales(const dlcore_check_t *check, size_t rows, const feature_t *features)
{
    size_t width = check->x->row_size, most, least;
    double scale, offset, reach = 0.0;

    if (normalizes(&check->model->network, &scale, &offset))
        return;
    find_most_and_least(features, width, &most, &least);
    for (size_t c = 0; c < width; c++)
        reach = fmax(reach, fmax(fabs(scale * features[c].low + offset),
                                 fabs(scale * features[c].high + offset)));
    if (few_are_large(features, width, most))
        dlcore_check_add(check, DLCORE_FINDING_FEATURES_UNSCALED, DLCORE_FINDING_NOWHERE, most,
                         "columns %zu and %zu of x have standard deviations of %.3g and %.3g: "
                         "layer_normalization or standardize_fit make them alike",
                         most, least, sqrt(features[most].squares / (double)rows),
                         sqrt(features[least].squares / (double)rows));
    else if (reach > NUMBERS_LARGE || (reach > 0.0 && reach < NUMBERS_TINY))
        dlcore_check_add(check, DLCORE_FINDING_FEATURES_UNSCALED, DLCORE_FINDING_NOWHERE, most,
                         "the first layer gets numbers up to %.3g: layers learn best from numbers "
                         "around 1; layer_rescaling or layer_normalization scales them",
                         reach);
}

dlcore_status dlcore_check_features(const dlcore_check_t *check, dlcore_error_record_t *error)
{
    const dlcore_tensor_t *x = check->x;
    bool target =
        check->y != NULL && check->objective != NULL && x->row_size > 1 &&
        (check->y->row_size == 1 || check->objective->loss->labels == DLCORE_LABELS_ONE_HOT);
    size_t numbers = x->row_size + (target ? check->y->row_size : 0);
    size_t rows = dlcore_check_rows(check->samples, numbers, FEATURE_ROWS_MAX);
    bool enough = rows >= FEATURE_ROWS_LEAST;
    feature_t *features = dlcore_allocate(&check->model->allocator, x->row_size, sizeof *features);

    if (features == NULL)
        return dlcore_fail_memory(error, "check", x->row_size * sizeof *features);
    if (see_rows(check, rows, target, features) && enough) {
        if (forget_indices(check, features) < x->row_size)
            find_constant(check, rows, features);
        if (x->row_size > 1)
            find_tellers(check, rows, target, features);
        find_scales(check, rows, features);
    }
    dlcore_release(&check->model->allocator, features);
    return DLCORE_OK;
}
