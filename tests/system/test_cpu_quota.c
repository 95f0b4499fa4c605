/* Quotas of control groups, in folders that stand in for /proc and /sys/fs/cgroup.
 *
 * SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700

#include "system/cpu_quota.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define NONE SIZE_MAX
#define MOUNT_V2 "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
#define MOUNT_V1 \
    "33 30 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n"

static char root[64];

static int make_root(void **state)
{
    (void)state;
    strcpy(root, "/tmp/dlcore-quota-XXXXXX");
    return mkdtemp(root) == NULL;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info;
    (void)kind;
    (void)where;
    return remove(path);
}

static int remove_root(void **state)
{
    (void)state;
    return nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* With the folders that lead to it. */
static void write_file(const char *path, const char *text)
{
    char whole[4096];
    FILE *file;

    assert_true(snprintf(whole, sizeof whole, "%s%s", root, path) < (int)sizeof whole);
    for (char *slash = whole + strlen(root) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        mkdir(whole, 0777);
        *slash = '/';
    }
    file = fopen(whole, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void in_group(const char *cgroup, const char *mountinfo)
{
    write_file("/proc/self/cgroup", cgroup);
    if (mountinfo != NULL)
        write_file("/proc/self/mountinfo", mountinfo);
}

static size_t quota(void)
{
    return dlcore_cpu_quota(root);
}

static void set_v1(const char *folder, const char *us, const char *period)
{
    char path[1024];

    snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", folder);
    write_file(path, us);
    snprintf(path, sizeof path, "%s/cpu.cfs_period_us", folder);
    write_file(path, period);
}

static void test_cpu_quota_without_files_is_none(void **state)
{
    (void)state;
    assert_true(quota() == NONE);
    in_group("", "");
    assert_true(quota() == NONE);
    in_group("0::/a\n", MOUNT_V2);
    assert_true(quota() == NONE);
}

static void test_cpu_quota_v2_rounds_halves_up(void **state)
{
    static const struct {
        const char *max;
        size_t cpus;
    } cases[] = {{"max 100000\n", NONE},     {"200000 100000\n", 2},
                 {"150000 100000\n", 2},     {"149999 100000\n", 1},
                 {"110000 100000\n", 1},     {"10000 100000\n", 1},
                 {"1 1000000\n", 1},         {"175000 50000\n", 4},
                 {"12800000 100000\n", 128}, {"1000000000 1000\n", 1000000}};

    (void)state;
    in_group("0::/box\n", MOUNT_V2);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_file("/sys/fs/cgroup/box/cpu.max", cases[i].max);
        if (quota() != cases[i].cpus)
            fail_msg("%s comes to %zu, not %zu", cases[i].max, quota(), cases[i].cpus);
    }
}

static void test_cpu_quota_v2_takes_the_least_of_the_groups_around(void **state)
{
    (void)state;
    in_group("0::/slice/pod/box\n", MOUNT_V2);
    write_file("/sys/fs/cgroup/slice/pod/box/cpu.max", "max 100000\n");
    write_file("/sys/fs/cgroup/slice/pod/cpu.max", "400000 100000\n");
    assert_int_equal(quota(), 4);
    write_file("/sys/fs/cgroup/slice/cpu.max", "100000 50000\n");
    assert_int_equal(quota(), 2);
    write_file("/sys/fs/cgroup/slice/pod/box/cpu.max", "300000 100000\n");
    assert_int_equal(quota(), 2);
    write_file("/sys/fs/cgroup/slice/pod/box/cpu.max", "100000 100000\n");
    assert_int_equal(quota(), 1);
    /* that of a group beside it is none of ours */
    write_file("/sys/fs/cgroup/slice/other/cpu.max", "100 100000\n");
    assert_int_equal(quota(), 1);
}

static void test_cpu_quota_v2_in_a_namespace_is_at_the_mount(void **state)
{
    (void)state;
    in_group("0::/\n", MOUNT_V2);
    write_file("/sys/fs/cgroup/cpu.max", "300000 100000\n");
    assert_int_equal(quota(), 3);
    /* moved to a group that the namespace does not show */
    in_group("0::/../elsewhere\n", MOUNT_V2);
    write_file("/sys/fs/elsewhere/cpu.max", "100000 100000\n");
    assert_int_equal(quota(), 3);
}

static void test_cpu_quota_v1_reads_quota_and_period(void **state)
{
    (void)state;
    in_group("9:memory:/other\n4:cpu,cpuacct:/user/box\n1:name=systemd:/x\n0::/x\n", MOUNT_V1);
    set_v1("/sys/fs/cgroup/cpu,cpuacct/user/box", "-1\n", "100000\n");
    assert_true(quota() == NONE);
    set_v1("/sys/fs/cgroup/cpu,cpuacct/user", "250000\n", "100000\n");
    assert_int_equal(quota(), 3);
    set_v1("/sys/fs/cgroup/cpu,cpuacct/user/box", "50000\n", "50000\n");
    assert_int_equal(quota(), 1);
}

/* Inside, /proc names the group as the host does, and the mount begins at it. */
static void test_cpu_quota_v1_in_a_container_is_at_the_mount(void **state)
{
    static const char mount[] =
        "500 490 0:29 /docker/1f2e /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n";

    (void)state;
    in_group("4:cpu:/docker/1f2e\n", mount);
    set_v1("/sys/fs/cgroup/cpu", "200000\n", "100000\n");
    assert_int_equal(quota(), 2);
    in_group("4:cpu:/docker/1f2e/inner\n", mount);
    assert_int_equal(quota(), 2);
    set_v1("/sys/fs/cgroup/cpu/inner", "100000\n", "100000\n");
    assert_int_equal(quota(), 1);
    in_group("4:cpu:/docker/1f2e3d\n", mount);
    assert_int_equal(quota(), 2);
}

static void test_cpu_quota_of_both_versions_is_the_lesser(void **state)
{
    (void)state;
    in_group("4:cpu,cpuacct:/a\n0::/a\n",
             "31 23 0:27 / /sys/fs/cgroup/unified rw shared:5 - cgroup2 cgroup2 rw\n" MOUNT_V1);
    set_v1("/sys/fs/cgroup/cpu,cpuacct/a", "400000\n", "100000\n");
    assert_int_equal(quota(), 4);
    write_file("/sys/fs/cgroup/unified/a/cpu.max", "200000 100000\n");
    assert_int_equal(quota(), 2);
}

/* Where a folder of it is bound to another place, that comes later. */
static void test_cpu_quota_of_two_mounts_is_at_the_first(void **state)
{
    (void)state;
    in_group("0::/a\n", MOUNT_V2 "41 30 0:26 /a /elsewhere rw - cgroup2 cgroup2 rw\n");
    write_file("/sys/fs/cgroup/a/cpu.max", "300000 100000\n");
    write_file("/elsewhere/cpu.max", "100000 100000\n");
    assert_int_equal(quota(), 3);
}

static void test_cpu_quota_without_mountinfo_looks_where_groups_usually_are(void **state)
{
    (void)state;
    in_group("4:cpu:/a\n0::/b\n", NULL);
    set_v1("/sys/fs/cgroup/cpu/a", "300000\n", "100000\n");
    assert_int_equal(quota(), 3);
    write_file("/sys/fs/cgroup/b/cpu.max", "200000 100000\n");
    assert_int_equal(quota(), 2);
}

static void test_cpu_quota_of_nonsense_is_none(void **state)
{
    static const char *const texts[] = {"",           "\n",         "100000",
                                        "100000 0\n", "-5 100\n",   "0 100\n",
                                        "x y\n",      "100 -100\n", "99999999999999999999999 1\n"};
    static char lines[3 * 65536];

    (void)state;
    in_group("0::/box\n", MOUNT_V2);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        write_file("/sys/fs/cgroup/box/cpu.max", texts[i]);
        if (quota() != NONE)
            fail_msg("\"%s\" comes to %zu", texts[i], quota());
    }
    in_group("no colons\n:\n::\n4:cpu\n", "no dash\n - \n - cgroup2\n1 2 - cgroup2 x y\n");
    assert_true(quota() == NONE);
    /* lines longer than any that matters, before and after those that do */
    memset(lines, 'x', 65536);
    strcpy(lines + 65536, "\n" MOUNT_V2);
    in_group("0::/box\n", lines);
    write_file("/sys/fs/cgroup/box/cpu.max", "200000 100000\n");
    assert_int_equal(quota(), 2);
    strcpy(lines, "0::/");
    memset(lines + 4, 'y', 65536);
    lines[65540] = '\0';
    in_group(lines, MOUNT_V2);
    assert_true(quota() == NONE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_cpu_quota_without_files_is_none),
        TEST(test_cpu_quota_v2_rounds_halves_up),
        TEST(test_cpu_quota_v2_takes_the_least_of_the_groups_around),
        TEST(test_cpu_quota_v2_in_a_namespace_is_at_the_mount),
        TEST(test_cpu_quota_v1_reads_quota_and_period),
        TEST(test_cpu_quota_v1_in_a_container_is_at_the_mount),
        TEST(test_cpu_quota_of_both_versions_is_the_lesser),
        TEST(test_cpu_quota_of_two_mounts_is_at_the_first),
        TEST(test_cpu_quota_without_mountinfo_looks_where_groups_usually_are),
        TEST(test_cpu_quota_of_nonsense_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
