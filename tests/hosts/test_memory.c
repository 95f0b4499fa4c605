/* Memory of a fit, measured at the allocator: its peak is what parameters, optimizer state and one
 * batch take, and nothing is allocated after the first step.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "dlcore/model.h"
#include "support/classifier.h"
#include "support/failing_allocator.h"
#include "support/sanitizers.h"

/* More than a batch of 128. */
enum { PIXEL_ROWS = EMULATED ? 150 : 1000 };

typedef struct fitting {
    const char *name;
    size_t widths[8]; /* as classifier takes them */
    size_t rows, batch, threads;
    bool pixels;
    dlcore_optimizer_t optimizer;
    size_t optimizer_vectors; /* of state, as long as the parameters */
    bool whole_gradient; /* an update that waits for all of it: clipped as one, or accumulated */
    const dlcore_model_precision_t *precision; /* bfloat16: two copies of half the size */
} fitting_t;

/* --- what a fit may take ------------------------------------------------------------------------
 */

static double parameters(const fitting_t *f)
{
    double count = 0.0;

    for (size_t i = 0; f->widths[i + 1] != 0; i++)
        count += ((double)f->widths[i] + 1.0) * (double)f->widths[i + 1];
    return count;
}

/* Floats of scratch that one thread needs. BLAS: a tile of a kernel gradient, which is the largest
 * kernel but at most 65536. Native: a panel of 32 columns by the widest output but at most 512
 * units, the weights that an input gradient turns round; at least 1024. */
static double scratch(const fitting_t *f, dlcore_engine_t engine)
{
    double kernel = 0.0, widest = 0.0;

    for (size_t i = 0; f->widths[i + 1] != 0; i++) {
        kernel = fmax(kernel, (double)f->widths[i] * (double)f->widths[i + 1]);
        widest = fmax(widest, (double)f->widths[i + 1]);
    }
    return engine == DLCORE_ENGINE_BLAS ? fmin(kernel, 65536.0)
                                        : fmax(32.0 * fmin(widest, 512.0), 1024.0);
}

/* 4 bytes x [ batch x (2 x inputs + every layer's output + 3 x the widest output + 2 labels)
 *             + threads x scratch ]
 *
 * Two batches of inputs and labels, because the next one is gathered while one is trained on. Every
 * output once, for the backward pass. Three gradients of the widest layer: the one that a layer
 * reads, the one it writes, and the one that slower threads still read for the layer above. */
static double batch_bytes(const fitting_t *f, dlcore_engine_t engine)
{
    double outputs = 0.0, widest = 0.0;

    for (size_t i = 1; f->widths[i] != 0; i++) {
        outputs += (double)f->widths[i];
        widest = fmax(widest, (double)f->widths[i]);
    }
    return 4.0 * ((double)f->batch * (2.0 * (double)f->widths[0] + outputs + 3.0 * widest + 2.0) +
                  (double)f->threads * scratch(f, engine));
}

/* As long as the parameters: themselves, the optimizer's state, a gradient, copies in bfloat16. */
static double vectors(const fitting_t *f)
{
    return 1.0 + (double)f->optimizer_vectors + (f->whole_gradient ? 1.0 : 0.0) +
           (f->precision != NULL ? 1.0 : 0.0);
}

/* 8 bytes a sample are the order of an epoch. */
static double fair_bytes(const fitting_t *f, dlcore_engine_t engine)
{
    return 4.0 * parameters(f) * vectors(f) + batch_bytes(f, engine) + 8.0 * (double)f->rows;
}

/* --- what it takes ------------------------------------------------------------------------------
 */

/* The number of allocations at the end of the first step, and of later steps that saw another. */
typedef struct watch {
    const failing_allocator_t *memory;
    size_t calls, steps, more;
} watch_t;

static dlcore_callback_action_t see_calls(void *user, const dlcore_training_event_t *event)
{
    watch_t *watch = user;

    if (event->epoch == 0 && event->batch == 0)
        watch->calls = watch->memory->calls;
    else if (watch->memory->calls != watch->calls)
        watch->more++;
    watch->steps++;
    return DLCORE_CALLBACK_CONTINUE;
}

static watch_t fit(const fitting_t *f, dlcore_engine_t engine, size_t epochs,
                   failing_allocator_t *memory)
{
    size_t inputs = f->widths[0];
    samples_t samples =
        f->pixels ? samples_of_pixels(f->rows, inputs, 10) : samples_of_floats(f->rows, inputs, 10);
    dlcore_model_options_t options = engine_options(engine, f->threads);
    dlcore_fit_options_t how = batches_of(f->batch);
    watch_t watch = {.memory = memory};
    dlcore_callback_t callback = {.user = &watch, .on_batch_end = see_calls};
    dlcore_model_t *model;

    failing_allocator_init(memory);
    options.allocator = failing_allocator(memory);
    options.precision = f->precision;
    how.epochs = epochs;
    how.callbacks = &callback;
    how.callback_count = 1;
    model = classifier(&options, f->widths, f->optimizer);
    assert_non_null(model);
    assert_int_equal(dlcore_model_fit(model, samples.x, samples.y, &how, NULL), DLCORE_OK);
    dlcore_model_free(model);
    failing_allocator_assert_clean(memory);
    samples_free(samples);
    return watch;
}

static void check_peak(const fitting_t *f)
{
    failing_allocator_t memory;

    for (size_t i = 0; i < ENGINES; i++) {
        double fair = fair_bytes(f, engines[i]);

        if (!engine_is_here(engines[i]))
            continue;
        fit(f, engines[i], 1, &memory);
        print_message("%s%s, %s: %zu bytes, %.3f of what is fair\n", f->name,
                      f->precision != NULL ? ", bfloat16" : "", engine_name(engines[i]),
                      memory.peak_bytes, (double)memory.peak_bytes / fair);
        assert_true((double)memory.peak_bytes <= 1.1 * fair);
        /* and it went through this allocator */
        assert_true((double)memory.peak_bytes > 4.0 * parameters(f) * vectors(f));
    }
}

static void test_memory_peak_of_the_reference_network_is_what_it_needs(void **state)
{
    fitting_t f = {.name = "784-512-10 rmsprop",
                   .widths = {784, 512, 10},
                   .rows = PIXEL_ROWS,
                   .batch = 128,
                   .threads = 1,
                   .pixels = true,
                   .optimizer = dlcore_optimizer_rmsprop(),
                   .optimizer_vectors = 1};

    (void)state;
    check_peak(&f);
    f.threads = 2;
    check_peak(&f);
    f.name = "784-512-10 sgd";
    f.optimizer = dlcore_optimizer_sgd();
    f.optimizer_vectors = 0;
    check_peak(&f);
}

static void test_memory_peak_of_a_wide_network_is_what_it_needs(void **state)
{
    fitting_t f = {.name = "3 x 1024",
                   .widths = {1024, 1024, 1024, 1024},
                   .rows = 300,
                   .batch = 256,
                   .threads = 2,
                   .optimizer = dlcore_optimizer_rmsprop(),
                   .optimizer_vectors = 1};

    (void)state;
    check_peak(&f);
}

/* Scratch must not grow with the inputs: with few units it would be as large as the model. */
static void test_memory_peak_of_many_inputs_into_few_units_is_what_it_needs(void **state)
{
    fitting_t f = {.name = "4096-64-10",
                   .widths = {4096, 64, 10},
                   .rows = 100,
                   .batch = 32,
                   .threads = 1,
                   .pixels = true,
                   .optimizer = dlcore_optimizer_rmsprop(),
                   .optimizer_vectors = 1};

    (void)state;
    check_peak(&f);
}

/* The 8 bytes a sample show where samples are many and small. */
static void test_memory_peak_of_many_samples_is_eight_bytes_each(void **state)
{
    fitting_t f = {.name = "8-8-10, 100000 samples",
                   .widths = {8, 8, 10},
                   .rows = 100000,
                   .batch = 32,
                   .threads = 1,
                   .optimizer = dlcore_optimizer_rmsprop(),
                   .optimizer_vectors = 1};

    (void)state;
    check_peak(&f);
}

static void test_memory_peak_of_every_way_to_update_is_what_it_needs(void **state)
{
    fitting_t f = {.widths = {784, 512, 10}, .rows = PIXEL_ROWS, .batch = 128, .pixels = true};
    const dlcore_model_precision_t *const precisions[] = {NULL, DLCORE_PRECISION_BFLOAT16};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        f.threads = i / 2 + 1;
        f.precision = precisions[i % 2];
        f.name = "784-512-10 adam";
        f.optimizer = dlcore_optimizer_adam();
        f.optimizer_vectors = 2;
        f.whole_gradient = false;
        check_peak(&f);
        f.name = "784-512-10 adam, global_clipnorm";
        f.optimizer.global_clipnorm = 1.0;
        f.whole_gradient = true;
        check_peak(&f);
        f.name = "784-512-10 sgd, 2 steps accumulated";
        f.optimizer = dlcore_optimizer_sgd();
        f.optimizer.gradient_accumulation_steps = 2;
        f.optimizer_vectors = 0;
        check_peak(&f);
    }
}

static void test_memory_is_not_allocated_after_the_first_step(void **state)
{
    fitting_t f = {.name = "300-200-10",
                   .widths = {300, 200, 10},
                   .rows = 200,
                   .batch = 64,
                   .optimizer = dlcore_optimizer_rmsprop()};
    static const size_t threads[] = {0, 1, 4};
    failing_allocator_t memory;

    (void)state;
    for (size_t i = 0; i < ENGINES; i++) {
        if (!engine_is_here(engines[i]))
            continue;
        for (size_t t = 0; t < sizeof threads / sizeof threads[0]; t++) {
            watch_t watch;

            f.threads = threads[t];
            watch = fit(&f, engines[i], 3, &memory);
            assert_int_equal(watch.steps, 3 * 4);
            assert_int_equal(watch.more, 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_peak_of_the_reference_network_is_what_it_needs),
        cmocka_unit_test(test_memory_peak_of_a_wide_network_is_what_it_needs),
        cmocka_unit_test(test_memory_peak_of_many_inputs_into_few_units_is_what_it_needs),
        cmocka_unit_test(test_memory_peak_of_many_samples_is_eight_bytes_each),
        cmocka_unit_test(test_memory_peak_of_every_way_to_update_is_what_it_needs),
        cmocka_unit_test(test_memory_is_not_allocated_after_the_first_step),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
