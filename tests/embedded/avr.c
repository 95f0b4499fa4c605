/* A program for AVR around an exported network, which shows that it links.
 *
 * SPDX-License-Identifier: MIT */
#define NET_DECLARE
#include "net.c"

int main(void)
{
    static float x[NET_INPUTS], y[NET_OUTPUTS], scratch[NET_SCRATCH_BYTES / sizeof(float)];

    for (;;) {
        net_predict(x, y, scratch);
        x[0] = y[0];
    }
}
