/* Files of Keras in which one array or one name is another, made through libhdf5 itself: refused
 * with what is wrong, or read as what they are.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dlcore.h>
#include <dlcore/keras.h>

#include "base/allocator.h"
#include "exchange/hdf5_seam.h"
#include "exchange/zip.h"
#include "support/failing_allocator.h"
#include "support/keras_file.h"
#include "support/zip_bytes.h"

enum { LONGEST = 600 }; /* of a name; a path may have 511 bytes */
static char longest[LONGEST + 1];

/* What is another in a file. */
enum change { GONE, FLOATS, COUNTS, NAME };
typedef struct odd {
    const char *file; /* of the fixtures */
    enum change change;
    const char *path; /* an array; or "group\0attribute", a list of names */
    struct {
        int rank;
        hsize_t shape[2];
        double value; /* of each number */
    } array;
    size_t index; /* of the name in the list; behind the last it is one more */
    const char *name;
    dlcore_status status;
    const char *text; /* of the message */
} odd_t;

/* ---- changes ---- */

static void put_odd_array(hid_t file, const odd_t *odd)
{
    hid_t type = odd->change == FLOATS ? H5T_IEEE_F32LE : H5T_STD_I64LE;
    hid_t space = H5Screate_simple(odd->array.rank, odd->array.shape, NULL), set;
    double numbers[64];

    for (size_t i = 0; i < 64; i++)
        numbers[i] = odd->array.value;
    if (H5Lexists(file, odd->path, H5P_DEFAULT) > 0)
        assert_true(H5Ldelete(file, odd->path, H5P_DEFAULT) >= 0);
    set = H5Dcreate2(file, odd->path, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(set >= 0);
    assert_true(H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers) >= 0);
    H5Dclose(set);
    H5Sclose(space);
}

/* Names of a list, in places of one width. */
static void put_names(hid_t file, const char *group, const char *attribute, const char *names,
                      size_t count)
{
    const hsize_t length = count;
    hid_t at = H5Gopen2(file, group, H5P_DEFAULT), space = H5Screate_simple(1, &length, NULL);
    hid_t type = H5Tcopy(H5T_C_S1), list;

    H5Tset_size(type, LONGEST);
    H5Tset_strpad(type, H5T_STR_NULLPAD);
    if (H5Aexists(at, attribute) > 0)
        assert_true(H5Adelete(at, attribute) >= 0);
    list = H5Acreate2(at, attribute, type, space, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(list >= 0);
    assert_true(H5Awrite(list, type, names) >= 0);
    H5Aclose(list);
    H5Tclose(type);
    H5Sclose(space);
    H5Gclose(at);
}

static void put_odd_name(hid_t file, const odd_t *odd, const keras_bytes_t *before)
{
    dlcore_allocator_t plain = dlcore_allocator_default();
    const char *attribute = odd->path + strlen(odd->path) + 1, *next;
    char *found = NULL, *names;
    dlcore_hdf5_t old;
    size_t count;

    assert_int_equal(dlcore_hdf5_open(&old, before->bytes, before->size, "file", NULL), DLCORE_OK);
    assert_int_equal(dlcore_hdf5_names(&old, odd->path, attribute, &plain, &found, &count),
                     DLCORE_OK);
    dlcore_hdf5_close(&old);
    assert_true(odd->index <= count);
    names = calloc(count + 1, LONGEST);
    assert_non_null(names);
    next = found;
    for (size_t i = 0; i < count; i++, next += strlen(next) + 1)
        snprintf(names + i * LONGEST, LONGEST, "%s", next);
    memset(names + odd->index * LONGEST, 0, LONGEST);
    memcpy(names + odd->index * LONGEST, odd->name, strlen(odd->name));
    put_names(file, odd->path, attribute, names, count + (odd->index == count));
    dlcore_release(&plain, found);
    free(names);
}

static keras_bytes_t image_of(hid_t file)
{
    keras_bytes_t image = {.size = 0};
    ssize_t length;

    assert_true(H5Fflush(file, H5F_SCOPE_GLOBAL) >= 0);
    length = H5Fget_file_image(file, NULL, 0);
    assert_true(length > 0);
    image.size = (size_t)length;
    image.bytes = malloc(image.size);
    assert_non_null(image.bytes);
    assert_true(H5Fget_file_image(file, image.bytes, image.size) == length);
    return image;
}

/* The HDF5 file, changed. */
static keras_bytes_t changed_hdf5(const keras_bytes_t *before, const odd_t *odd)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS), file;
    keras_bytes_t after;

    assert_true(H5Pset_fapl_core(access, 65536, 0) >= 0);
    assert_true(H5Pset_file_image(access, before->bytes, before->size) >= 0);
    file = H5Fopen("odd", 1 /* to be written */, access);
    assert_true(file >= 0);
    if (odd->change == GONE)
        assert_true(H5Ldelete(file, odd->path, H5P_DEFAULT) >= 0);
    else if (odd->change == NAME)
        put_odd_name(file, odd, before);
    else
        put_odd_array(file, odd);
    after = image_of(file);
    H5Fclose(file);
    H5Pclose(access);
    return after;
}

/* An entry of a .keras file. */
static keras_bytes_t entry_of(const keras_bytes_t *file, const char *name)
{
    dlcore_allocator_t plain = dlcore_allocator_default();
    keras_bytes_t entry = {.bytes = NULL};
    void *bytes = NULL;
    dlcore_input_t input;
    dlcore_zip_t *zip = NULL;
    size_t index;

    dlcore_input_from_memory(&input, file->bytes, file->size, "file");
    assert_int_equal(dlcore_zip_open(&input, 1000, &plain, &zip, NULL), DLCORE_OK);
    assert_true(dlcore_zip_find(zip, name, &index));
    assert_int_equal(dlcore_zip_read(zip, index, DLCORE_ZIP_NO_LIMIT, &bytes, &entry.size, NULL),
                     DLCORE_OK);
    dlcore_zip_close(zip);
    entry.bytes = malloc(entry.size);
    assert_non_null(entry.bytes);
    memcpy(entry.bytes, bytes, entry.size);
    dlcore_release(&plain, bytes);
    return entry;
}

static zip_case_t stored(const char *name, const keras_bytes_t *entry)
{
    return (zip_case_t){.name = name,
                        .packed = entry->bytes,
                        .packed_size = entry->size,
                        .size = entry->size,
                        .checksum = zip_crc(entry->bytes, entry->size)};
}

/* The fixture, changed. */
static keras_bytes_t odd_file(const odd_t *odd)
{
    keras_bytes_t file = keras_fixture_bytes(odd->file), config, numbers, after;
    zip_case_t entries[2];
    bytes_t zip = {.data = NULL};

    if (strstr(odd->file, ".keras") == NULL) {
        after = changed_hdf5(&file, odd);
        free(file.bytes);
        return after;
    }
    config = entry_of(&file, "config.json");
    numbers = entry_of(&file, "model.weights.h5");
    after = changed_hdf5(&numbers, odd);
    entries[0] = stored("config.json", &config);
    entries[1] = stored("model.weights.h5", &after);
    zip_bytes(&zip, entries, 2);
    free(file.bytes);
    free(config.bytes);
    free(numbers.bytes);
    free(after.bytes);
    return (keras_bytes_t){.bytes = zip.data, .size = zip.size};
}

/* ---- what comes of them ---- */

static void assert_odd(const odd_t *odd)
{
    keras_bytes_t file = odd_file(odd);
    failing_allocator_t memory;
    load_options_t how = load_options_default();
    error_record_t error = {.message = ""};
    model_t *model = NULL;
    dlcore_status status;

    failing_allocator_init(&memory);
    how.model.allocator = failing_allocator(&memory);
    how.model.threads = 1;
    how.error = &error;
    status = keras_load_memory(file.bytes, file.size, &how, &model);
    if (status != odd->status || strstr(error.message, odd->text) == NULL)
        fail_msg("%s, %s: %s, \"%s\"", odd->file, odd->path, dlcore_status_string(status),
                 error.message);
    assert_true((status == DLCORE_OK) == (model != NULL));
    model_free(model);
    failing_allocator_assert_clean(&memory);
    free(file.bytes);
}

static void assert_all(const odd_t *odds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_odd(&odds[i]);
}

#define NUMBER(number)             \
    {                              \
        .rank = 0, .value = number \
    }
#define VECTOR(length)                 \
    {                                  \
        .rank = 1, .shape = { length } \
    }
#define MATRIX(rows, columns)                 \
    {                                         \
        .rank = 2, .shape = { rows, columns } \
    }

/* The kernel has the shape (3, 4), the bias (4). */
static void test_keras_odd_shapes_of_weights_are_refused(void **state)
{
    static const char numbers[] = "keras_nadam.keras";
    static const odd_t odds[] = {
        {numbers, FLOATS, "layers/dense/vars/0", VECTOR(12), .status = DLCORE_ERROR_SHAPE,
         .text = "(12), dense/kernel is (3, 4)"},
        {numbers, FLOATS, "layers/dense/vars/0", MATRIX(4, 4), .status = DLCORE_ERROR_SHAPE,
         .text = "(4, 4), dense/kernel is (3, 4)"},
        {numbers, FLOATS, "layers/dense/vars/0", MATRIX(3, 3), .status = DLCORE_ERROR_SHAPE,
         .text = "(3, 3), dense/kernel is (3, 4)"},
        {numbers, FLOATS, "layers/dense_1/vars/1", NUMBER(1), .status = DLCORE_ERROR_SHAPE,
         .text = "dense_1/bias is (1)"},
        {numbers, FLOATS, "layers/dense/vars/1", VECTOR(3), .status = DLCORE_ERROR_SHAPE,
         .text = "(3), dense/bias is (4)"},
        {numbers, FLOATS, "layers/dense/vars/1", MATRIX(2, 2), .status = DLCORE_OK, .text = ""},
        {numbers, COUNTS, "layers/dense/vars/1", VECTOR(4), .status = DLCORE_ERROR_DTYPE,
         .text = "not float32"},
        {numbers, GONE, "layers/dense/vars/1", .status = DLCORE_ERROR_FORMAT,
         .text = "dense, needs 2 arrays of numbers, the file has 1"},
    };

    (void)state;
    assert_all(odds, sizeof odds / sizeof odds[0]);
}

/* Names lead to arrays and groups in files of the form of Keras 2. */
static void test_keras_odd_names_of_layers_and_weights_are_refused(void **state)
{
    static const char names[] = "keras_3.15.1.h5", too_long[] = "has more than 511 bytes";
    static const odd_t odds[] = {
        {names, NAME, "model_weights\0layer_names", .index = 1, .name = longest,
         .status = DLCORE_ERROR_UNSUPPORTED, .text = too_long},
        {names, NAME, "model_weights\0layer_names", .index = 5, .name = longest,
         .status = DLCORE_ERROR_UNSUPPORTED, .text = too_long},
        {names, NAME, "model_weights\0layer_names", .index = 5, .name = "dense",
         .status = DLCORE_ERROR_FORMAT, .text = "has weights of more layers than the model"},
        {names, NAME, "model_weights\0layer_names", .index = 1, .name = "nowhere",
         .status = DLCORE_ERROR_FORMAT, .text = "needs 2 arrays of numbers, the file has 1"},
        {names, NAME, "model_weights/dense\0weight_names", .index = 1, .name = longest,
         .status = DLCORE_ERROR_UNSUPPORTED, .text = too_long},
        {names, NAME, "model_weights/dense\0weight_names", .index = 1, .name = "nowhere",
         .status = DLCORE_ERROR_NAME, .text = "nowhere"},
    };

    (void)state;
    assert_all(odds, sizeof odds / sizeof odds[0]);
}

/* Of Keras 3, by their numbers: the steps, the learning rate, nadam's product, then the vectors. */
static void test_keras_odd_states_by_number_are_refused(void **state)
{
    static const char nadam[] = "keras_nadam.keras", adam[] = "keras_3.10.0.keras";
    static const odd_t odds[] = {
        {nadam, FLOATS, "optimizer/vars/0", NUMBER(1), .status = DLCORE_ERROR_FORMAT,
         .text = "no count of steps"},
        {nadam, COUNTS, "optimizer/vars/0", VECTOR(2), .status = DLCORE_ERROR_FORMAT,
         .text = "no count of steps"},
        {nadam, COUNTS, "optimizer/vars/0", NUMBER(-1), .status = DLCORE_ERROR_FORMAT,
         .text = "is below 0"},
        {nadam, GONE, "optimizer/vars/0", .status = DLCORE_ERROR_NAME, .text = "optimizer/vars/0"},
        {nadam, GONE, "optimizer/vars/1", .status = DLCORE_ERROR_NAME, .text = "optimizer/vars/1"},
        {nadam, COUNTS, "optimizer/vars/1", NUMBER(1), .status = DLCORE_ERROR_FORMAT,
         .text = "no learning rate"},
        {nadam, FLOATS, "optimizer/vars/1", NUMBER(-0.5), .status = DLCORE_ERROR_FORMAT,
         .text = "the learning rate is -0.5, not in 0 .. 3.4"},
        {nadam, FLOATS, "optimizer/vars/1", NUMBER(1e99), .status = DLCORE_ERROR_FORMAT,
         .text = "the learning rate is inf, not in 0 .. 3.4"},
        {nadam, FLOATS, "optimizer/vars/2", NUMBER(1.5), .status = DLCORE_ERROR_FORMAT,
         .text = "the product of momenta is 1.5, not in 0 .. 1"},
        {nadam, FLOATS, "optimizer/vars/7", VECTOR(5), .status = DLCORE_ERROR_SHAPE,
         .text = "optimizer/vars/7 is floats of 4 bytes (5)"},
        {nadam, COUNTS, "optimizer/vars/11", NUMBER(0), .status = DLCORE_ERROR_UNSUPPORTED,
         .text = "the optimizer's state has 12 arrays"},
        {adam, COUNTS, "optimizer/vars/99", NUMBER(0), .status = DLCORE_ERROR_UNSUPPORTED,
         .text = "the optimizer's state has "},
        {adam, GONE, "optimizer/vars/3", .status = DLCORE_ERROR_UNSUPPORTED,
         .text = "the optimizer's state has "},
    };

    (void)state;
    assert_all(odds, sizeof odds / sizeof odds[0]);
}

static void test_keras_odd_states_by_name_are_refused(void **state)
{
    static const char list[] = "optimizer_weights\0weight_names";
    static const char plain[] = "keras_constants.h5", product[] = "keras_product.h5",
                      unused[] = "keras_adafactor.h5", too_long[] = "has more than 511 bytes";
    static const odd_t odds[] = {
        {plain, NAME, list, .index = 0, .name = longest, .status = DLCORE_ERROR_UNSUPPORTED,
         .text = too_long},
        {plain, NAME, list, .index = 1, .name = longest, .status = DLCORE_ERROR_UNSUPPORTED,
         .text = too_long},
        {plain, NAME, list, .index = 2, .name = longest, .status = DLCORE_ERROR_UNSUPPORTED,
         .text = too_long},
        {plain, NAME, list, .index = 2, .name = "nowhere", .status = DLCORE_ERROR_NAME,
         .text = "nowhere"},
        {unused, NAME, list, .index = 0, .name = "Adafactor/iter:0",
         .status = DLCORE_ERROR_UNSUPPORTED, .text = "is that of Keras before 2.11"},
        {plain, NAME, list, .index = 0, .name = "i", .status = DLCORE_ERROR_NAME, .text = "i"},
        {product, NAME, list, .index = 1, .name = longest, .status = DLCORE_ERROR_UNSUPPORTED,
         .text = too_long},
        {product, NAME, list, .index = 9, .name = longest, .status = DLCORE_ERROR_UNSUPPORTED,
         .text = too_long},
        {unused, NAME, list, .index = 4, .name = "iteration:0", .status = DLCORE_ERROR_DTYPE,
         .text = "not float32"},
    };

    (void)state;
    assert_all(odds, sizeof odds / sizeof odds[0]);
}

/* ---- the root ---- */

static void put_root_array(hid_t file, const char *path, int rank, hsize_t rows, hsize_t columns)
{
    odd_t odd = {.change = FLOATS, .path = path, .array = {rank, {rows, columns}, 0.5}};

    put_odd_array(file, &odd);
}

/* As save_weights of Keras 2 leaves them: layers are groups of the root. */
static void test_keras_odd_weights_at_the_root_are_read(void **state)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS), file, group;
    char names[2 * LONGEST] = "w/kernel";
    float weights[3];
    keras_bytes_t image;
    model_t *model = NULL;

    (void)state;
    assert_true(H5Pset_fapl_core(access, 65536, 0) >= 0);
    file = H5Fcreate("root", DLCORE_HDF5_TRUNCATE, H5P_DEFAULT, access);
    group = H5Gcreate2(file, "d", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Gclose(group) >= 0);
    group = H5Gcreate2(file, "d/w", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Gclose(group) >= 0);
    put_root_array(file, "d/w/kernel", 2, 2, 1);
    put_root_array(file, "d/w/bias", 1, 1, 0);
    memcpy(names + LONGEST, "w/bias", sizeof "w/bias");
    put_names(file, "d", "weight_names", names, 2);
    memset(names, 0, sizeof names);
    names[0] = 'd';
    put_names(file, "/", "layer_names", names, 1);
    image = image_of(file);
    H5Fclose(file);
    H5Pclose(access);
    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_int_equal(model_add(model, layer_dense(1, ACTIVATION_LINEAR)), DLCORE_OK);
    assert_int_equal(model_build(model, 2), DLCORE_OK);
    assert_int_equal(keras_load_weights_memory(model, image.bytes, image.size), DLCORE_OK);
    assert_int_equal(model_get_weights(model, weights, 3), DLCORE_OK);
    assert_true(weights[0] == 0.5f && weights[1] == 0.5f && weights[2] == 0.5f);
    model_free(model);
    free(image.bytes);
}

static int make_longest(void **state)
{
    (void)state;
    memset(longest, 'a', LONGEST);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keras_odd_shapes_of_weights_are_refused),
        cmocka_unit_test(test_keras_odd_names_of_layers_and_weights_are_refused),
        cmocka_unit_test(test_keras_odd_states_by_number_are_refused),
        cmocka_unit_test(test_keras_odd_states_by_name_are_refused),
        cmocka_unit_test(test_keras_odd_weights_at_the_root_are_read),
    };

    return cmocka_run_group_tests(tests, make_longest, NULL);
}
