/* Any file that dlcore reads to any that it writes.
 *
 *   convert FROM TO [NAME]       models: .safetensors .keras .h5 .onnx, to .c, too
 *                                data:   .csv .npy .npz IDX (names that end in ubyte or idx)
 *                                from .svmlight (.libsvm, .svm), too
 *   convert --inspect FILE       what is in it
 *
 * NAME is the array that is taken out of an .npz file, or put into one. What FROM is, its first
 * bytes say; what TO is, the end of its name. Formats of the parts keras, onnx and npz are there
 * when the parts were built. Sparse rows, of svmlight or of SciPy's save_npz, become dense ones;
 * the labels of svmlight are the last column then.
 *
 * Shows model_load, keras_load, onnx_load and their like, notes, and that an error names the file
 * and what is lacking. Where a format has no place for something, convert says so.
 *
 * SPDX-License-Identifier: MIT */
#include <dlcore.h>
#ifdef CONVERT_KERAS
#    include <dlcore/keras.h>
#endif
#ifdef CONVERT_NPZ
#    include <dlcore/npz.h>
#endif
#ifdef CONVERT_ONNX
#    include <dlcore/onnx.h>
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum kind {
    UNKNOWN,
    SAFETENSORS,
    KERAS,
    HDF5,
    ONNX,
    C_SOURCE,
    CSV,
    NPY,
    NPZ,
    IDX,
    SVMLIGHT
} kind_t;

static const struct {
    const char *suffix;
    kind_t kind;
} suffixes[] = {{".safetensors", SAFETENSORS},
                {".keras", KERAS},
                {".h5", HDF5},
                {".hdf5", HDF5},
                {".onnx", ONNX},
                {".c", C_SOURCE},
                {".csv", CSV},
                {".npy", NPY},
                {".npz", NPZ},
                {"ubyte", IDX},
                {"ubyte.gz", IDX},
                {"idx", IDX},
                {".svmlight", SVMLIGHT},
                {".libsvm", SVMLIGHT},
                {".svm", SVMLIGHT}};

static error_record_t error;

static void check(dlcore_status status)
{
    if (status == DLCORE_OK)
        return;
    fprintf(stderr, "convert: %s: %s\n", dlcore_status_name(status), error.message);
    exit(EXIT_FAILURE);
}

static void fail(const char *path, const char *why)
{
    fprintf(stderr, "convert: %s: %s\n", path, why);
    exit(EXIT_FAILURE);
}

/* The same for formats whose part this program was built without. */
#if !defined CONVERT_KERAS || !defined CONVERT_NPZ || !defined CONVERT_ONNX
static void lacks(const char *path, const char *part)
{
    fprintf(stderr, "convert: %s: needs the part %s, without which this program was built\n", path,
            part);
    exit(EXIT_FAILURE);
}
#endif

static int ends_with(const char *path, const char *suffix)
{
    size_t length = strlen(path), end = strlen(suffix);

    return length >= end && strcmp(path + length - end, suffix) == 0;
}

static kind_t kind_by_name(const char *path)
{
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        if (ends_with(path, suffixes[i].suffix))
            return suffixes[i].kind;
    }
    return UNKNOWN;
}

/* By the first bytes, and by the name where these leave it open. */
static kind_t kind_by_content(const char *path)
{
    unsigned char start[16] = {0};
    FILE *file = fopen(path, "rb");
    size_t got = file != NULL ? fread(start, 1, sizeof start, file) : 0;

    if (file == NULL) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    fclose(file);
    if (got == 0) /* a folder, too: that a .keras file was unpacked to */
        return kind_by_name(path) == UNKNOWN ? KERAS : kind_by_name(path);
    if (memcmp(start, "PK\3\4", 4) == 0)
        return kind_by_name(path) == NPZ ? NPZ : KERAS;
    if (memcmp(start, "\x89HDF\r\n", 6) == 0)
        return HDF5;
    if (memcmp(start, "\x93NUMPY", 6) == 0)
        return NPY;
    if (memcmp(start, "\x1F\x8B", 2) == 0 || (start[0] == 0 && start[1] == 0 && start[2] >= 8))
        return IDX;
    if (got > 8 && start[8] == '{')
        return SAFETENSORS;
    return kind_by_name(path);
}

static int is_model(kind_t kind)
{
    return kind >= SAFETENSORS && kind <= C_SOURCE;
}

/* ---- models ---- */

static model_t *load_keras(const char *path)
{
    model_t *model = NULL;
#ifdef CONVERT_KERAS
    load_options_t how = load_options_default();

    how.error = &error;
    check(keras_load(path, &how, &model));
#else
    lacks(path, "keras");
#endif
    return model;
}

static model_t *load_onnx(const char *path)
{
    model_t *model = NULL;
#ifdef CONVERT_ONNX
    onnx_load_options_t how = onnx_load_options_default();

    how.error = &error;
    check(onnx_load(path, &how, &model));
#else
    lacks(path, "onnx");
#endif
    return model;
}

static model_t *load_model(const char *path, kind_t kind)
{
    load_options_t how = load_options_default();
    model_t *model = NULL;

    if (kind == KERAS || kind == HDF5)
        return load_keras(path);
    if (kind == ONNX)
        return load_onnx(path);
    if (kind == C_SOURCE)
        fail(path, "C source is written, not read");
    how.error = &error;
    check(model_load(path, &how, &model));
    return model;
}

static void save_keras(const model_t *model, const char *path, kind_t kind)
{
#ifdef CONVERT_KERAS
    save_options_t how = save_options_default();

    how.error = &error;
    if (kind == KERAS)
        check(keras_save(model, path, &how));
    else if (ends_with(path, ".weights.h5"))
        check(keras_save_weights(model, path, &how));
    else
        fail(path, "a whole model is written as .keras; .weights.h5 is for its weights");
    if (kind != KERAS)
        printf("%s has the weights alone\n", path);
#else
    (void)model;
    (void)kind;
    lacks(path, "keras");
#endif
}

static void save_onnx(const model_t *model, const char *path)
{
#ifdef CONVERT_ONNX
    onnx_save_options_t how = onnx_save_options_default();

    how.error = &error;
    check(onnx_save(model, path, &how));
    printf("%s has layers and weights; compile settings and training state have no place in it\n",
           path);
#else
    (void)model;
    lacks(path, "onnx");
#endif
}

static void save_model(const model_t *model, const char *path, kind_t kind)
{
    save_options_t how = save_options_default();
    export_c_options_t source = export_c_options_default();

    how.error = source.error = &error;
    if (kind == KERAS || kind == HDF5)
        save_keras(model, path, kind);
    else if (kind == ONNX)
        save_onnx(model, path);
    else if (kind == C_SOURCE)
        check(model_export_c(model, path, &source));
    else
        check(model_save(model, path, &how));
}

/* ---- data ---- */

/* All columns as numbers. */
static tensor_t *load_csv(const char *path)
{
    csv_options_t columns = csv_options_default();
    csv_t *table = NULL;
    tensor_t *copy = NULL;
    dlcore_status status;

    columns.label_kind = CSV_LABEL_NONE;
    status = csv_load(path, &columns, NULL, &table, &error);
    if (status != DLCORE_OK)
        fprintf(stderr, "convert takes tables of numbers; examples/csv.c shows one with words\n");
    check(status);
    check(tensor_copy(csv_x(table), &copy, &error));
    csv_free(table);
    return copy;
}

static tensor_t *dense_rows(tensor_t *sparse)
{
    tensor_t *dense = NULL;

    check(sparse_to_dense(sparse, &dense, &error));
    tensor_free(sparse);
    return dense;
}

/* The features of each row, then its label. */
static tensor_t *load_svmlight(const char *path)
{
    tensor_t *x = NULL, *y = NULL, *rows = NULL;
    size_t columns;

    check(svmlight_load(path, NULL, NULL, &x, &y, &error));
    x = dense_rows(x);
    columns = tensor_row_size(x);
    check(tensor_create(NULL, DTYPE_FLOAT32, 2, (size_t[]){tensor_length(x, 0), columns + 1}, &rows,
                        &error));
    for (size_t row = 0; row < tensor_length(x, 0); row++) {
        float *to = (float *)tensor_data(rows) + row * (columns + 1);

        memcpy(to, (const float *)tensor_data_const(x) + row * columns, columns * sizeof *to);
        to[columns] = ((const float *)tensor_data_const(y))[row];
    }
    tensor_free(x);
    tensor_free(y);
    printf("%s: the labels are the last column\n", path);
    return rows;
}

/* An array by its name; without one the only array, or the matrix that SciPy's save_npz wrote. */
static tensor_t *load_npz(const char *path, const char *name)
{
    tensor_t *tensor = NULL;
#ifdef CONVERT_NPZ
    if (name == NULL && npz_load_sparse(path, NULL, &tensor, &error) == DLCORE_OK)
        return dense_rows(tensor);
    check(npz_load(path, name, NULL, &tensor, &error));
#else
    lacks(path, "npz");
    (void)name;
#endif
    return tensor;
}

static tensor_t *load_data(const char *path, kind_t kind, const char *name)
{
    tensor_t *tensor = NULL;

    if (kind == CSV)
        return load_csv(path);
    if (kind == SVMLIGHT)
        return load_svmlight(path);
    if (kind == NPZ)
        return load_npz(path, name);
    if (kind == NPY)
        check(npy_load(path, NULL, &tensor, &error));
    else
        check(idx_load(path, NULL, &tensor, &error));
    return tensor;
}

static double number_at(const tensor_t *tensor, size_t row, size_t column)
{
    const void *data = tensor_data_const(tensor);
    size_t at = row * tensor_row_size(tensor) + column;

    if (tensor_dtype(tensor) == DTYPE_UINT8)
        return ((const unsigned char *)data)[at];
    return tensor_dtype(tensor) == DTYPE_INT32 ? ((const int *)data)[at]
                                               : (double)((const float *)data)[at];
}

/* A line for each sample. 9 digits give a float32 back. */
static void save_csv(const tensor_t *tensor, const char *path)
{
    size_t rows = tensor_rank(tensor) > 0 ? tensor_length(tensor, 0) : 1;
    size_t columns = tensor_row_size(tensor);
    FILE *file = fopen(path, "w");

    if (file == NULL) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    for (size_t row = 0; row < rows; row++)
        for (size_t column = 0; column < columns; column++)
            fprintf(file, "%.9g%c", number_at(tensor, row, column),
                    column + 1 < columns ? ',' : '\n');
    if (fclose(file) != 0)
        fail(path, "could not be written");
}

static void save_data(const tensor_t *tensor, const char *path, kind_t kind, const char *name)
{
    if (kind == CSV)
        save_csv(tensor, path);
    else if (kind == NPY)
        check(npy_save(path, tensor, &error));
    else if (kind == IDX)
        check(idx_save(path, tensor, &error));
#ifdef CONVERT_NPZ
    else
        check(npz_save(path, &name, &tensor, 1, NULL, &error));
#else
    else
        lacks(path, "npz");
    (void)name;
#endif
}

/* ---- what is in a file ---- */

static void print_shape(const char *name, const char *dtype, size_t rank, const size_t *shape)
{
    printf("%s: %s (", name, dtype);
    for (size_t axis = 0; axis < rank; axis++)
        printf(axis > 0 ? ", %zu" : "%zu", shape[axis]);
    printf(")\n");
}

static void inspect_npz(const char *path)
{
#ifdef CONVERT_NPZ
    npz_t *npz = NULL;
    npz_array_t array;

    check(npz_open(path, NULL, &npz, &error));
    for (size_t i = 0; i < npz_count(npz); i++) {
        if (npz_inspect(npz, i, &array, &error) == DLCORE_OK)
            print_shape(npz_name(npz, i), dtype_name(array.dtype), array.rank, array.shape);
        else
            printf("%s: cannot be read: %s\n", npz_name(npz, i), error.message);
    }
    npz_free(npz);
#else
    lacks(path, "npz");
#endif
}

static void inspect_safetensors(const char *path)
{
    inspect_options_t how = inspect_options_default();
    inspection_t *found = NULL;

    how.error = &error;
    check(model_inspect(path, &how, &found));
    check(inspection_print(found, stdout));
    inspection_free(found);
}

/* Layers, settings, and what is lacking, also of a model that cannot be loaded. */
static void inspect_foreign(const char *path, kind_t kind)
{
#ifdef CONVERT_KERAS
    load_options_t how = load_options_default();

    how.error = &error;
    if (kind == KERAS || kind == HDF5)
        check(keras_inspect(path, &how, stdout));
#endif
#ifdef CONVERT_ONNX
    onnx_load_options_t options = onnx_load_options_default();

    options.error = &error;
    if (kind == ONNX)
        check(onnx_inspect(path, &options, stdout));
#endif
    (void)path;
    (void)kind;
}

static void inspect_model(const char *path, kind_t kind)
{
    model_t *model;

    inspect_foreign(path, kind);
    model = load_model(path, kind);

    check(model_summary(model, stdout));
    for (size_t i = 0; i < model_note_count(model); i++)
        printf("note %s: %s\n", model_note_key(model, i),
               model_note(model, model_note_key(model, i)));
    model_free(model);
}

static void inspect(const char *path)
{
    kind_t kind = kind_by_content(path);
    tensor_t *tensor;

    if (kind == UNKNOWN)
        fail(path, "neither the first bytes nor the name say what it is");
    if (kind == SAFETENSORS)
        inspect_safetensors(path);
    else if (is_model(kind))
        inspect_model(path, kind);
    else if (kind == NPZ)
        inspect_npz(path);
    else {
        tensor = load_data(path, kind, NULL);
        print_shape(path, dtype_name(tensor_dtype(tensor)), tensor_rank(tensor),
                    tensor_shape(tensor));
        tensor_free(tensor);
    }
}

static void convert(const char *from, const char *to, const char *name)
{
    kind_t source = kind_by_content(from), target = kind_by_name(to);

    if (source == UNKNOWN)
        fail(from, "neither the first bytes nor the name say what it is");
    if (target == UNKNOWN)
        fail(to, "its name must end in .safetensors, .keras, .h5, .onnx, .c, .csv, .npy, .npz, "
                 "ubyte or idx");
    if (target == SVMLIGHT || ends_with(to, ".gz"))
        fail(to, "such files are read, not written");
    if (is_model(source) != is_model(target))
        fail(to, "a model does not become data, nor data a model");
    if (is_model(source)) {
        model_t *model = load_model(from, source);

        save_model(model, to, target);
        model_free(model);
    } else {
        tensor_t *tensor = load_data(from, source, name);

        save_data(tensor, to, target, name != NULL ? name : "arr_0");
        tensor_free(tensor);
    }
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--inspect") == 0)
        inspect(argv[2]);
    else if (argc == 3 || argc == 4)
        convert(argv[1], argv[2], argv[3]);
    else {
        fprintf(
            stderr,
            "usage: convert FROM TO [NAME]     models: .safetensors .keras .h5 .onnx, to .c\n"
            "                                  data: .csv (numbers) .npy .npz IDX, from .svmlight\n"
            "       convert --inspect FILE\n");
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
