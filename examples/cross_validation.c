/* Cross-validation: which of three networks, when there are few samples.
 *
 * Shows cross_validate: each network is trained five times, each time without another fifth of the
 * samples, on which it is then tested, so that every sample is tested once. One split would leave
 * it to chance who wins: the deviation between folds says how much. What is learnt from the data,
 * here means and deviations of the features, is learnt anew in each fold from its training part
 * (`adapt`); from all samples it would give a glimpse of the test. Folds are trained at the same
 * time, as many as there are CPUs.
 *
 * SPDX-License-Identifier: MIT */
#include <dlcore.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { SAMPLES = 240, FEATURES = 6, FOLDS = 5 };

static error_record_t error; /* of calls without a model, or that only read one */

static void check(dlcore_status status, const char *message)
{
    if (status == DLCORE_OK)
        return;
    fprintf(stderr, "cross_validation: %s: %s\n", dlcore_status_name(status), message);
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

/* A network with a hidden layer of so many units, or without one. */
static model_t *create(size_t units, double dropout)
{
    optimizer_t adam = optimizer_adam();
    model_t *network = NULL;

    adam.learning_rate = 0.01;
    check(model_create(NULL, &network), "no memory");
    model_add(network, layer_normalization());
    if (units > 0) {
        model_add(network, layer_dense(units, ACTIVATION_RELU));
        model_add(network, layer_dropout(dropout));
    }
    model_add(network, layer_dense(1, ACTIVATION_SIGMOID));
    check(model_compile(network, &adam, LOSS_BINARY_CROSSENTROPY, METRIC_ACCURACY),
          model_error(network));
    return network;
}

int main(void)
{
    enum { CANDIDATES = 3 };
    static float patients[SAMPLES][FEATURES];
    static int32_t ill[SAMPLES];
    const size_t shape[2] = {SAMPLES, FEATURES}, labels_shape[1] = {SAMPLES};
    model_t *const networks[CANDIDATES] = {create(0, 0), create(4, 0), create(64, 0.3)};
    fit_options_t fit = fit_options_default();
    const cross_candidate_t candidates[CANDIDATES] = {
        {"no hidden layer", networks[0], &fit},
        {"4 units", networks[1], &fit},
        {"64 units, dropout 0.3", networks[2], &fit},
    };
    cross_validate_options_t how = cross_validate_options_default();
    cross_validation_t *table = NULL;
    tensor_t *x = NULL, *y = NULL;
    size_t best;
    double gain;

    examine(patients, ill);
    check(tensor_borrow_const(NULL, DTYPE_FLOAT32, 2, shape, patients, 0, &x, &error),
          error.message);
    check(tensor_borrow_const(NULL, DTYPE_INT32, 1, labels_shape, ill, 0, &y, &error),
          error.message);
    fit.epochs = 60;
    how.folds.folds = FOLDS;
    how.folds.shuffle = true;
    how.adapt = true;
    how.error = &error;
    check(cross_validate(candidates, CANDIDATES, x, y, &how, &table), error.message);
    printf("means and deviations over %d folds of %d of %d patients\n\n", FOLDS, SAMPLES / FOLDS,
           SAMPLES);
    check(cross_validation_print(table, stdout, &error), error.message);
    best = cross_validation_best(table, "accuracy", true);
    gain = cross_validation_mean(table, best, "accuracy") -
           cross_validation_mean(table, 0, "accuracy");
    printf("\nbest: %s; for use, train it on all patients\n", candidates[best].name);
    cross_validation_free(table);
    for (size_t i = 0; i < CANDIDATES; i++)
        model_free(networks[i]);
    tensor_free(y);
    tensor_free(x);
    if (!(gain > 0.1)) {
        fprintf(stderr, "cross_validation: a hidden layer was expected to win\n");
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
