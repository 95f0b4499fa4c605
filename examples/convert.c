/* Any file that dlcore reads to any that it writes.
 *
 *   convert FROM TO              models: .safetensors .keras .h5 .onnx, to .c, too
 *                                data:   .csv .npy .npz IDX (names that end in ubyte or idx)
 *                                from .svmlight (.libsvm, .svm), too
 *   convert MODEL TO             TO .weights.h5, .pytorch.safetensors: its weights alone, named as
 *                                Keras and PyTorch have them
 *   convert WEIGHTS TO MODEL     weights of Keras or PyTorch (.h5, .safetensors) in the layers of
 *                                that model
 *   convert MODEL TO.c ROWS      in int8, with scales from these samples
 *   convert FROM TO NAME         the array that is taken out of an .npz file, or put into one
 *   convert --inspect FILE       what is in it
 *
 * What FROM is, its first bytes say; what TO is, the end of its name. Formats of the parts keras,
 * onnx and npz are there when the parts were built. Sparse rows, of svmlight or of SciPy's
 * save_npz, become dense ones; the labels of svmlight are the last column then.
 *
 * Shows model_load, keras_load, onnx_load and their like, notes, and that an error names the file
 * and what is lacking. Where a format has no place for something, convert says so.
 *
 * SPDX-License-Identifier: MIT */
#include <dlcore.h>
#ifdef CONVERT_KERAS
#    include <dlcore/keras.h>
#endif
#ifdef CONVERT_ONNX
#    include <dlcore/onnx.h>
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/convert_data.h"

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

    how.error = &convert_error;
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

    how.error = &convert_error;
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
    how.error = &convert_error;
    check(model_load(path, &how, &model));
    return model;
}

static void save_keras(const model_t *model, const char *path, kind_t kind)
{
#ifdef CONVERT_KERAS
    save_options_t how = save_options_default();

    how.error = &convert_error;
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

    how.error = &convert_error;
    check(onnx_save(model, path, &how));
    printf("%s has layers and weights; compile settings and training state have no place in it\n",
           path);
#else
    (void)model;
    lacks(path, "onnx");
#endif
}

/* In int8 where there are rows to find its scales by. */
static void save_source(const model_t *model, const char *path, const char *rows)
{
    export_c_options_t how = export_c_options_default();
    export_report_t report;
    tensor_t *samples = NULL;

    how.error = &convert_error;
    how.report = &report;
    if (rows != NULL) {
        samples = load_data(rows, kind_by_content(rows), NULL);
        how.numbers = EXPORT_INT8;
        how.samples = samples;
    }
    check(model_export_c(model, path, &how));
    printf("%s has %zu bytes of constants\n", path, report.weight_bytes);
    if (rows != NULL)
        printf("outputs differ by at most %.3g, %.2f %% of the rows keep their class\n",
               report.difference, 100 * report.same_class);
    tensor_free(samples);
}

static void save_for_pytorch(const model_t *model, const char *path)
{
    save_weights_options_t how = save_weights_options_default();

    how.style = WEIGHT_STYLE_PYTORCH;
    how.error = &convert_error;
    check(model_save_weights_with(model, path, &how));
    printf("%s has the weights alone, for load_state_dict\n", path);
}

/* `rows`: of a C source in int8; NULL: none. */
static void save_model(const model_t *model, const char *path, kind_t kind, const char *rows)
{
    save_options_t how = save_options_default();

    how.error = &convert_error;
    if (kind == KERAS || kind == HDF5)
        save_keras(model, path, kind);
    else if (kind == ONNX)
        save_onnx(model, path);
    else if (kind == C_SOURCE)
        save_source(model, path, rows);
    else if (ends_with(path, ".pytorch.safetensors"))
        save_for_pytorch(model, path);
    else
        check(model_save(model, path, &how));
}

/* The weights of a file that has them alone, or of a whole model, for layers that are there. */
static void take_weights(model_t *model, const char *path, kind_t kind)
{
    weights_options_t how = weights_options_default();
    weights_report_t *report = NULL;

    how.report = &report;
    if (kind == SAFETENSORS) {
        if (model_load_weights_with(model, path, &how) != DLCORE_OK)
            fail(path, model_error(model));
        check(weights_report_print(report, stdout));
        weights_report_free(report);
    } else if (kind == KERAS || kind == HDF5) {
#ifdef CONVERT_KERAS
        if (keras_load_weights(model, path) != DLCORE_OK)
            fail(path, model_error(model));
#else
        lacks(path, "keras");
#endif
    } else {
        fail(path, "weights for another model come from .safetensors, .keras or .h5");
    }
}

/* ---- what is in a file ---- */

static void inspect_safetensors(const char *path)
{
    inspect_options_t how = inspect_options_default();
    inspection_t *found = NULL;

    how.error = &convert_error;
    check(model_inspect(path, &how, &found));
    check(inspection_print(found, stdout));
    inspection_free(found);
}

/* Layers, settings, and what is lacking, also of a model that cannot be loaded. */
static void inspect_foreign(const char *path, kind_t kind)
{
#ifdef CONVERT_KERAS
    load_options_t how = load_options_default();

    how.error = &convert_error;
    if (kind == KERAS || kind == HDF5)
        check(keras_inspect(path, &how, stdout));
#endif
#ifdef CONVERT_ONNX
    onnx_load_options_t options = onnx_load_options_default();

    options.error = &convert_error;
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

/* `other`: the layers for weights, or the rows for int8. */
static void convert_model(const char *from, kind_t source, const char *to, kind_t target,
                          const char *other)
{
    const char *rows = target == C_SOURCE ? other : NULL;
    const char *layers = rows == NULL && other != NULL ? other : from;
    model_t *model = load_model(layers, layers == from ? source : kind_by_content(layers));

    if (layers != from)
        take_weights(model, from, source);
    save_model(model, to, target, rows);
    model_free(model);
}

/* `name`: what the third argument is depends on the first two. */
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
        convert_model(from, source, to, target, name);
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
            "       convert WEIGHTS TO MODEL   weights alone, in the layers of a model\n"
            "       convert MODEL TO.c ROWS    in int8\n"
            "       convert --inspect FILE\n");
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
