/* Records of TensorBoard's event files: a message in the wire format of protocol buffers
 * (tensorflow/core/util/event.proto, framework/summary.proto), framed as TensorFlow's record files
 * are: its length, a masked CRC-32C of that, the message, a masked CRC-32C of it.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_REPORT_EVENT_RECORD_H
#define DLCORE_REPORT_EVENT_RECORD_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

DLCORE_HIDDEN_BEGIN

#define DLCORE_EVENT_TAG_MAX 240     /* bytes of a tag; longer ones are cut */
#define DLCORE_EVENT_RECORD_MAX 1152 /* bytes of the longest record */
#define DLCORE_EVENT_BUCKETS 30

/* Numbers in buckets of equal width between the least and the most. */
typedef struct dlcore_event_histogram {
    double least, most, count, sum, squares;
    double counts[DLCORE_EVENT_BUCKETS]; /* numbers */
} dlcore_event_histogram_t;

/* Each writes one record to `to`, DLCORE_EVENT_RECORD_MAX bytes, and answers its length. The first
 * of a file: which version of the format it is. */
size_t dlcore_event_begin(unsigned char *to, double wall_time);
size_t dlcore_event_scalar(unsigned char *to, double wall_time, uint64_t step, const char *tag,
                           double value);
size_t dlcore_event_histogram(unsigned char *to, double wall_time, uint64_t step, const char *tag,
                              const dlcore_event_histogram_t *histogram);

/* Of the finite ones of these numbers; `most` is below `least` where there are none. */
void dlcore_event_histogram_of(const float *numbers, size_t count,
                               dlcore_event_histogram_t *histogram);

DLCORE_HIDDEN_END

#endif
