/* Quotas of control groups: /proc/self/cgroup says which group this process is in,
 * /proc/self/mountinfo where groups are to be seen, and a file in each group what it may use.
 *
 * Files are read with open and read, because stdio would allocate.
 *
 * SPDX-License-Identifier: MIT */
#include "system/features.h"

#include "system/cpu_quota.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_ROOM 512 /* these lie on the stack */
#define LINE_ROOM 1024

/* One of the two kinds of control groups. */
typedef struct hierarchy {
    char mount[PATH_ROOM]; /* where its groups are to be seen; at first where they usually are */
    char top[PATH_ROOM];   /* which group is seen there: in a container often the container's own */
    char group[PATH_ROOM]; /* that of this process; "": none */
} hierarchy_t;

/* ---- reading ---- */

typedef struct text {
    int file;
    size_t begin, end; /* of what is unread in bytes */
    char bytes[512];
} text_t;

/* The file `name` of a folder below `root`. */
static bool open_text(text_t *text, const char *root, const char *folder, const char *name)
{
    char path[3 * PATH_ROOM];
    int length = snprintf(path, sizeof path, "%s%s/%s", root, folder, name);

    if (length < 0 || (size_t)length >= sizeof path)
        return false;
    text->begin = text->end = 0;
    text->file = open(path, O_RDONLY | O_CLOEXEC);
    return text->file >= 0;
}

/* The next line, without its end; what goes beyond LINE_ROOM is left out. */
static bool next_line(text_t *text, char line[LINE_ROOM])
{
    size_t length = 0;
    bool any = false;

    for (;;) {
        char c;

        if (text->begin == text->end) {
            ssize_t got = read(text->file, text->bytes, sizeof text->bytes);

            text->begin = 0;
            text->end = got > 0 ? (size_t)got : 0;
            if (got <= 0)
                break;
        }
        any = true;
        c = text->bytes[text->begin++];
        if (c == '\n')
            break;
        if (length + 1 < LINE_ROOM)
            line[length++] = c;
    }
    line[length] = '\0';
    return any;
}

static bool read_line(const char *root, const char *folder, const char *name, char line[LINE_ROOM])
{
    text_t text;
    bool found;

    if (!open_text(&text, root, folder, name))
        return false;
    found = next_line(&text, line);
    close(text.file);
    return found;
}

static bool is_in_list(const char *list, const char *name)
{
    const size_t length = strlen(name);

    for (;; list++) {
        if (strncmp(list, name, length) == 0 && (list[length] == ',' || list[length] == '\0'))
            return true;
        list = strchr(list, ',');
        if (list == NULL)
            return false;
    }
}

/* "" where it does not fit: a group that cannot be named is as good as none. */
static void copy(char to[PATH_ROOM], const char *from)
{
    to[0] = '\0';
    if (strlen(from) < PATH_ROOM)
        memcpy(to, from, strlen(from) + 1);
}

/* ---- where the groups are ---- */

/* "4:cpu,cpuacct:/docker/1234" of version 1, "0::/user.slice" of version 2. */
static bool find_group(hierarchy_t *hierarchy, const char *root, int version)
{
    char line[LINE_ROOM];
    text_t text;

    if (!open_text(&text, root, "/proc/self", "cgroup"))
        return false;
    while (next_line(&text, line)) {
        char *controllers = strchr(line, ':');
        char *group = controllers == NULL ? NULL : strchr(controllers + 1, ':');

        if (group == NULL)
            continue;
        *group++ = '\0';
        controllers++;
        if (version == 2 ? controllers[0] == '\0' : is_in_list(controllers, "cpu"))
            copy(hierarchy->group, group);
    }
    close(text.file);
    return hierarchy->group[0] != '\0';
}

/* The next word of a line, which it ends; "" at the line's end. */
static char *next_word(char **line)
{
    char *word = *line + strspn(*line, " ");

    *line = word + strcspn(word, " ");
    if (**line != '\0')
        *(*line)++ = '\0';
    return word;
}

/* "36 35 98:0 TOP MOUNT rw,noatime [more ...] - TYPE SOURCE OPTIONS" */
static bool note_mount(hierarchy_t *hierarchy, char *line, int version)
{
    char *rest = strstr(line, " - "), *type, *options;

    if (rest == NULL)
        return false;
    *rest = '\0';
    rest += 3;
    type = next_word(&rest);
    (void)next_word(&rest);
    options = next_word(&rest);
    if (version == 2 ? strcmp(type, "cgroup2") != 0
                     : strcmp(type, "cgroup") != 0 || !is_in_list(options, "cpu"))
        return false;
    for (int i = 0; i < 3; i++)
        (void)next_word(&line);
    copy(hierarchy->top, next_word(&line));
    copy(hierarchy->mount, next_word(&line));
    return true;
}

static void find_mount(hierarchy_t *hierarchy, const char *root, int version)
{
    bool found = false;
    char line[LINE_ROOM];
    text_t text;

    if (!open_text(&text, root, "/proc/self", "mountinfo"))
        return;
    while (!found && next_line(&text, line))
        found = note_mount(hierarchy, line, version);
    close(text.file);
}

/* ---- quotas ---- */

/* Both in microseconds; a quota of 0 or less is none. */
static size_t cpus_of(long long quota, long long period)
{
    if (quota <= 0 || period <= 0 || quota > LLONG_MAX / 4 || period > LLONG_MAX / 4)
        return SIZE_MAX;
    quota = (2 * quota + period) / (2 * period);
    return quota < 1 ? 1 : (size_t)quota;
}

/* cpu.max: "150000 100000", or "max 100000". */
static size_t quota_v2(const char *root, const char *folder)
{
    char line[LINE_ROOM], *end;
    long long quota;

    if (!read_line(root, folder, "cpu.max", line))
        return SIZE_MAX;
    quota = strtoll(line, &end, 10); /* 0 of "max" */
    return cpus_of(quota, strtoll(end, NULL, 10));
}

static size_t quota_v1(const char *root, const char *folder)
{
    char line[LINE_ROOM];
    long long quota;

    if (!read_line(root, folder, "cpu.cfs_quota_us", line))
        return SIZE_MAX;
    quota = strtoll(line, NULL, 10);
    if (!read_line(root, folder, "cpu.cfs_period_us", line))
        return SIZE_MAX;
    return cpus_of(quota, strtoll(line, NULL, 10));
}

/* The group's path below the mount; "" where the mount does not show it. */
static const char *below_mount(const hierarchy_t *hierarchy)
{
    const char *group = hierarchy->group;
    size_t length = strlen(hierarchy->top);

    if (length == 1) /* "/" */
        length = 0;
    if (strncmp(group, hierarchy->top, length) != 0 || strstr(group, "/..") != NULL ||
        (group[length] != '/' && group[length] != '\0'))
        return "";
    return group + length;
}

/* The least of the group and of every group around it, up to the one at the mount. */
static size_t least_quota(const hierarchy_t *hierarchy, const char *root,
                          size_t (*quota_of)(const char *root, const char *folder))
{
    const size_t mount = strlen(hierarchy->mount);
    char folder[2 * PATH_ROOM];
    size_t least = SIZE_MAX;

    if (hierarchy->group[0] == '\0' || mount == 0)
        return SIZE_MAX;
    if (snprintf(folder, sizeof folder, "%s%s", hierarchy->mount, below_mount(hierarchy)) >=
        (int)sizeof folder)
        return SIZE_MAX;
    for (;;) {
        const size_t quota = quota_of(root, folder);
        char *last;

        if (quota < least)
            least = quota;
        if (strlen(folder) <= mount || (last = strrchr(folder, '/')) == NULL)
            return least;
        *last = '\0';
    }
}

/* One kind at a time: the paths are large, and callers' stacks may be small. */
DLCORE_KEPT_APART static size_t quota_of_version(const char *root, int version)
{
    hierarchy_t hierarchy = {.mount = "/sys/fs/cgroup", .top = "/"};

    if (version == 1)
        copy(hierarchy.mount, "/sys/fs/cgroup/cpu");
    if (!find_group(&hierarchy, root, version))
        return SIZE_MAX;
    find_mount(&hierarchy, root, version);
    return least_quota(&hierarchy, root, version == 1 ? quota_v1 : quota_v2);
}

size_t dlcore_cpu_quota(const char *root)
{
    size_t v1 = quota_of_version(root, 1), v2 = quota_of_version(root, 2);

    return v1 < v2 ? v1 : v2;
}
