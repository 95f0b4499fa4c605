/* Paths with fields in the manner of Python's str.format: "weights-{epoch:02d}-{val_loss:.2f}".
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_STORE_PATH_PATTERN_H
#define DLCORE_STORE_PATH_PATTERN_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/number.h"
#include "dlcore/callback.h"

DLCORE_HIDDEN_BEGIN

/* Writes `pattern` to `to`, fields filled in: {epoch} is the event's, counted from 1, {batch}
 * likewise when `by_batches`, and other names are the event's values; those that this epoch lacks
 * are nan, those of validation refused when `by_batches`. After a colon: 0 and a width, then d for
 * counts, .<digits>f or .<digits>e for values; without, a value is written as Python's repr does.
 * {{ and }} are braces. Errors, in event->error: DLCORE_ERROR_ARGUMENT for a pattern that is
 * malformed or a path that does not fit in `room`; DLCORE_ERROR_NAME for a value that fit does not
 * have. */
dlcore_status dlcore_path_expand(char *to, size_t room, const char *pattern, const char *owner,
                                 const dlcore_training_event_t *event, bool by_batches);

/* Whether the folder that such a pattern names depends on fields. */
bool dlcore_path_folder_varies(const char *pattern);

/* The fewest digits that read back as `value`, as Python's repr writes them: "0.1", "1e-05", "2.0",
 * "nan". Answers `text`. */
#define DLCORE_SHORTEST_SIZE DLCORE_NUMBER_SIZE
const char *dlcore_shortest(char text[DLCORE_SHORTEST_SIZE], double value);

DLCORE_HIDDEN_END

#endif
