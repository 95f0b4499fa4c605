/* Before every source of the tests, as tests/stack.sh has them compiled: their functions go into a
 * section of their own, by which tests/stack/depth.c tells who calls.
 *
 * SPDX-License-Identifier: MIT */
#pragma clang section text = "host_text"
