/* What model_check finds, each beside a model or data that differ in that alone and are found
 * clean.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore/check.h"
#include "model/check.h"
#include "support/failing_allocator.h"
#include "support/random_numbers.h"
#include "support/tensors.h"

enum { ROWS = 400, INPUTS = 4 };

static float x_numbers[ROWS * INPUTS], y_numbers[ROWS * 3];
static int32_t y_classes[ROWS];
static dlcore_findings_t findings;

/* Data that are as they should be: normal numbers, and as many samples of each class. */
static int fill(void **state)
{
    (void)state;
    random_seed(20261129);
    for (size_t i = 0; i < ROWS * INPUTS; i++)
        x_numbers[i] = (float)random_normal();
    for (size_t i = 0; i < ROWS; i++) {
        y_classes[i] = (int32_t)(i * 7 % 3);
        for (int32_t c = 0; c < 3; c++)
            y_numbers[3 * i + (size_t)c] = y_classes[i] == c ? 1.0f : 0.0f;
    }
    return 0;
}

static dlcore_layer_t with_inputs(dlcore_layer_t layer)
{
    layer.input_width = INPUTS;
    return layer;
}

/* A model of those layers; the last of them has kind UNKNOWN. */
static dlcore_model_t *model_with(dlcore_engine_t engine, const dlcore_layer_t *layers,
                                  dlcore_loss_t loss, const dlcore_optimizer_t *optimizer)
{
    dlcore_compile_options_t options = dlcore_compile_options_default();
    dlcore_model_options_t how = dlcore_model_options_default();
    dlcore_model_t *model = NULL;

    how.engine = engine;
    assert_int_equal(dlcore_model_create(&how, &model), DLCORE_OK);
    for (; layers->kind != DLCORE_LAYER_UNKNOWN; layers++)
        assert_int_equal(dlcore_model_add(model, *layers), DLCORE_OK);
    options.loss = loss;
    options.optimizer = optimizer != NULL ? *optimizer : dlcore_optimizer_adam();
    assert_int_equal(dlcore_model_compile_with(model, &options), DLCORE_OK);
    return model;
}

static dlcore_model_t *model_of(const dlcore_layer_t *layers, dlcore_loss_t loss,
                                const dlcore_optimizer_t *optimizer)
{
    return model_with(DLCORE_ENGINE_AUTO, layers, loss, optimizer);
}

static dlcore_model_t *two_layers(dlcore_activation_t hidden, size_t units,
                                  dlcore_activation_t last, dlcore_loss_t loss)
{
    const dlcore_layer_t layers[] = {with_inputs(dlcore_layer_dense(16, hidden)),
                                     dlcore_layer_dense(units, last),
                                     {.kind = DLCORE_LAYER_UNKNOWN}};

    return model_of(layers, loss, NULL);
}

static dlcore_model_t *classifier(void)
{
    return two_layers(DLCORE_ACTIVATION_RELU, 3, DLCORE_ACTIVATION_SOFTMAX,
                      dlcore_loss_sparse_categorical_crossentropy());
}

static dlcore_model_t *regression(dlcore_activation_t last)
{
    return two_layers(DLCORE_ACTIVATION_RELU, 1, last, dlcore_loss_mean_squared_error());
}

static const dlcore_finding_t *find(dlcore_finding_kind_t kind)
{
    for (size_t i = 0; i < findings.count; i++)
        if (findings.list[i].kind == kind)
            return &findings.list[i];
    return NULL;
}

static bool tells(dlcore_finding_kind_t kind, const char *text)
{
    const dlcore_finding_t *found = find(kind);

    return found != NULL && strstr(found->text, text) != NULL;
}

static void look(const dlcore_model_t *model, const dlcore_tensor_t *x, const dlcore_tensor_t *y)
{
    dlcore_error_record_t error = {.message = ""};

    if (dlcore_model_check(model, x, y, &findings, &error) != DLCORE_OK)
        fail_msg("%s", error.message);
}

static void assert_clean(const dlcore_model_t *model, const dlcore_tensor_t *x,
                         const dlcore_tensor_t *y)
{
    look(model, x, y);
    if (findings.count > 0)
        fail_msg("%d: %s", (int)findings.list[0].kind, findings.list[0].text);
}

/* That finding, and no other. */
static void assert_only(const dlcore_model_t *model, const dlcore_tensor_t *x,
                        const dlcore_tensor_t *y, dlcore_finding_kind_t kind, const char *text)
{
    look(model, x, y);
    for (size_t i = 0; i < findings.count; i++)
        if (findings.list[i].kind != kind)
            fail_msg("%d: %s", (int)findings.list[i].kind, findings.list[i].text);
    if (findings.count != 1 || strstr(findings.list[0].text, text) == NULL)
        fail_msg("not \"%s\" but \"%s\"", text, findings.count > 0 ? findings.list[0].text : "");
}

static dlcore_tensor_t *features(void)
{
    return tensor_of_floats(SHAPE(ROWS, INPUTS), x_numbers);
}

static dlcore_tensor_t *classes(void)
{
    return tensor_of_ints(SHAPE(ROWS), y_classes);
}

static dlcore_tensor_t *one_hot(void)
{
    return tensor_of_floats(SHAPE(ROWS, 3), y_numbers);
}

/* Numbers of a regression: low + the sample's class. */
static dlcore_tensor_t *values(float low)
{
    float numbers[ROWS];

    for (size_t i = 0; i < ROWS; i++)
        numbers[i] = low + (float)y_classes[i] + 0.25f * x_numbers[INPUTS * i];
    return tensor_of_floats(SHAPE(ROWS), numbers);
}

static void test_check_of_what_is_usual_finds_nothing(void **state)
{
    dlcore_tensor_t *x = features(), *y = classes();
    dlcore_model_t *model = classifier();

    (void)state;
    assert_clean(model, x, y);
    assert_clean(model, x, NULL);
    assert_clean(model, NULL, y);
    assert_clean(model, NULL, NULL);
    dlcore_model_free(model);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
}

/* A column of x made by a function of the sample. */
static void assert_column(float (*number)(size_t row), dlcore_finding_kind_t kind, const char *text)
{
    dlcore_tensor_t *x = features(), *y = classes();
    dlcore_model_t *model = classifier();
    float *numbers = dlcore_tensor_data(x);

    for (size_t i = 0; i < ROWS; i++)
        numbers[INPUTS * i + 2] = number(i);
    assert_only(model, x, y, kind, text);
    assert_int_equal(findings.list[0].layer, DLCORE_FINDING_NOWHERE);
    assert_int_equal(findings.list[0].column, 2);
    dlcore_model_free(model);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
}

static float constant(size_t row)
{
    (void)row;
    return 7.0f;
}

static float label(size_t row)
{
    return (float)y_classes[row];
}

static float index_of(size_t row)
{
    return (float)row / 1.0f + 1.0f;
}

static float income(size_t row)
{
    return 40000.0f + 20000.0f * x_numbers[INPUTS * row];
}

static float not_a_number(size_t row)
{
    return row == 0 ? (float)NAN : 1.0f;
}

static void test_check_of_columns_finds_the_odd_one(void **state)
{
    (void)state;
    assert_column(constant, DLCORE_FINDING_FEATURE_CONSTANT,
                  "column 2 of x is 7 in all 400 samples: it");
    assert_column(label, DLCORE_FINDING_FEATURE_IS_LABEL, "column 2 of x is the label");
    assert_column(not_a_number, DLCORE_FINDING_DATA_NOT_FINITE, "x is NaN: number 2 of sample 0");
}

static void test_check_of_samples_that_are_all_the_same_says_so(void **state)
{
    float numbers[ROWS * INPUTS];
    dlcore_model_t *model = classifier();
    dlcore_tensor_t *x;

    (void)state;
    for (size_t i = 0; i < ROWS * INPUTS; i++)
        numbers[i] = i % INPUTS == 0 ? 0.0f : 0.5f;
    x = tensor_of_floats(SHAPE(ROWS, INPUTS), numbers);
    look(model, x, NULL); /* that units are dead may be found, too */
    assert_true(tells(DLCORE_FINDING_FEATURE_CONSTANT, "x is the same in all 400 samples"));
    dlcore_model_free(model);
    dlcore_tensor_free(x);
}

static void test_check_of_an_index_column_finds_it(void **state)
{
    dlcore_tensor_t *x = features(), *y = classes();
    dlcore_model_t *model = classifier();
    float *numbers = dlcore_tensor_data(x);

    (void)state;
    for (size_t i = 0; i < ROWS; i++)
        numbers[INPUTS * i] = index_of(i);
    look(model, x, y);
    assert_true(tells(DLCORE_FINDING_FEATURE_IS_INDEX, "column 0 of x counts the samples from 1"));
    dlcore_model_free(model);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
}

static void test_check_of_scales_finds_those_apart_unless_layers_normalize(void **state)
{
    static const dlcore_layer_kind_t kinds[] = {DLCORE_LAYER_UNKNOWN, DLCORE_LAYER_NORMALIZATION,
                                                DLCORE_LAYER_BATCH_NORMALIZATION,
                                                DLCORE_LAYER_LAYER_NORMALIZATION};
    dlcore_tensor_t *x = features();
    float *numbers = dlcore_tensor_data(x);

    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        numbers[INPUTS * i + 1] = income(i);
        for (size_t c = 2; c < INPUTS; c++)
            numbers[INPUTS * i + c] *= 0.5f;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        dlcore_layer_t first = {.kind = kinds[i]};
        dlcore_layer_t layers[] = {dlcore_layer_flatten(),
                                   first,
                                   dlcore_layer_dense(3, DLCORE_ACTIVATION_SOFTMAX),
                                   {.kind = DLCORE_LAYER_UNKNOWN}};
        dlcore_model_t *model;

        if (kinds[i] == DLCORE_LAYER_NORMALIZATION)
            layers[1] = dlcore_layer_normalization();
        else if (kinds[i] == DLCORE_LAYER_BATCH_NORMALIZATION)
            layers[1] = dlcore_layer_batch_normalization();
        else if (kinds[i] == DLCORE_LAYER_LAYER_NORMALIZATION)
            layers[1] = dlcore_layer_layer_normalization();
        else
            layers[1] = dlcore_layer_flatten();
        layers[0].input_width = INPUTS;
        model = model_of(layers, dlcore_loss_sparse_categorical_crossentropy(), NULL);
        if (kinds[i] == DLCORE_LAYER_NORMALIZATION)
            assert_int_equal(dlcore_model_adapt(model, 1, x), DLCORE_OK);
        if (i == 0)
            assert_only(model, x, NULL, DLCORE_FINDING_FEATURES_UNSCALED, "columns 1 and ");
        else
            assert_clean(model, x, NULL);
        dlcore_model_free(model);
    }
    dlcore_tensor_free(x);
}

static void test_check_of_pixels_wants_them_rescaled(void **state)
{
    const dlcore_layer_t flatten = dlcore_layer_flatten();
    const struct {
        dlcore_layer_t layers[2];
        const char *found; /* NULL: nothing */
    } cases[] = {
        {{flatten, flatten}, "the first layer gets numbers up to 255"},
        {{dlcore_layer_rescaling(1 / 255.0, 0.0), flatten}, NULL},
        {{dlcore_layer_rescaling(2.0, -100.0), dlcore_layer_rescaling(0.5, 1.0)},
         "the first layer gets numbers up to 206"},
        {{dlcore_layer_rescaling(1.0, -127.5), dlcore_layer_rescaling(1 / 127.5, 0.0)}, NULL},
    };
    uint8_t pixels[ROWS * INPUTS];
    dlcore_tensor_t *x;

    (void)state;
    for (size_t i = 0; i < ROWS * INPUTS; i++)
        pixels[i] = (uint8_t)random_below(256);
    x = tensor_of_bytes(SHAPE(ROWS, INPUTS), pixels);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const dlcore_layer_t layers[] = {with_inputs(cases[i].layers[0]),
                                         cases[i].layers[1],
                                         dlcore_layer_dense(3, DLCORE_ACTIVATION_SOFTMAX),
                                         {.kind = DLCORE_LAYER_UNKNOWN}};
        dlcore_model_t *model =
            model_of(layers, dlcore_loss_sparse_categorical_crossentropy(), NULL);

        if (cases[i].found == NULL)
            assert_clean(model, x, NULL);
        else
            assert_only(model, x, NULL, DLCORE_FINDING_FEATURES_UNSCALED, cases[i].found);
        dlcore_model_free(model);
    }
    dlcore_tensor_free(x);
}

static void test_check_of_classes_finds_constant_missing_and_rare_ones(void **state)
{
    dlcore_tensor_t *x = features(), *y = classes();
    int32_t *numbers = dlcore_tensor_data(y);
    dlcore_model_t *model = classifier();

    (void)state;
    for (size_t i = 0; i < ROWS; i++)
        numbers[i] = (int32_t)(1 + i % 2);
    assert_only(model, x, y, DLCORE_FINDING_CLASS_MISSING,
                "1 of 3 classes have no sample among 400, class 0 for one: classes count from 0");
    assert_int_equal(findings.list[0].column, 0);
    for (size_t i = 0; i < ROWS; i++)
        numbers[i] = i < 9 ? 2 : (int32_t)(i % 2);
    assert_only(model, x, y, DLCORE_FINDING_CLASSES_UNBALANCED, "class 2 9");
    for (size_t i = 0; i < ROWS; i++)
        numbers[i] = 1;
    assert_only(model, x, y, DLCORE_FINDING_LABELS_CONSTANT, "all 400 samples");
    dlcore_model_free(model);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
}

static void collect(void *user, const char *text, size_t length)
{
    strncat(user, text, length);
}

/* What a new model's fit of that data prints before its first epoch. */
static void read_notes(const dlcore_tensor_t *x, const dlcore_tensor_t *y, bool shuffle,
                       char notes[4096])
{
    dlcore_fit_options_t options = dlcore_fit_options_default();
    dlcore_model_t *model = classifier();

    notes[0] = '\0';
    options.verbose = 1;
    options.batch_size = dlcore_tensor_length(x, 0) / 20;
    options.validation_split = 0.25;
    options.shuffle_before_split = shuffle;
    options.sink = (dlcore_sink_t){.write = collect, .user = notes};
    assert_int_equal(dlcore_model_fit(model, x, y, &options, NULL), DLCORE_OK);
    *strstr(notes, "Epoch 1/1") = '\0';
    dlcore_model_free(model);
}

/* validation_split takes the last 100 of 400 samples. Of sorted data these are all that there are
 * of class 2; the note is about what is trained on. */
static void test_check_in_fit_of_sorted_data_finds_the_class_that_is_not_trained(void **state)
{
    dlcore_tensor_t *x = features(), *y = classes();
    int32_t *numbers = dlcore_tensor_data(y);
    dlcore_model_t *model = classifier();
    char notes[4096];

    (void)state;
    read_notes(x, y, false, notes);
    assert_string_equal(notes, "");
    for (size_t i = 0; i < ROWS; i++)
        numbers[i] = (int32_t)(i < 150 ? 0 : i < 290 ? 1 : 2);
    read_notes(x, y, false, notes);
    assert_string_equal(notes, "note: all 100 samples for validation are of class 2: "
                               "validation_split takes the last samples; set "
                               "shuffle_before_split if the data is sorted\n");
    numbers[ROWS - 1] = 1;
    read_notes(x, y, false, notes);
    assert_string_equal(notes, "");
    for (size_t i = 0; i < ROWS; i++)
        numbers[i] = (int32_t)(i < 150 ? 0 : i < 300 ? 1 : 2);
    assert_clean(model, x, y);
    read_notes(x, y, false, notes);
    assert_string_equal(notes, "note: class 2 has no sample among the 300 that are trained on, but "
                               "100 among those for validation: validation_split takes the last "
                               "samples; set shuffle_before_split if the data is sorted\n");
    read_notes(x, y, true, notes);
    assert_string_equal(notes, "");
    for (size_t i = 0; i < ROWS; i++)
        numbers[i] = (int32_t)(i % 2);
    read_notes(x, y, false, notes);
    assert_non_null(strstr(notes, "1 of 3 classes have no sample among 300, class 2"));
    dlcore_model_free(model);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
}

/* A million of 1200000 labels are looked at, and sample 4 is none of them. */
static void test_check_in_fit_of_many_samples_counts_all_before_it_speaks(void **state)
{
    enum { MANY = 1600000, TRAINED = 1200000 };
    static float many_x[MANY * INPUTS];
    static int32_t many_y[MANY];
    dlcore_tensor_t *x, *y;
    char notes[4096];

    (void)state;
    for (size_t i = 0; i < (size_t)MANY * INPUTS; i++)
        many_x[i] = (float)random_normal();
    for (size_t i = 0; i < MANY; i++)
        many_y[i] = (int32_t)(i % (i < TRAINED ? 2 : 3));
    x = tensor_of_floats(SHAPE(MANY, INPUTS), many_x);
    y = tensor_of_ints(SHAPE(MANY), many_y);
    read_notes(x, y, false, notes);
    assert_non_null(strstr(notes, "note: class 2 has no sample among the 1200000 that are trained "
                                  "on, but 133333 among those for validation"));
    dlcore_tensor_free(y);
    many_y[4] = 2;
    y = tensor_of_ints(SHAPE(MANY), many_y);
    read_notes(x, y, false, notes);
    assert_string_equal(notes,
                        "note: class 1 has 600000 samples, class 2 1, among 1200000: accuracy "
                        "tells little then; see class_weight\n");
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
}

static void test_check_of_categorical_labels_wants_shares_of_1(void **state)
{
    dlcore_tensor_t *x = features(), *y = one_hot();
    float *numbers = dlcore_tensor_data(y);
    dlcore_model_t *model = two_layers(DLCORE_ACTIVATION_TANH, 3, DLCORE_ACTIVATION_SOFTMAX,
                                       dlcore_loss_categorical_crossentropy());

    (void)state;
    assert_clean(model, x, y);
    numbers[0] = numbers[1] = numbers[2] = 1.0f;
    assert_only(model, x, y, DLCORE_FINDING_LABELS_DO_NOT_SUM_TO_1,
                "the labels of sample 0 sum to 3");
    dlcore_model_free(model);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
}

static void test_check_of_values_finds_those_that_the_loss_or_the_layer_cannot_take(void **state)
{
    dlcore_tensor_t *x = features(), *y = values(-4.0f), *above = values(5.0f);
    dlcore_model_t *model = regression(DLCORE_ACTIVATION_LINEAR);
    float *numbers = dlcore_tensor_data(above);

    (void)state;
    assert_clean(model, x, y);
    dlcore_model_free(model);
    model = regression(DLCORE_ACTIVATION_SIGMOID);
    assert_only(model, x, above, DLCORE_FINDING_OUTPUT_RANGE,
                "but the last layer, dense_1 (sigmoid), "
                "cannot go beyond 1");
    assert_int_equal(findings.list[0].layer, 1);
    dlcore_model_free(model);
    model = regression(DLCORE_ACTIVATION_RELU);
    assert_only(model, x, above, DLCORE_FINDING_OUTPUT_RELU, "the last layer, dense_1, is relu");
    look(model, x, y);
    assert_true(tells(DLCORE_FINDING_OUTPUT_RANGE, "cannot go beyond 0"));
    dlcore_model_free(model);
    model = two_layers(DLCORE_ACTIVATION_TANH, 1, DLCORE_ACTIVATION_LINEAR,
                       dlcore_loss_mean_absolute_percentage_error());
    assert_clean(model, x, above);
    numbers[5] = 0.0f;
    assert_only(model, x, above, DLCORE_FINDING_LABELS_ZERO, "y of sample 5 is 0");
    for (size_t i = 0; i < ROWS; i++)
        numbers[i] = 3.0f;
    assert_only(model, x, above, DLCORE_FINDING_LABELS_CONSTANT, "y is 3 in all 400 samples");
    numbers[0] = INFINITY;
    assert_only(model, x, above, DLCORE_FINDING_DATA_NOT_FINITE, "y is infinite: number 0");
    dlcore_model_free(model);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    dlcore_tensor_free(above);
}

/* Of what the activation cannot give, the label that is nearest. */
static void check_reach_of(dlcore_activation_t activation, double low, double high)
{
    static float numbers[ROWS * 2];
    const double labels[] = {isfinite(low) ? low : -1e6, isfinite(high) ? high : 1e6, low - 0.25,
                             high + 0.25};
    dlcore_model_t *model =
        two_layers(DLCORE_ACTIVATION_TANH, 2, activation, dlcore_loss_mean_squared_error());
    dlcore_tensor_t *x = features(), *y = tensor_of_floats(SHAPE(ROWS, 2), numbers);

    for (size_t i = 0; i < 4; i++) {
        char text[64];
        bool beyond = i >= 2;

        if (!isfinite(labels[i]))
            continue;
        ((float *)dlcore_tensor_data(y))[7] = (float)labels[i];
        look(model, x, y);
        snprintf(text, sizeof text, "cannot go beyond %g", i == 2 ? low : high);
        if (beyond ? !tells(DLCORE_FINDING_OUTPUT_RANGE, text)
                   : find(DLCORE_FINDING_OUTPUT_RANGE) != NULL)
            fail_msg("%s: a label of %g", dlcore_activation_name(activation), labels[i]);
    }
    dlcore_model_free(model);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
}

static void test_check_of_labels_knows_how_far_each_activation_goes(void **state)
{
    static const struct {
        dlcore_activation_t activation;
        double low, high;
    } reaches[] = {{DLCORE_ACTIVATION_LINEAR, -HUGE_VAL, HUGE_VAL},
                   {DLCORE_ACTIVATION_RELU, 0, HUGE_VAL},
                   {DLCORE_ACTIVATION_SOFTPLUS, 0, HUGE_VAL},
                   {DLCORE_ACTIVATION_EXPONENTIAL, 0, HUGE_VAL},
                   {DLCORE_ACTIVATION_SQUAREPLUS, 0, HUGE_VAL},
                   {DLCORE_ACTIVATION_SPARSE_PLUS, 0, HUGE_VAL},
                   {DLCORE_ACTIVATION_SPARSEMAX_KERAS, 0, HUGE_VAL},
                   {DLCORE_ACTIVATION_RELU6, 0, 6},
                   {DLCORE_ACTIVATION_SIGMOID, 0, 1},
                   {DLCORE_ACTIVATION_HARD_SIGMOID, 0, 1},
                   {DLCORE_ACTIVATION_SPARSE_SIGMOID, 0, 1},
                   {DLCORE_ACTIVATION_SOFTMAX, 0, 1},
                   {DLCORE_ACTIVATION_SPARSEMAX, 0, 1},
                   {DLCORE_ACTIVATION_TANH, -1, 1},
                   {DLCORE_ACTIVATION_SOFTSIGN, -1, 1},
                   {DLCORE_ACTIVATION_HARD_TANH, -1, 1},
                   {DLCORE_ACTIVATION_LOG_SOFTMAX, -HUGE_VAL, 0},
                   {DLCORE_ACTIVATION_LOG_SIGMOID, -HUGE_VAL, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof reaches / sizeof *reaches; i++)
        check_reach_of(reaches[i].activation, reaches[i].low, reaches[i].high);
}

static void test_check_of_the_output_knows_what_each_loss_takes(void **state)
{
    static const struct {
        dlcore_loss_kind_t loss;
        bool from_logits;
        size_t units;
        dlcore_activation_t activation;
        dlcore_finding_kind_t kind;
        const char *text;
    } cases[] = {
        {DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY, false, 3, DLCORE_ACTIVATION_LINEAR,
         DLCORE_FINDING_OUTPUT_LOSS,
         "dense_1, is linear, the loss sparse_categorical_crossentropy: "
         "it takes probabilities: softmax, or set loss.from_logits"},
        {DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY, true, 3, DLCORE_ACTIVATION_LINEAR,
         DLCORE_FINDING_NONE, NULL},
        {DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY, true, 3, DLCORE_ACTIVATION_SOFTMAX,
         DLCORE_FINDING_NONE, NULL},
        {DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY, true, 3, DLCORE_ACTIVATION_LOG_SOFTMAX,
         DLCORE_FINDING_NONE, NULL},
        {DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY, true, 3, DLCORE_ACTIVATION_RELU,
         DLCORE_FINDING_OUTPUT_LOSS, "with from_logits it takes logits: linear"},
        {DLCORE_LOSS_CATEGORICAL_CROSSENTROPY, false, 3, DLCORE_ACTIVATION_SIGMOID,
         DLCORE_FINDING_OUTPUT_LOSS, "softmax is for one class a sample"},
        {DLCORE_LOSS_CATEGORICAL_CROSSENTROPY, false, 3, DLCORE_ACTIVATION_RELU,
         DLCORE_FINDING_OUTPUT_LOSS, "it takes probabilities"},
        {DLCORE_LOSS_CATEGORICAL_CROSSENTROPY, false, 1, DLCORE_ACTIVATION_SIGMOID,
         DLCORE_FINDING_ONE_CLASS, "a loss over classes is then always 0"},
        {DLCORE_LOSS_BINARY_CROSSENTROPY, false, 1, DLCORE_ACTIVATION_SOFTMAX,
         DLCORE_FINDING_ONE_CLASS, "dense_1 has one unit, of which softmax always makes 1"},
        {DLCORE_LOSS_BINARY_CROSSENTROPY, false, 1, DLCORE_ACTIVATION_SIGMOID, DLCORE_FINDING_NONE,
         NULL},
        {DLCORE_LOSS_BINARY_CROSSENTROPY, false, 1, DLCORE_ACTIVATION_LINEAR,
         DLCORE_FINDING_OUTPUT_LOSS, "sigmoid, or set loss.from_logits"},
        {DLCORE_LOSS_BINARY_CROSSENTROPY, true, 1, DLCORE_ACTIVATION_LINEAR, DLCORE_FINDING_NONE,
         NULL},
        {DLCORE_LOSS_BINARY_CROSSENTROPY, false, 3, DLCORE_ACTIVATION_SOFTMAX,
         DLCORE_FINDING_OUTPUT_LOSS, "sigmoid is for several classes a sample"},
        {DLCORE_LOSS_KL_DIVERGENCE, false, 3, DLCORE_ACTIVATION_LINEAR, DLCORE_FINDING_OUTPUT_LOSS,
         "it takes probabilities: softmax"},
        {DLCORE_LOSS_KL_DIVERGENCE, false, 3, DLCORE_ACTIVATION_SOFTMAX, DLCORE_FINDING_NONE, NULL},
        {DLCORE_LOSS_POISSON, false, 1, DLCORE_ACTIVATION_LINEAR, DLCORE_FINDING_OUTPUT_LOSS,
         "rates above 0"},
        {DLCORE_LOSS_POISSON, false, 1, DLCORE_ACTIVATION_EXPONENTIAL, DLCORE_FINDING_NONE, NULL},
        {DLCORE_LOSS_HINGE, false, 1, DLCORE_ACTIVATION_SIGMOID, DLCORE_FINDING_OUTPUT_LOSS,
         "around -1 and 1"},
        {DLCORE_LOSS_SQUARED_HINGE, false, 1, DLCORE_ACTIVATION_TANH, DLCORE_FINDING_NONE, NULL},
        {DLCORE_LOSS_CATEGORICAL_HINGE, false, 3, DLCORE_ACTIVATION_TANH, DLCORE_FINDING_NONE,
         NULL},
        {DLCORE_LOSS_HUBER, false, 1, DLCORE_ACTIVATION_TANH, DLCORE_FINDING_NONE, NULL},
        {DLCORE_LOSS_QUANTILE, false, 1, DLCORE_ACTIVATION_TANH, DLCORE_FINDING_NONE, NULL},
        {DLCORE_LOSS_BINARY_FOCAL_CROSSENTROPY, false, 1, DLCORE_ACTIVATION_LINEAR,
         DLCORE_FINDING_OUTPUT_LOSS, "sigmoid, or set loss.from_logits"},
        {DLCORE_LOSS_BINARY_FOCAL_CROSSENTROPY, false, 1, DLCORE_ACTIVATION_SIGMOID,
         DLCORE_FINDING_NONE, NULL},
        {DLCORE_LOSS_BINARY_FOCAL_CROSSENTROPY, true, 1, DLCORE_ACTIVATION_SIGMOID,
         DLCORE_FINDING_OUTPUT_LOSS, "with from_logits it takes logits: linear"},
        {DLCORE_LOSS_CATEGORICAL_FOCAL_CROSSENTROPY, false, 3, DLCORE_ACTIVATION_SOFTMAX,
         DLCORE_FINDING_NONE, NULL},
        {DLCORE_LOSS_CATEGORICAL_FOCAL_CROSSENTROPY, true, 3, DLCORE_ACTIVATION_SOFTMAX,
         DLCORE_FINDING_OUTPUT_LOSS, "with from_logits it takes logits: linear"},
        {DLCORE_LOSS_DICE, false, 2, DLCORE_ACTIVATION_SIGMOID, DLCORE_FINDING_NONE, NULL},
        {DLCORE_LOSS_TVERSKY, false, 2, DLCORE_ACTIVATION_TANH, DLCORE_FINDING_OUTPUT_LOSS,
         "it takes probabilities: sigmoid or softmax"},
        {DLCORE_LOSS_MEAN_SQUARED_ERROR, false, 1, DLCORE_ACTIVATION_SOFTMAX,
         DLCORE_FINDING_ONE_CLASS, "softmax always makes 1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dlcore_loss_t loss = dlcore_loss_default(cases[i].loss);
        dlcore_model_t *model;

        loss.from_logits = cases[i].from_logits;
        model = two_layers(DLCORE_ACTIVATION_TANH, cases[i].units, cases[i].activation, loss);
        if (cases[i].kind == DLCORE_FINDING_NONE)
            assert_clean(model, NULL, NULL);
        else
            assert_only(model, NULL, NULL, cases[i].kind, cases[i].text);
        dlcore_model_free(model);
    }
}

/* What it gives is no activation's: with a cross-entropy it is neither right nor wrong. */
static void test_check_of_an_output_of_groups_gives_no_advice(void **state)
{
    static const dlcore_loss_kind_t losses[] = {
        DLCORE_LOSS_CATEGORICAL_CROSSENTROPY, DLCORE_LOSS_BINARY_CROSSENTROPY,
        DLCORE_LOSS_KL_DIVERGENCE, DLCORE_LOSS_POISSON, DLCORE_LOSS_MEAN_SQUARED_ERROR};

    (void)state;
    for (size_t i = 0; i < sizeof losses / sizeof losses[0]; i++) {
        const dlcore_layer_t layers[] = {with_inputs(dlcore_layer_dense(6, DLCORE_ACTIVATION_TANH)),
                                         dlcore_layer_grouped_softmax(2),
                                         {.kind = DLCORE_LAYER_UNKNOWN}};
        dlcore_model_t *model = model_of(layers, dlcore_loss_default(losses[i]), NULL);

        assert_clean(model, NULL, NULL);
        dlcore_model_free(model);
    }
}

/* ---- which samples are looked at ---- */

static void test_check_places_ascend_and_follow_no_period(void **state)
{
    static const size_t counts[] = {1000, 1001, 1999, 2000, 3000, 64000, 1000003};

    (void)state;
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        for (size_t period = 2; period <= 64; period *= 2) {
            size_t hits = 0, before = 0;

            for (size_t i = 0; i < 1000; i++) {
                size_t place = dlcore_check_place(i, 1000, counts[c]);

                assert_true(place < counts[c] && (i == 0 ? place == 0 : place > before));
                before = place;
                hits += place % period == 0;
            }
            assert_true(fabs((double)hits - 1000.0 / (double)period) < 60.0);
        }
    }
}

/* Labels and columns that repeat with the stride of what is looked at. */
static void test_check_of_data_with_a_period_finds_what_there_is(void **state)
{
    enum { FEW = 2000, MANY = 2400000 };
    static float numbers[FEW * INPUTS];
    static int32_t labels[MANY];
    dlcore_model_t *model = classifier(), *two;
    dlcore_tensor_t *x = tensor_of_floats(SHAPE(FEW, INPUTS), numbers), *y;
    float *to = dlcore_tensor_data(x);

    (void)state;
    two = two_layers(DLCORE_ACTIVATION_RELU, 1, DLCORE_ACTIVATION_SIGMOID,
                     dlcore_loss_binary_crossentropy());
    for (size_t i = 0; i < MANY; i++)
        labels[i] = (int32_t)(i % 2);
    y = tensor_of_ints(SHAPE(200000), labels);
    assert_clean(two, NULL, y);
    dlcore_tensor_free(y);
    y = tensor_of_ints(SHAPE(MANY), labels); /* more than are looked at */
    assert_clean(two, NULL, y);
    dlcore_tensor_free(y);
    memset(labels, 0, sizeof labels);
    y = tensor_of_ints(SHAPE(MANY), labels);
    assert_only(two, NULL, y, DLCORE_FINDING_LABELS_CONSTANT,
                "all 1000000 samples that were looked at are of class 0");
    dlcore_tensor_free(y);
    for (size_t i = 0; i < (size_t)FEW * INPUTS; i++)
        to[i] = (float)random_normal();
    for (size_t i = 0; i < FEW; i += 2)
        to[INPUTS * i + 1] = 0.5f;
    assert_clean(model, x, NULL);
    for (size_t i = 0; i < (size_t)FEW * INPUTS; i++)
        to[i] = i / INPUTS % 2 == 0 ? 0.5f : -0.5f;
    assert_clean(model, x, NULL);
    to[INPUTS * 1999] = NAN;
    assert_only(model, x, NULL, DLCORE_FINDING_DATA_NOT_FINITE, "number 0 of sample 1999");
    dlcore_model_free(model);
    dlcore_model_free(two);
    dlcore_tensor_free(x);
}

static void test_check_of_shares_that_are_equal_finds_no_class(void **state)
{
    dlcore_model_t *model = two_layers(DLCORE_ACTIVATION_RELU, 3, DLCORE_ACTIVATION_SOFTMAX,
                                       dlcore_loss_categorical_crossentropy());
    dlcore_tensor_t *y = one_hot();
    float *numbers = dlcore_tensor_data(y);

    (void)state;
    for (size_t i = 0; i < (size_t)ROWS * 3; i++)
        numbers[i] = 1.0f / 3.0f;
    assert_clean(model, NULL, y);
    for (size_t i = 0; i < (size_t)ROWS * 3; i++)
        numbers[i] = i % 3 == 1 ? 0.9f : 0.05f; /* smoothed */
    assert_only(model, NULL, y, DLCORE_FINDING_LABELS_CONSTANT, "all 400 samples are of class 1");
    dlcore_model_free(model);
    dlcore_tensor_free(y);
}

static void test_check_of_layers_finds_what_does_nothing(void **state)
{
    const dlcore_layer_t adapted[] = {with_inputs(dlcore_layer_normalization()),
                                      dlcore_layer_dense(1, DLCORE_ACTIVATION_LINEAR),
                                      {.kind = DLCORE_LAYER_UNKNOWN}};
    const dlcore_layer_t linear[] = {with_inputs(dlcore_layer_dense(8, DLCORE_ACTIVATION_LINEAR)),
                                     dlcore_layer_dropout(0.1),
                                     dlcore_layer_dense(1, DLCORE_ACTIVATION_LINEAR),
                                     {.kind = DLCORE_LAYER_UNKNOWN}};
    const dlcore_layer_t bottleneck[] = {
        with_inputs(dlcore_layer_dense(2, DLCORE_ACTIVATION_LINEAR)),
        dlcore_layer_dense(4, DLCORE_ACTIVATION_LINEAR),
        {.kind = DLCORE_LAYER_UNKNOWN}};
    dlcore_loss_t loss = dlcore_loss_mean_squared_error();
    dlcore_model_t *model = model_of(adapted, loss, NULL);
    dlcore_tensor_t *x = features();

    (void)state;
    assert_only(model, NULL, NULL, DLCORE_FINDING_NOT_ADAPTED, "normalization has mean 0");
    assert_int_equal(findings.list[0].layer, 0);
    assert_int_equal(dlcore_model_adapt(model, 0, x), DLCORE_OK);
    assert_clean(model, NULL, NULL);
    assert_int_equal(dlcore_model_set_trainable(model, 1, false), DLCORE_OK);
    assert_only(model, NULL, NULL, DLCORE_FINDING_NOTHING_TRAINS, "no layer trains");
    dlcore_model_free(model);
    model = model_of(linear, loss, NULL);
    assert_only(model, NULL, NULL, DLCORE_FINDING_HIDDEN_LINEAR,
                "dense has no activation before dense_1");
    dlcore_model_free(model);
    model = model_of(bottleneck, loss, NULL);
    assert_clean(model, NULL, NULL);
    dlcore_model_free(model);
    dlcore_tensor_free(x);
}

/* Before a model is built it may be that its widths are not known. */
static void test_check_of_an_unbuilt_bottleneck_finds_nothing(void **state)
{
    static const struct {
        size_t inputs, before, units, after; /* 0: not known, no such layer */
        bool found;
    } cases[] = {
        {0, 8, 3, 8, false}, /* an autoencoder */
        {0, 3, 3, 8, true},  {0, 8, 8, 8, true},  {0, 0, 3, 8, false},
        {0, 0, 8, 3, true},  {8, 0, 3, 8, false}, {3, 0, 3, 8, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dlcore_layer_t linear = dlcore_layer_dense(cases[i].units, DLCORE_ACTIVATION_LINEAR);
        dlcore_layer_t dropout = dlcore_layer_dropout(0.1);
        dlcore_model_t *model = NULL;

        linear.name[0] = 'b';
        if (cases[i].before == 0)
            dropout.input_width = cases[i].inputs;
        assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
        if (cases[i].before != 0)
            assert_int_equal(dlcore_model_add(model, dlcore_layer_dense(cases[i].before,
                                                                        DLCORE_ACTIVATION_RELU)),
                             DLCORE_OK);
        assert_int_equal(dlcore_model_add(model, dropout), DLCORE_OK);
        assert_int_equal(dlcore_model_add(model, linear), DLCORE_OK);
        assert_int_equal(
            dlcore_model_add(model, dlcore_layer_dense(cases[i].after, DLCORE_ACTIVATION_RELU)),
            DLCORE_OK);
        if (cases[i].found)
            assert_only(model, NULL, NULL, DLCORE_FINDING_HIDDEN_LINEAR, "b has no activation");
        else
            assert_clean(model, NULL, NULL);
        dlcore_model_free(model);
    }
}

/* Layers before a bottleneck that change the number of their inputs, which is not known. */
static void test_check_of_an_unbuilt_model_knows_what_layers_make_of_widths(void **state)
{
    const dlcore_layer_t dense = dlcore_layer_dense(8, DLCORE_ACTIVATION_RELU);
    const dlcore_embedding_t table = {.column = 0, .count = 10, .units = 8};
    const dlcore_layer_t embedding = dlcore_layer_embedding(&table, 1);
    const struct {
        dlcore_layer_t before[2];
        size_t units;
        bool found;
    } cases[] = {
        {{dense, dlcore_layer_glu()}, 3, false},
        {{dense, dlcore_layer_glu()}, 4, true}, /* of 4 inputs */
        {{dense, dlcore_layer_glu()}, 6, true},
        {{embedding, dlcore_layer_dropout(0.1)}, 3, false}, /* of 8 */
        {{embedding, dlcore_layer_glu()}, 4, false},        /* not known */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dlcore_layer_t layers[4] = {cases[i].before[0], cases[i].before[1],
                                    dlcore_layer_dense(cases[i].units, DLCORE_ACTIVATION_LINEAR),
                                    dlcore_layer_dense(9, DLCORE_ACTIVATION_RELU)};
        dlcore_model_t *model = NULL;

        layers[0].input_width = 1;
        layers[2].name[0] = 'b';
        assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
        for (size_t k = 0; k < 4; k++)
            assert_int_equal(dlcore_model_add(model, layers[k]), DLCORE_OK);
        if (cases[i].found)
            assert_only(model, NULL, NULL, DLCORE_FINDING_HIDDEN_LINEAR, "b has no activation");
        else
            assert_clean(model, NULL, NULL);
        dlcore_model_free(model);
    }
}

/* Nothing has compared the tables with x: building has not come to it. */
static void test_check_of_an_unbuilt_model_refuses_tables_beyond_x(void **state)
{
    const dlcore_embedding_t tables[] = {{.column = 0, .count = 2, .units = 1},
                                         {.column = INPUTS + 14, .count = 2, .units = 1}};
    dlcore_error_record_t error;
    static float zeros[ROWS * INPUTS];
    dlcore_tensor_t *x = tensor_of_floats(SHAPE(ROWS, INPUTS), zeros);
    dlcore_model_t *model = NULL;

    (void)state;
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    assert_int_equal(dlcore_model_add(model, dlcore_layer_embedding(tables, 2)), DLCORE_OK);
    assert_int_equal(dlcore_model_check(model, x, NULL, &findings, &error), DLCORE_ERROR_SHAPE);
    assert_string_equal(error.message,
                        "embedding: has a table for column 18, but x has the columns 0 .. 3");
    assert_int_equal(findings.count, 0);
    dlcore_model_free(model);
    dlcore_tensor_free(x);
}

static void test_check_of_relu_units_finds_those_that_are_dead(void **state)
{
    static const dlcore_engine_t engines[] = {DLCORE_ENGINE_AUTO, DLCORE_ENGINE_BLAS};
    dlcore_layer_t hidden = dlcore_layer_dense(8, DLCORE_ACTIVATION_RELU);
    dlcore_layer_t layers[] = {with_inputs(dlcore_layer_dense(6, DLCORE_ACTIVATION_TANH)),
                               hidden,
                               dlcore_layer_dense(1, DLCORE_ACTIVATION_LINEAR),
                               {.kind = DLCORE_LAYER_UNKNOWN}};
    dlcore_tensor_t *x = features();

    (void)state;
    for (size_t i_engine = 0; i_engine < 2; i_engine++) {
        dlcore_model_t *model;
        float bias[8] = {0};

        layers[1].activation = i_engine == 0 ? DLCORE_ACTIVATION_RELU : DLCORE_ACTIVATION_RELU6;
        model = model_with(engines[i_engine], layers, dlcore_loss_mean_squared_error(), NULL);
        assert_clean(model, x, NULL);
        for (size_t i = 0; i < 8; i++)
            bias[i] = i % 2 == 0 && i > 0 ? -100.0f : 0.5f;
        assert_int_equal(dlcore_model_set_weight(model, 3, bias, 8), DLCORE_OK);
        assert_clean(model, x, NULL); /* three units are not half of them */
        bias[0] = -100.0f;
        assert_int_equal(dlcore_model_set_weight(model, 3, bias, 8), DLCORE_OK);
        assert_only(model, x, NULL, DLCORE_FINDING_UNITS_DEAD,
                    "4 of 8 units of dense_1 are 0 for all of 256 samples");
        assert_int_equal(findings.list[0].layer, 1);
        dlcore_model_free(model);
    }
    dlcore_tensor_free(x);
}

static void test_check_of_learning_rates_knows_the_usual(void **state)
{
    static const struct {
        const char *name;
        double rate;
        bool usual;
    } cases[] = {{"adam", 0.001, true}, {"adam", 0.5, false},    {"sgd", 0.5, true},
                 {"sgd", 2.0, false},   {"adadelta", 1.0, true}, {"rmsprop", 1e-8, false},
                 {"adam", 0.0, false}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const dlcore_layer_t layers[] = {
            with_inputs(dlcore_layer_dense(1, DLCORE_ACTIVATION_LINEAR)),
            {.kind = DLCORE_LAYER_UNKNOWN}};
        dlcore_optimizer_t optimizer = dlcore_optimizer_from_name(cases[i].name);
        dlcore_model_t *model;

        optimizer.learning_rate = cases[i].rate;
        model = model_of(layers, dlcore_loss_mean_squared_error(), &optimizer);
        if (cases[i].usual)
            assert_clean(model, NULL, NULL);
        else
            assert_only(model, NULL, NULL, DLCORE_FINDING_LEARNING_RATE, cases[i].name);
        dlcore_model_free(model);
    }
}

static void test_check_before_build_and_compile_leaves_out_what_needs_them(void **state)
{
    dlcore_tensor_t *x = features(), *y = classes();
    dlcore_error_record_t error;
    dlcore_model_t *model = NULL;

    (void)state;
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    assert_clean(model, x, y);
    assert_int_equal(dlcore_model_add(model, dlcore_layer_dense(4, DLCORE_ACTIVATION_LINEAR)),
                     DLCORE_OK);
    assert_int_equal(dlcore_model_add(model, dlcore_layer_dense(3, DLCORE_ACTIVATION_SOFTMAX)),
                     DLCORE_OK);
    assert_only(model, x, y, DLCORE_FINDING_HIDDEN_LINEAR, "dense has no activation");
    assert_int_equal(dlcore_model_build(model, 5), DLCORE_OK);
    assert_failed(dlcore_model_check(model, x, y, &findings, &error), DLCORE_ERROR_SHAPE, &error,
                  "expects 5 inputs, got 4");
    assert_int_equal(findings.count, 0);
    assert_failed(dlcore_model_check(NULL, x, y, &findings, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "check: model is NULL");
    assert_failed(dlcore_model_check(model, x, y, NULL, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "check: findings is NULL");
    dlcore_model_free(model);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
}

typedef struct check_case {
    const dlcore_tensor_t *x, *y;
} check_case_t;

static dlcore_status check_once(const dlcore_allocator_t *allocator, void *context)
{
    const check_case_t *data = context;
    dlcore_model_options_t options = dlcore_model_options_default();
    dlcore_optimizer_t adam = dlcore_optimizer_adam();
    dlcore_model_t *model = NULL;
    dlcore_status status;

    options.allocator = *allocator;
    status = dlcore_model_create(&options, &model);
    if (status != DLCORE_OK)
        return status;
    dlcore_model_add(model, with_inputs(dlcore_layer_dense(4, DLCORE_ACTIVATION_RELU)));
    dlcore_model_add(model, dlcore_layer_dense(3, DLCORE_ACTIVATION_SOFTMAX));
    status = dlcore_model_compile(model, &adam, DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY,
                                  DLCORE_METRIC_NONE);
    if (status == DLCORE_OK) {
        status = dlcore_model_check(model, data->x, data->y, &findings, NULL);
        assert_int_equal(findings.count, 0);
    }
    dlcore_model_free(model);
    return status;
}

static void test_check_survives_every_failing_allocation(void **state)
{
    dlcore_tensor_t *x = features(), *y = classes();
    check_case_t data = {x, y};

    (void)state;
    assert_true(failing_allocator_sweep(check_once, &data) > 4);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check_of_what_is_usual_finds_nothing),
        cmocka_unit_test(test_check_of_columns_finds_the_odd_one),
        cmocka_unit_test(test_check_of_samples_that_are_all_the_same_says_so),
        cmocka_unit_test(test_check_of_an_index_column_finds_it),
        cmocka_unit_test(test_check_of_scales_finds_those_apart_unless_layers_normalize),
        cmocka_unit_test(test_check_of_pixels_wants_them_rescaled),
        cmocka_unit_test(test_check_of_classes_finds_constant_missing_and_rare_ones),
        cmocka_unit_test(test_check_in_fit_of_sorted_data_finds_the_class_that_is_not_trained),
        cmocka_unit_test(test_check_in_fit_of_many_samples_counts_all_before_it_speaks),
        cmocka_unit_test(test_check_of_categorical_labels_wants_shares_of_1),
        cmocka_unit_test(test_check_of_values_finds_those_that_the_loss_or_the_layer_cannot_take),
        cmocka_unit_test(test_check_of_labels_knows_how_far_each_activation_goes),
        cmocka_unit_test(test_check_of_the_output_knows_what_each_loss_takes),
        cmocka_unit_test(test_check_of_an_output_of_groups_gives_no_advice),
        cmocka_unit_test(test_check_places_ascend_and_follow_no_period),
        cmocka_unit_test(test_check_of_data_with_a_period_finds_what_there_is),
        cmocka_unit_test(test_check_of_shares_that_are_equal_finds_no_class),
        cmocka_unit_test(test_check_of_layers_finds_what_does_nothing),
        cmocka_unit_test(test_check_of_an_unbuilt_bottleneck_finds_nothing),
        cmocka_unit_test(test_check_of_an_unbuilt_model_knows_what_layers_make_of_widths),
        cmocka_unit_test(test_check_of_an_unbuilt_model_refuses_tables_beyond_x),
        cmocka_unit_test(test_check_of_relu_units_finds_those_that_are_dead),
        cmocka_unit_test(test_check_of_learning_rates_knows_the_usual),
        cmocka_unit_test(test_check_before_build_and_compile_leaves_out_what_needs_them),
        cmocka_unit_test(test_check_survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, fill, NULL);
}
