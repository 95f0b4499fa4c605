/* One thread trains, many threads predict with what was published last: no lock, no allocation and
 * no wait on their side.
 *
 * Shows predictor_refresh and model_blend. There are two models besides the one that is trained.
 * One of them is published; the writer copies the trained weights into the other, when no reader
 * uses it any more, and publishes that. A reader says which of the two it uses, looks again whether
 * that is still the published one, and brings its own predictor up to date if its weights are new.
 *
 * SPDX-License-Identifier: MIT */
#include <dlcore.h>

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { READERS = 4, SAMPLES = 4096, EPOCHS = 15, NONE = -1 };

static model_t *published_models[2];
static atomic_int published;      /* which of them readers use */
static atomic_int using[READERS]; /* which of them each one uses now, or NONE */
static atomic_bool stopping;

static void check(dlcore_status status, const char *message)
{
    if (status == DLCORE_OK)
        return;
    fprintf(stderr, "many_readers: %s: %s\n", dlcore_status_name(status), message);
    exit(EXIT_FAILURE);
}

/* ---- a reader ---- */

typedef struct reader {
    int number;
    predictor_t *predictors[2]; /* its own, of each model */
    size_t calls, refreshed;
    float worst; /* error since it last took new weights */
    pthread_t thread;
} reader_t;

/* Takes hold of the published model: from here on the writer does not touch it. */
static int enter(const reader_t *reader)
{
    int which;

    do {
        which = atomic_load(&published);
        atomic_store(&using[reader->number], which);
    } while (which != atomic_load(&published));
    return which;
}

static float predict(reader_t *reader, float x)
{
    int which = enter(reader);
    predictor_t *predictor = reader->predictors[which];
    float y = NAN;

    if (predictor_run(predictor, &x, 1, &y) == DLCORE_ERROR_STATE) { /* its weights are new */
        predictor_refresh(predictor);
        predictor_run(predictor, &x, 1, &y);
        reader->refreshed++;
        reader->worst = 0;
    }
    atomic_store(&using[reader->number], NONE);
    return y;
}

static void *read_on(void *argument)
{
    reader_t *reader = argument;

    while (!atomic_load(&stopping)) {
        float x = (float)(reader->calls++ % 100) / 100 - 0.5F;

        reader->worst = fmaxf(reader->worst, fabsf(predict(reader, x) - x * x));
    }
    return NULL;
}

/* ---- the writer ---- */

static bool is_used(int which)
{
    for (int i = 0; i < READERS; i++)
        if (atomic_load(&using[i]) == which)
            return true;
    return false;
}

static void publish(const model_t *trained)
{
    int other = 1 - atomic_load(&published);

    while (is_used(other)) /* a reader that began before the last swap */
        sched_yield();
    check(model_blend(published_models[other], trained, 1.0), "blend");
    atomic_store(&published, other);
}

static model_t *make_network(void)
{
    model_options_t options = model_options_default();
    optimizer_t adam = optimizer_adam();
    model_t *network = NULL;

    options.threads = 1; /* the other CPUs belong to the readers */
    check(model_create(&options, &network), "create");
    check(model_add(network, layer_dense(32, ACTIVATION_TANH)), model_error(network));
    check(model_add(network, layer_dense(1, ACTIVATION_LINEAR)), model_error(network));
    adam.learning_rate = 0.01;
    check(model_compile(network, &adam, LOSS_MEAN_SQUARED_ERROR, METRIC_NONE),
          model_error(network));
    check(model_build(network, 1), model_error(network));
    return network;
}

int main(void)
{
    static float inputs[SAMPLES], outputs[SAMPLES];
    static reader_t readers[READERS];
    const size_t shape[2] = {SAMPLES, 1};
    fit_options_t how = fit_options_default();
    model_t *network = make_network();
    tensor_t *x = NULL, *y = NULL;
    size_t calls = 0;
    bool succeeded = true;

    for (int i = 0; i < SAMPLES; i++) {
        inputs[i] = (float)i / (float)SAMPLES - 0.5F;
        outputs[i] = inputs[i] * inputs[i];
    }
    check(tensor_borrow_const(NULL, DTYPE_FLOAT32, 2, shape, inputs, 0, &x, NULL), "x");
    check(tensor_borrow_const(NULL, DTYPE_FLOAT32, 2, shape, outputs, 0, &y, NULL), "y");
    for (int which = 0; which < 2; which++)
        check(model_clone(network, &published_models[which]), "clone");
    for (int i = 0; i < READERS; i++) {
        readers[i].number = i;
        atomic_init(&using[i], NONE);
        for (int which = 0; which < 2; which++)
            check(predictor_create(published_models[which], NULL, &readers[i].predictors[which]),
                  "predictor");
    }
    for (int i = 0; i < READERS; i++)
        if (pthread_create(&readers[i].thread, NULL, read_on, &readers[i]) != 0)
            return EXIT_FAILURE;

    for (int epoch = 0; epoch < EPOCHS; epoch++) {
        check(model_fit(network, x, y, &how, NULL), model_error(network));
        publish(network);
    }
    atomic_store(&stopping, true);
    for (int i = 0; i < READERS; i++) {
        float off;

        pthread_join(readers[i].thread, NULL);
        off = fabsf(predict(&readers[i], 0.4F) - 0.16F); /* with the last weights */
        succeeded = succeeded && off < 0.1F;
        calls += readers[i].calls;
        for (int which = 0; which < 2; which++)
            predictor_free(readers[i].predictors[which]);
    }
    printf("%zu predictions by %d readers while %d epochs were trained\n", calls, READERS, EPOCHS);
    for (int which = 0; which < 2; which++)
        model_free(published_models[which]);
    model_free(network);
    tensor_free(x);
    tensor_free(y);
    return succeeded ? EXIT_SUCCESS : EXIT_FAILURE;
}
