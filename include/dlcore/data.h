/* Data from files: IDX, the format of MNIST and Fashion-MNIST; .npy, the format of NumPy; CSV.
 *
 * IDX: big-endian; two zero bytes, a type byte (0x08 uint8, 0x09 int8, 0x0B int16, 0x0C int32, 0x0D
 * float32, 0x0E float64), a rank byte, `rank` lengths as u32, then the elements, and nothing after
 * them.
 *
 * Tensors have three dtypes. Other types of .npy and IDX files are converted:
 *
 *   in the file                   in the tensor
 *   float32, uint8, int32         the same
 *   float16                       float32; exact, with infinities, NaN and denormal numbers
 *   float64                       float32; rounded to nearest; too large: infinite, as in NumPy's
 *                                 astype
 *   int8, int16, uint16           int32; they always fit
 *   uint32, int64, uint64         int32; DLCORE_ERROR_RANGE, with the row and the value, when one
 *                                 does not fit
 *   bool                          uint8, 0 and 1
 *
 * Files are treated as hostile: sizes are checked before memory is allocated, and a wrong length is
 * an error that gives both numbers. Memory stays below 1 MB plus twice the content of the file or
 * twice the tensor, whichever is larger.
 *
 * Ownership: the tensor is the caller's. Threads: any.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_DATA_H
#define DLCORE_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api.h"
#include "status.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- IDX ---- */

/* Reads an IDX file, plain or gzip (told apart by content, not by name): (60000, 28, 28) uint8 for
 * MNIST's training images. Errors: DLCORE_ERROR_IO with errno's text when the file cannot be read,
 * or when it is not a regular file; DLCORE_ERROR_FORMAT when it is not an IDX file, is cut short or
 * too long, or its gzip data is damaged; DLCORE_ERROR_UNSUPPORTED for a gzip file when the library
 * was built without zlib, and for ranks above DLCORE_RANK_MAX; DLCORE_ERROR_OVERFLOW,
 * DLCORE_ERROR_MEMORY. `allocator` NULL: malloc. */
DLCORE_API dlcore_status dlcore_idx_load(const char *path, const dlcore_allocator_t *allocator,
                                         dlcore_tensor_t **out, dlcore_error_record_t *error);

/* The same from memory. */
DLCORE_API dlcore_status dlcore_idx_parse(const void *bytes, size_t size,
                                          const dlcore_allocator_t *allocator,
                                          dlcore_tensor_t **out, dlcore_error_record_t *error);

/* Whether this build reads gzip files. */
DLCORE_API bool dlcore_idx_reads_gzip(void);

/* Writes a tensor of any dtype and rank as a plain IDX file. When it is complete it replaces an old
 * file of that name; on failure the old one stays. The data is not forced to the disk: call your
 * system's sync if it must survive a power cut. Errors: DLCORE_ERROR_IO with errno's text,
 * DLCORE_ERROR_OVERFLOW for a length above 2^32 - 1. */
DLCORE_API dlcore_status dlcore_idx_save(const char *path, const dlcore_tensor_t *tensor,
                                         dlcore_error_record_t *error);

/* ---- .npy: arrays of NumPy ---- */

/* Reads a .npy file of version 1.0, 2.0 or 3.0, as numpy.save writes it. All types of the table
 * above are read, in both orders of bytes and of axes (little- and big-endian, C and Fortran); the
 * tensor is row-major.
 *
 * Errors: DLCORE_ERROR_IO as above; DLCORE_ERROR_FORMAT when it is not a .npy file, its header is
 * not what NumPy writes, or it is not exactly as long as that says; DLCORE_ERROR_UNSUPPORTED for
 * other types, structured arrays, versions, ranks above DLCORE_RANK_MAX and headers above 10,000
 * bytes; DLCORE_ERROR_RANGE as in the table; DLCORE_ERROR_OVERFLOW, DLCORE_ERROR_MEMORY.
 * `allocator` NULL: malloc. */
DLCORE_API dlcore_status dlcore_npy_load(const char *path, const dlcore_allocator_t *allocator,
                                         dlcore_tensor_t **out, dlcore_error_record_t *error);

/* The same from memory. */
DLCORE_API dlcore_status dlcore_npy_parse(const void *bytes, size_t size,
                                          const dlcore_allocator_t *allocator,
                                          dlcore_tensor_t **out, dlcore_error_record_t *error);

/* Writes a tensor of any dtype and rank for numpy.load: version 1.0, little-endian, row-major, the
 * same bytes as numpy.save. Replaces and fails as dlcore_idx_save does. */
DLCORE_API dlcore_status dlcore_npy_save(const char *path, const dlcore_tensor_t *tensor,
                                         dlcore_error_record_t *error);

/* ---- CSV ---- */

/* Text in rows and columns (RFC 4180): UTF-8, with or without a byte order mark; lines end with LF
 * or CRLF, or all with CR; fields may be in quotes and then hold delimiters, newlines, and quotes
 * that are doubled. Blanks around a field do not count. Blank lines are allowed at the end only;
 * every row has as many fields as the first.
 *
 * Numbers have a point in any locale ("-1.5e3"; no "inf", no thousands separators) and become the
 * nearest float32. Missing values are errors in columns that are used. In a column of numbers these
 * are missing values: an empty field, "?", NA, N/A, NaN, -NaN, null, none, <NA>, #N/A. In a column
 * of classes these are: an empty field, and, unless the field is in quotes or options.classes lists
 * it, "?", N/A, NaN, null, <NA> and #N/A; NA without quotes is missing where another class is a
 * number or in quotes, and the name of a class otherwise (Namibia, sodium). Fields have at most
 * 32,768 bytes, rows 65,536 columns. In messages lines and columns count from 1.
 *
 * A header is recognized as follows (DLCORE_CSV_HEADER_AUTO). The first row is a header when
 *   - a column is asked for by name; or
 *   - it cannot be a sample: a column that is to be a number has a word in it, and no number in
 *     the row has a point or a sign ("RI,Na,Mg,Type", ",a,b", "country,2019,2020"); or
 *   - none of the columns that are to be numbers has one in it, and not all of these fields are
 *     missing values ("1x1,1x2"); or
 *   - its numbers count the columns from 0, at least to 2 ("0,1,2,label", as pandas writes columns
 *     without names), and those of the second row neither count nor, below 8 columns, are whole
 *     numbers that are all as small; or
 *   - the label is a class, and the field there is called what labels are: label, class, target,
 *     category, type, kind, species, outcome.
 *
 * In the last two cases a class of that name in a later row, or in options.classes, makes it a
 * sample. What is neither a header nor a sample ("5.1x,3.5") is an error that says what to set. */

typedef enum dlcore_csv_header {
    DLCORE_CSV_HEADER_AUTO = 0, /* see above */
    DLCORE_CSV_HEADER_YES,
    DLCORE_CSV_HEADER_NO
} dlcore_csv_header_t;

typedef enum dlcore_csv_label {
    DLCORE_CSV_LABEL_NONE = 0, /* no label column: no y */
    DLCORE_CSV_LABEL_CLASSES,  /* any text: y is int32, the class's number */
    DLCORE_CSV_LABEL_NUMBER    /* y is float32; also of several columns */
} dlcore_csv_label_t;

/* A column: by its name in the header, or, where that is NULL, by its number from 0; -1 is the last
 * one, -2 the one before. */
typedef struct dlcore_csv_column {
    const char *name;
    int number;
} dlcore_csv_column_t;

typedef struct dlcore_csv_options {
    size_t structure_size; /* set by ..._default() */
    char delimiter;        /* ',' */
    char quote;            /* '"'; '\0': quotes are text like any other */
    dlcore_csv_header_t header;
    dlcore_csv_label_t label_kind;       /* none */
    dlcore_csv_column_t label;           /* the last column */
    const dlcore_csv_column_t *features; /* in the order that x is to have them */
    size_t feature_count;                /* 0: all columns but the label */
    /* Several label columns, of numbers: y is (rows, label_count), in this order, and `label` is
     * not used. 0: one, `label`. */
    const dlcore_csv_column_t *labels;
    size_t label_count;
    /* Runs of blanks and tabs part fields, in place of the delimiter; those at the ends of a line
     * do not count. */
    bool blank_runs;
    char decimal; /* '.'; ',' for numbers like "5,1", which may have no point then */
    char comment; /* '\0'. '#': what follows one, outside of quotes, does not count until the line
                   * ends, and lines that begin with one are no rows */
    /* Class names that you know already, for example those of the training data: a label in y is
     * the position of its name in this list; any other name is an error. 0: collected from the
     * file. */
    const char *const *classes;
    size_t class_count;
} dlcore_csv_options_t;

DLCORE_API dlcore_csv_options_t dlcore_csv_options_default(void);

/* What was read: owns its tensors and names. */
typedef struct dlcore_csv dlcore_csv_t;

/* Reads a CSV file. `options` NULL: the defaults. Errors: DLCORE_ERROR_IO as for IDX;
 * DLCORE_ERROR_FORMAT with line and column for what is not CSV, not a number, or missing;
 * DLCORE_ERROR_RANGE for numbers beyond float32 and for columns that the file does not have;
 * DLCORE_ERROR_NAME for columns that it does not have or has twice and for unknown classes;
 * DLCORE_ERROR_UNSUPPORTED for UTF-16; DLCORE_ERROR_OVERFLOW for more than 65,536 columns or 10,000
 * classes; DLCORE_ERROR_ARGUMENT, DLCORE_ERROR_MEMORY. */
DLCORE_API dlcore_status dlcore_csv_load(const char *path, const dlcore_csv_options_t *options,
                                         const dlcore_allocator_t *allocator, dlcore_csv_t **out,
                                         dlcore_error_record_t *error);

/* The same from memory. */
DLCORE_API dlcore_status dlcore_csv_parse(const void *bytes, size_t size,
                                          const dlcore_csv_options_t *options,
                                          const dlcore_allocator_t *allocator, dlcore_csv_t **out,
                                          dlcore_error_record_t *error);

/* NULL is fine. */
DLCORE_API void dlcore_csv_free(dlcore_csv_t *csv);

/* Queries: they never fail and borrow from `csv`; for NULL they return NULL or 0. */

/* The features, float32 (rows, features), and the labels, (rows): int32 classes, float32 numbers,
 * (rows, label_count) with options.labels, or NULL when there are none. They may be changed in
 * place. */
DLCORE_API dlcore_tensor_t *dlcore_csv_x(dlcore_csv_t *csv);
DLCORE_API dlcore_tensor_t *dlcore_csv_y(dlcore_csv_t *csv);

/* The columns of the file, used or not. The name is NULL without a header. */
DLCORE_API size_t dlcore_csv_column_count(const dlcore_csv_t *csv);
DLCORE_API const char *dlcore_csv_column_name(const dlcore_csv_t *csv, size_t column);
/* The name of a column of x. */
DLCORE_API const char *dlcore_csv_feature_name(const dlcore_csv_t *csv, size_t feature);

/* The names of the classes: name i belongs to the label i. When all of them are numbers, they
 * are sorted as numbers ("0.0", "2.0", "10.0"; equal ones by bytes), otherwise all by bytes, which
 * is the order of sklearn's LabelEncoder ("10", "2", "many"). Those of options.classes stay as they
 * are. */
DLCORE_API size_t dlcore_csv_class_count(const dlcore_csv_t *csv);
DLCORE_API const char *dlcore_csv_class_name(const dlcore_csv_t *csv, size_t class_index);
/* All of them, for the options of another file. */
DLCORE_API const char *const *dlcore_csv_class_names(const dlcore_csv_t *csv);

/* ---- before training ---- */

typedef struct dlcore_split_options {
    size_t structure_size; /* set by ..._default() */
    double test_fraction;  /* 0.25 of the samples, rounded up, as in sklearn */
    bool shuffle;          /* true */
    uint64_t seed;         /* 0; the same seed gives the same split */
    /* Of the samples, rounded up, for validation; 0: none. With both fractions a three-way split.
     */
    double validation_fraction;
    /* false; true: every part has the classes of y in the proportions of the whole, to whole
     * samples. The class of a sample is the integer label, or the largest number of a row, or the
     * float 0 or 1. A rare class may be missing in a small part. */
    bool stratify;
    /* NULL; a number for each sample, int32 or uint8, (samples): samples with the same number stay
     * in one part (all rows of a patient, say). The fractions are then of the groups, as in
     * scikit-learn's GroupShuffleSplit. Not together with stratify. */
    const dlcore_tensor_t *groups;
} dlcore_split_options_t;

DLCORE_API dlcore_split_options_t dlcore_split_options_default(void);

/* Samples for training, for validation and for testing; the y are NULL when there was none, the
 * validation ones without a validation_fraction. */
typedef struct dlcore_split {
    dlcore_tensor_t *train_x, *train_y, *test_x, *test_y;
    dlcore_tensor_t *validation_x, *validation_y;
} dlcore_split_t;

/* Splits the samples of x (along axis 0) and of y (may be NULL) in the same way. With shuffle the
 * parts are copies, made with the allocator of their source, in shuffled order. Without it they are
 * read-only views, the first samples for training, the last for testing; x and y must outlive them.
 * With stratify or groups, without shuffle, they are copies, the last ones of each class or the
 * groups with the highest numbers for testing.
 * `options` NULL: the defaults. DLCORE_ERROR_SHAPE when x and y differ in samples or a part would
 * be empty. */
DLCORE_API dlcore_status dlcore_train_test_split(const dlcore_tensor_t *x, const dlcore_tensor_t *y,
                                                 const dlcore_split_options_t *options,
                                                 dlcore_split_t *out, dlcore_error_record_t *error);

typedef struct dlcore_k_fold_options {
    size_t structure_size; /* set by ..._default() */
    size_t folds;          /* 5; 2 .. the number of samples */
    bool shuffle;          /* false: a fold is a range of samples; true: a random choice */
    uint64_t seed;         /* 0; the same seed gives the same folds */
    /* As in dlcore_split_options_t. stratify: without shuffle the folds of scikit-learn's
     * StratifiedKFold. groups: each fold gets whole groups; without shuffle the folds of its
     * GroupKFold, largest groups first, each into the smallest fold (of groups of one size the
     * lower number first); with shuffle the groups come in a random order. */
    bool stratify;
    const dlcore_tensor_t *groups;
} dlcore_k_fold_options_t;

DLCORE_API dlcore_k_fold_options_t dlcore_k_fold_options_default(void);

/* Cross-validation: fold number `fold`, from 0, for testing, the other samples for training, as
 * scikit-learn's KFold chooses and orders them. Each sample is in the test part of one fold, and
 * folds differ by one sample at most. The parts are copies from their source's allocator. `options`
 * NULL: the defaults. DLCORE_ERROR_SHAPE when x and y differ in samples or there are fewer than 2.
 */
DLCORE_API dlcore_status dlcore_k_fold(const dlcore_tensor_t *x, const dlcore_tensor_t *y,
                                       const dlcore_k_fold_options_t *options, size_t fold,
                                       dlcore_split_t *out, dlcore_error_record_t *error);

/* Frees the tensors, not the struct. NULL is fine. */
DLCORE_API void dlcore_split_free(dlcore_split_t *split);

/* Weights for fit's class_weight that make every class count as much as any other: weights[c] =
 * samples / (classes that occur * samples of class c), as scikit-learn's
 * compute_class_weight("balanced"); 1 for a class that does not occur. y as for stratify;
 * class_count numbers are written, on success. DLCORE_ERROR_RANGE for a class of class_count or
 * above, or below 0. */
DLCORE_API dlcore_status dlcore_class_weight_balanced(const dlcore_tensor_t *y, size_t class_count,
                                                      float *weights, dlcore_error_record_t *error);

/* Mean and standard deviation of each number of a sample, over all samples: float32, with the shape
 * of a sample, (1) for x of rank 1. The deviation is that of the population, and 1 where all
 * samples are equal, as with sklearn's StandardScaler. They are computed in double; a mean is then
 * rounded to float, which shows in the result where it is more than a million deviations large. x
 * may have any dtype. Fit on the training data, apply to all. DLCORE_ERROR_RANGE names the first
 * sample, and number in it, that is NaN or infinite. */
DLCORE_API dlcore_status dlcore_standardize_fit(const dlcore_tensor_t *x, dlcore_tensor_t **means,
                                                dlcore_tensor_t **deviations,
                                                dlcore_error_record_t *error);

/* (x - means) / deviations as a new float32 tensor. */
DLCORE_API dlcore_status dlcore_standardize_apply(const dlcore_tensor_t *x,
                                                  const dlcore_tensor_t *means,
                                                  const dlcore_tensor_t *deviations,
                                                  dlcore_tensor_t **out,
                                                  dlcore_error_record_t *error);

/* The same in place; x must be float32. */
DLCORE_API dlcore_status dlcore_standardize_in_place(dlcore_tensor_t *x,
                                                     const dlcore_tensor_t *means,
                                                     const dlcore_tensor_t *deviations,
                                                     dlcore_error_record_t *error);

#ifdef __cplusplus
}
#endif

#endif
