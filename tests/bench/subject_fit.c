/* Training: calls of model_fit, so that shuffling, gathering and the turn of an epoch are in the
 * time, as a user has them.
 *
 * SPDX-License-Identifier: MIT */
#include "bench/subject.h"
#include "bench/support.h"

#define QUICK_OPERATIONS 1e7 /* of a step: with more, a quick epoch has two batches */

typedef struct training {
    dlcore_model_t *model;
    dlcore_tensor_t *x;
    dlcore_tensor_t *y;
    bool borrowed; /* x and y belong to somebody else */
    dlcore_fit_options_t options;
} training_t;

static void run(void *state, size_t epochs)
{
    training_t *training = state;

    training->options.epochs = epochs;
    bench_check(
        dlcore_model_fit(training->model, training->x, training->y, &training->options, NULL),
        dlcore_model_error(training->model));
}

void bench_subject_watch(const bench_subject_t *subject, const dlcore_callback_t *callback)
{
    training_t *training = subject->contender.state;

    training->options.callbacks = callback;
    training->options.callback_count = 1;
    run(training, 1000000);
    training->options.callback_count = 0;
}

static void release(void *state)
{
    training_t *training = state;

    dlcore_model_free(training->model);
    if (!training->borrowed) {
        dlcore_tensor_free(training->x);
        dlcore_tensor_free(training->y);
    }
    bench_release(training);
}

static dlcore_tensor_t *make_tensor(size_t rows, size_t columns)
{
    dlcore_tensor_t *tensor = NULL;
    dlcore_error_record_t error = {0};

    bench_check(dlcore_tensor_create(NULL, DLCORE_DTYPE_FLOAT32, 2, (size_t[]){rows, columns},
                                     &tensor, &error),
                error.message);
    return tensor;
}

/* Labels without a pattern in the features: training goes on however long it is measured. */
static void fill_labels(const bench_case_t *which, float *y, size_t rows, size_t columns)
{
    size_t row;
    size_t i;

    bench_fill(y, rows * columns, 1.0f, 2);
    if (which->head == BENCH_YES_OR_NO)
        for (i = 0; i < rows * columns; i++)
            y[i] = y[i] > 0 ? 1.0f : 0.0f;
    if (which->head == BENCH_CLASSES)
        for (row = 0; row < rows; row++)
            for (i = 0; i < columns; i++)
                y[row * columns + i] = i == (row * 7 + row / 11) % columns ? 1.0f : 0.0f;
}

static training_t *make_training(const bench_case_t *which, dlcore_model_t *model)
{
    training_t *training = bench_allocate(1, sizeof *training);

    training->model = model;
    training->options = dlcore_fit_options_default();
    training->options.batch_size = which->batch;
    return training;
}

bench_subject_t bench_subject_train(const bench_case_t *which, dlcore_engine_t engine,
                                    size_t threads, bool quick)
{
    return bench_subject_train_model(which, bench_case_model(which, engine, threads), quick);
}

bench_subject_t bench_subject_train_model(const bench_case_t *which, dlcore_model_t *model,
                                          bool quick)
{
    training_t *training = make_training(which, model);
    const bool few = quick && bench_case_operations(which, which->batch) > QUICK_OPERATIONS;
    const size_t batches = few && which->batches > 2 ? 2 : which->batches;
    const size_t rows = batches * which->batch;
    const size_t outputs = which->widths[bench_case_layers(which)];

    training->x = make_tensor(rows, which->widths[0]);
    training->y = make_tensor(rows, outputs);
    bench_fill(dlcore_tensor_data(training->x), rows * which->widths[0], 1.0f, 1);
    fill_labels(which, dlcore_tensor_data(training->y), rows, outputs);
    return (bench_subject_t){
        .contender = {.run = run, .state = training},
        .free = release,
        .model = training->model,
        .steps = batches,
        .rows = which->batch,
    };
}

bench_subject_t bench_subject_epoch(const bench_case_t *which, dlcore_engine_t engine,
                                    size_t threads, const bench_mnist_t *mnist)
{
    training_t *training = make_training(which, bench_case_model(which, engine, threads));

    training->x = mnist->images;
    training->y = mnist->one_hot;
    training->borrowed = true;
    return (bench_subject_t){
        .contender = {.run = run, .state = training},
        .free = release,
        .model = training->model,
        .steps = 1,
        .rows = dlcore_tensor_length(mnist->images, 0),
    };
}

/* ---- a whole training ---- */

typedef struct recipe {
    const bench_case_t *which;
    dlcore_engine_t engine;
    size_t threads;
    training_t *training; /* whose model is made anew each time, which is in the time */
} recipe_t;

static void run_recipe(void *state, size_t count)
{
    recipe_t *recipe = state;

    for (; count > 0; count--) {
        dlcore_model_free(recipe->training->model);
        recipe->training->model = bench_case_model(recipe->which, recipe->engine, recipe->threads);
        run(recipe->training, bench_case_epochs(recipe->which));
    }
}

static void release_recipe(void *state)
{
    recipe_t *recipe = state;

    release(recipe->training);
    bench_release(recipe);
}

bench_subject_t bench_subject_recipe(const bench_case_t *which, dlcore_engine_t engine,
                                     size_t threads, const bench_mnist_t *mnist)
{
    bench_subject_t epoch = bench_subject_epoch(which, engine, threads, mnist);
    recipe_t *recipe = bench_allocate(1, sizeof *recipe);

    *recipe = (recipe_t){which, engine, threads, epoch.contender.state};
    epoch.contender = (bench_contender_t){.run = run_recipe, .state = recipe};
    epoch.free = release_recipe;
    epoch.rows *= bench_case_epochs(which);
    return epoch;
}
