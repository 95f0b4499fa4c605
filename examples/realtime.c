/* Training beside a real-time thread: one thread trains, another predicts all the time and never
 * waits, locks, allocates or frees.
 *
 * Shows the hand-over. After each epoch the training thread clones the model, makes a predictor of
 * the clone and puts both into `offered`. The real-time thread takes what is offered by one atomic
 * exchange, uses it from then on, and puts what it used before into `returned`, which the training
 * thread frees. The clone is never written, so its predictor never becomes stale.
 *
 * SPDX-License-Identifier: MIT */
#include <dlcore.h>

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define SAMPLES 20000
#define EPOCHS 20

/* A model that nobody changes any more, and its predictor. */
typedef struct snapshot {
    model_t *network;
    predictor_t *predictor;
    int epoch;
} snapshot_t;

static _Atomic(snapshot_t *) offered;  /* training thread -> real-time thread */
static _Atomic(snapshot_t *) returned; /* real-time thread -> training thread */
static atomic_bool stopping;

static model_t *network;
static error_record_t error; /* of all calls that do not change the model */

static void check(dlcore_status status)
{
    if (status == DLCORE_OK)
        return;
    fprintf(stderr, "realtime: %s: %s\n", dlcore_status_name(status),
            error.status == status ? error.message : model_error(network));
    exit(EXIT_FAILURE);
}

/* ---- the training thread's side ---- */

static void free_snapshot(snapshot_t *snapshot)
{
    if (snapshot == NULL)
        return;
    predictor_free(snapshot->predictor); /* before the model that it borrows */
    model_free(snapshot->network);
    free(snapshot);
}

static void offer_snapshot(int epoch)
{
    snapshot_t *snapshot = calloc(1, sizeof *snapshot);
    predictor_options_t options = predictor_options_default();

    if (snapshot == NULL)
        exit(EXIT_FAILURE);
    check(model_clone(network, &snapshot->network));
    options.error = &error;
    check(predictor_create(snapshot->network, &options, &snapshot->predictor));
    snapshot->epoch = epoch;
    free_snapshot(atomic_exchange(&offered, snapshot)); /* one that was never taken */
    free_snapshot(atomic_exchange(&returned, NULL));    /* one that is not used any more */
}

/* ---- the real-time thread ---- */

typedef struct report {
    size_t calls, swaps;
    float worst; /* error of the last snapshot */
    snapshot_t *last;
} report_t;

/* Called for each block of work, such as an audio callback. */
static float error_at(predictor_t *predictor, float x)
{
    float y = 0;

    return predictor_run(predictor, &x, 1, &y) == DLCORE_OK ? fabsf(y - x * x) : HUGE_VALF;
}

static void *run_realtime(void *argument)
{
    report_t *report = argument;
    snapshot_t *snapshot = NULL;

    while (!atomic_load(&stopping) || atomic_load(&offered) != NULL) {
        /* Only when the last one has been collected: there is one place to put the next. */
        if (atomic_load(&returned) == NULL) {
            snapshot_t *fresh = atomic_exchange(&offered, NULL);

            if (fresh != NULL) {
                if (snapshot != NULL)
                    atomic_store(&returned, snapshot);
                snapshot = fresh;
                report->worst = 0;
                report->swaps++;
            }
        }
        if (snapshot != NULL) {
            float off = error_at(snapshot->predictor, (float)(report->calls % 100) / 100 - 0.5F);

            report->worst = fmaxf(report->worst, off);
            report->calls++;
        }
    }
    report->last = snapshot;
    return NULL;
}

/* ---- both ---- */

static void make_network(void)
{
    optimizer_t adam = optimizer_adam();
    model_options_t options = model_options_default();

    options.error = &error;
    options.threads = 1; /* the other CPU belongs to the real-time thread */
    check(model_create(&options, &network));
    check(model_add(network, layer_dense(32, ACTIVATION_TANH)));
    check(model_add(network, layer_dense(1, ACTIVATION_LINEAR)));
    adam.learning_rate = 0.01;
    check(model_compile(network, &adam, LOSS_MEAN_SQUARED_ERROR, METRIC_NONE));
    check(model_build(network, 1));
}

int main(void)
{
    static float inputs[SAMPLES], outputs[SAMPLES];
    const size_t shape[2] = {SAMPLES, 1};
    fit_options_t how = fit_options_default();
    tensor_t *x = NULL, *y = NULL;
    report_t report = {0};
    bool succeeded;
    pthread_t thread;

    for (int i = 0; i < SAMPLES; i++) {
        inputs[i] = (float)i / SAMPLES - 0.5F;
        outputs[i] = inputs[i] * inputs[i];
    }
    check(tensor_borrow_const(NULL, DTYPE_FLOAT32, 2, shape, inputs, 0, &x, &error));
    check(tensor_borrow_const(NULL, DTYPE_FLOAT32, 2, shape, outputs, 0, &y, &error));
    make_network();
    offer_snapshot(0);
    if (pthread_create(&thread, NULL, run_realtime, &report) != 0)
        return EXIT_FAILURE;

    how.epochs = 1;
    for (int epoch = 1; epoch <= EPOCHS; epoch++) {
        check(model_fit(network, x, y, &how, NULL));
        offer_snapshot(epoch);
    }
    atomic_store(&stopping, true);
    while (atomic_load(&offered) != NULL) /* the last one is to be taken, too */
        free_snapshot(atomic_exchange(&returned, NULL));
    pthread_join(thread, NULL);

    printf(
        "%zu predictions while %d epochs were trained; %zu snapshots used, the last of epoch %d\n",
        report.calls, EPOCHS, report.swaps, report.last->epoch);
    succeeded = report.last->epoch == EPOCHS && isfinite(report.worst);
    free_snapshot(report.last);
    free_snapshot(atomic_load(&returned));
    tensor_free(y);
    tensor_free(x);
    model_free(network);
    return succeeded ? EXIT_SUCCESS : EXIT_FAILURE;
}
