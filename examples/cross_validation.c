/* Cross-validation: which of three networks, when there are few samples.
 *
 * Shows k_fold: each network is trained five times, each time without another fifth of the samples,
 * on which it is then tested, so that every sample is tested once. One split would leave it to
 * chance who wins: the deviation between folds says how much. What is learnt from the data, here
 * means and deviations of the features, is learnt anew in each fold from its training part; from
 * all samples it would give a glimpse of the test.
 *
 * SPDX-License-Identifier: MIT */
#include <dlcore.h>

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { SAMPLES = 240, FEATURES = 6, FOLDS = 5 };

typedef struct candidate {
    const char *name;
    size_t units; /* of a hidden layer; 0: none */
    double dropout;
} candidate_t;

typedef struct score {
    double mean, deviation, least;
} score_t;

static model_t *network;
static error_record_t error; /* of all calls that do not change the model */

static void check(dlcore_status status)
{
    if (status == DLCORE_OK)
        return;
    fprintf(stderr, "cross_validation: %s: %s\n", dlcore_status_name(status),
            error.status == status ? error.message : model_error(network));
    exit(EXIT_FAILURE);
}

/* Roughly normal, standard deviation 1. */
static float noise(uint64_t *state)
{
    float sum = -6;

    for (int i = 0; i < 12; i++) {
        *state = *state * 6364136223846793005U + 1442695040888963407U;
        sum += (float)(*state >> 40) / 16777216.0F;
    }
    return sum;
}

/* Patients: age, blood pressure, heart rate and such; ill when two of them, which a line does not
 * tell apart, are both out of the ordinary, or one by a lot. */
static void examine(float (*patients)[FEATURES], int32_t *ill)
{
    static const float usual[FEATURES] = {55, 130, 72, 5.2F, 26, 98};
    static const float spread[FEATURES] = {12, 15, 9, 0.9F, 4, 1.2F};
    uint64_t state = 5;

    for (size_t i = 0; i < SAMPLES; i++) {
        float away[FEATURES];

        for (int f = 0; f < FEATURES; f++) {
            away[f] = noise(&state);
            patients[i][f] = usual[f] + spread[f] * away[f];
        }
        ill[i] =
            away[1] * away[1] + away[2] * away[2] + 0.8F * away[0] + 0.5F * noise(&state) > 1.7F;
    }
}

static void create(const candidate_t *candidate, const tensor_t *x)
{
    optimizer_t adam = optimizer_adam();

    adam.learning_rate = 0.01;
    check(model_create(NULL, &network));
    check(model_add(network, layer_normalization()));
    if (candidate->units > 0) {
        check(model_add(network, layer_dense(candidate->units, ACTIVATION_RELU)));
        check(model_add(network, layer_dropout(candidate->dropout)));
    }
    check(model_add(network, layer_dense(1, ACTIVATION_SIGMOID)));
    check(model_adapt(network, 0, x));
    check(model_compile(network, &adam, LOSS_BINARY_CROSSENTROPY, METRIC_ACCURACY));
}

/* The accuracy on a fold, of the network that was trained on the others. */
static double test_fold(const candidate_t *candidate, const tensor_t *x, const tensor_t *y,
                        size_t fold)
{
    k_fold_options_t folds = k_fold_options_default();
    fit_options_t how = fit_options_default();
    evaluate_options_t tested = evaluate_options_default();
    evaluation_t result;
    split_t parts;

    folds.folds = FOLDS;
    folds.shuffle = true;
    check(k_fold(x, y, &folds, fold, &parts, &error));
    create(candidate, parts.train_x);
    how.epochs = 60;
    check(model_fit(network, parts.train_x, parts.train_y, &how, NULL));
    tested.error = &error;
    check(model_evaluate(network, parts.test_x, parts.test_y, &tested, &result));
    model_free(network);
    network = NULL;
    split_free(&parts);
    return evaluation_value(&result, "accuracy");
}

static score_t test(const candidate_t *candidate, const tensor_t *x, const tensor_t *y)
{
    score_t score = {.least = 1};
    double squares = 0;

    printf("%-24s", candidate->name);
    for (size_t fold = 0; fold < FOLDS; fold++) {
        double accuracy = test_fold(candidate, x, y, fold);

        printf("  %.3f", accuracy);
        score.mean += accuracy / (double)FOLDS;
        squares += accuracy * accuracy / (double)FOLDS;
        score.least = fmin(score.least, accuracy);
    }
    score.deviation = sqrt(fmax(squares - score.mean * score.mean, 0));
    printf("   %.3f +- %.3f\n", score.mean, score.deviation);
    return score;
}

int main(void)
{
    static const candidate_t candidates[] = {
        {"no hidden layer", 0, 0},
        {"4 units", 4, 0},
        {"64 units, dropout 0.3", 64, 0.3},
    };
    enum { CANDIDATES = sizeof candidates / sizeof candidates[0] };
    static float patients[SAMPLES][FEATURES];
    static int32_t ill[SAMPLES];
    const size_t shape[2] = {SAMPLES, FEATURES}, labels_shape[1] = {SAMPLES};
    tensor_t *x = NULL, *y = NULL;
    score_t scores[CANDIDATES];
    size_t best = 0;

    examine(patients, ill);
    check(tensor_borrow_const(NULL, DTYPE_FLOAT32, 2, shape, patients, 0, &x, &error));
    check(tensor_borrow_const(NULL, DTYPE_INT32, 1, labels_shape, ill, 0, &y, &error));
    printf("accuracy on each fold of %d of %d patients, and their mean\n", SAMPLES / FOLDS,
           SAMPLES);
    for (size_t i = 0; i < CANDIDATES; i++) {
        scores[i] = test(&candidates[i], x, y);
        if (scores[i].mean > scores[best].mean)
            best = i;
    }
    printf("\nbest: %s; for use, train it on all patients\n", candidates[best].name);
    tensor_free(y);
    tensor_free(x);
    if (best == 0 || !(scores[best].mean > scores[0].mean + 0.1)) {
        fprintf(stderr, "cross_validation: a hidden layer was expected to win\n");
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
