/* Status codes, error records and the allocator: what every other header uses.
 *
 * Every public function leaves its thread as it was, whether it succeeds or fails: errno, the
 * floating-point mode and exception flags, the signal mask; and the process: locale, working
 * folder, open files. Threads that are made for a model end with it.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_STATUS_H
#define DLCORE_STATUS_H

#include <stddef.h>

#include "api.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The one list of status codes: name, value, message. Values never change once released. */
#define DLCORE_STATUS_LIST(X)                                \
    X(OK, 0, "success")                                      \
    X(ERROR_ARGUMENT, -1, "invalid argument")                \
    X(ERROR_SHAPE, -2, "shapes do not fit together")         \
    X(ERROR_DTYPE, -3, "dtype is not accepted here")         \
    X(ERROR_RANGE, -4, "value out of range")                 \
    X(ERROR_OVERFLOW, -5, "size is too large")               \
    X(ERROR_MEMORY, -6, "out of memory")                     \
    X(ERROR_STATE, -7, "call out of order")                  \
    X(ERROR_NAME, -8, "unknown name")                        \
    X(ERROR_NOT_FINITE, -9, "loss is not finite")            \
    X(ERROR_IO, -10, "input or output failed")               \
    X(ERROR_FORMAT, -11, "file is malformed")                \
    X(ERROR_UNSUPPORTED, -12, "not supported by this build") \
    X(ERROR_BUSY, -13, "model is in use by another call")

/* Result of every fallible function: DLCORE_OK (0), or one of DLCORE_ERROR_... (negative). */
typedef enum dlcore_status {
#define DLCORE_STATUS_ENUMERATOR(name, value, message) DLCORE_##name = value,
    DLCORE_STATUS_LIST(DLCORE_STATUS_ENUMERATOR)
#undef DLCORE_STATUS_ENUMERATOR
} dlcore_status;

/* The general message of a status ("shapes do not fit together") and its name
 * ("DLCORE_ERROR_SHAPE"). Static text; for a value that is not a status, "unknown status".
 * Any thread, never fails. */
DLCORE_API const char *dlcore_status_string(dlcore_status status);
DLCORE_API const char *dlcore_status_name(dlcore_status status);

/* An error record that the caller owns. Functions without a model, and those that take a const
 * model, accept a pointer to one (NULL: no message wanted). On failure they fill it with the
 * status and a message that names the numbers ("slice 3..9 of a tensor with 5 rows"); on success
 * they leave it alone. Calls on a model keep their message in the model: dlcore_model_error.
 *
 * In messages "layer 2", "weight 3", "sample 17", "batch 4 of epoch 1", "callback 0" are the
 * numbers that calls take: they count from 0; layers of a Keras file count with its InputLayer.
 * Lines and columns of text files count from 1, as editors show them. What is printed for people
 * (progress, curves, logs) counts epochs as Keras does. */
#define DLCORE_ERROR_MESSAGE_SIZE 256
typedef struct dlcore_error {
    dlcore_status status;
    char message[DLCORE_ERROR_MESSAGE_SIZE]; /* ended, cut when longer, no control characters */
} dlcore_error_record_t;

/* Where an object gets its memory. `allocate` returns memory aligned as malloc's, or NULL;
 * `release` gets a pointer that allocate returned, never NULL. One without the other, or an
 * allocator_t of zeros, is DLCORE_ERROR_ARGUMENT wherever an allocator is taken. Both get `user`,
 * and neither may be left by an exception or longjmp. The struct is copied at creation; what `user`
 * points to must outlive the object. A model calls its allocator from the calling thread only, so
 * it needs to be thread-safe only when one model (or models that share an allocator) is used by
 * several threads. There is no global setter. */
typedef struct dlcore_allocator {
    void *(*allocate)(void *user, size_t size);
    void (*release)(void *user, void *memory);
    void *user;
} dlcore_allocator_t;

/* malloc and free. What a NULL allocator means everywhere. */
DLCORE_API dlcore_allocator_t dlcore_allocator_default(void);

#ifdef __cplusplus
}
#endif

#endif
