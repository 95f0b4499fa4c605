/* What reading and writing .npz files share.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_EXCHANGE_NPZ_H
#define DLCORE_EXCHANGE_NPZ_H

#include "system/compiler.h"

#include "dlcore/npz.h"

#define DLCORE_NPZ_SUFFIX ".npy" /* of an entry's name, behind the array's */

#endif
