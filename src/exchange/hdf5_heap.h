/* What libhdf5 takes on trust in files: that the heaps in which text lies end, that they have each
 * text, that it is as long as the heap has it, and that attributes end within their place (in the
 * object headers of version 1, which Keras writes). Where that is not so, releases up to 1.10 at
 * least go round for ever, or read or write beyond their memory.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_EXCHANGE_HDF5_HEAP_H
#define DLCORE_EXCHANGE_HDF5_HEAP_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stddef.h>

DLCORE_HIDDEN_BEGIN

/* NULL, or what is wrong with a file: its heaps, the references to them and its attributes, by the
 * specification of the format (III.E, "Disk Format: Level 1E - Global Heap", and IV.A.2.m), with
 * lengths of 8 bytes and the file's beginning as base, as Keras writes them. */
const char *dlcore_hdf5_heap_problem(const unsigned char *bytes, size_t size);

DLCORE_HIDDEN_END

#endif
