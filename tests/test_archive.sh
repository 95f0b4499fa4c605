#!/bin/sh
# What libdlcore.a and the archives of parts show to the linker: only names that begin with dlcore_, no call that a library
# should not make, no state of the process beyond the list below.
#
#   test_archive.sh nm libdlcore.a [ARCHIVE...]
#
# SPDX-License-Identifier: MIT
set -eu
nm=$1
shift
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Writable objects, and why each may be there.
allowed_state="
blas.c  found       what BLAS is linked: written once
blas.c  setup_once  guards that
blas.c  gate        bounds the threads within BLAS
blas.c  count       who needs BLAS's thread count to be 1, and the host's count to put back
blas.c  mine        a thread's own scopes
hdf5.c  hdf5_gate   one thread within libhdf5 at a time
hdf5.c  hdf5_watch_once  guards the handler that opens it in a child process
team.c  awake       dlcore threads at work in the process: workers spin only while CPUs are free
team.c  forks       tells a child process that the team's threads stayed with its parent
team.c  team_watch_once  guards the handler that counts forks
threads_posix.c  once_lock     one call of dlcore_once at a time
threads_posix.c  once_watched  guards the handler that frees that in a child process
wait_posix.c  places      where threads sleep, on systems without futexes
wait_posix.c  wait_watch_once  guards the handler that clears them in a child process
"

# Calls that end the process, write to its streams unasked, or change it behind the host's back.
forbidden="abort exit _exit _Exit quick_exit atexit __assert_fail __assert assert raise kill
printf vprintf puts putchar perror __printf_chk __vprintf_chk stderr
signal sigaction sigprocmask setlocale uselocale setenv putenv
rand srand random srandom drand48 srand48
strtok strtok_r strcpy strcat sprintf vsprintf gets __sprintf_chk __vsprintf_chk __strcpy_chk
__strcat_chk atoi atof atol system popen"

complain() {
    echo "test_archive: $1:" >&2
    sed 's/^/    /' >&2
    failed=1
}

# "object class section symbol" of everything, one a line.
"$nm" -A -f sysv "$@" |
    awk -F'|' 'NF >= 7 {
        gsub(/[ \t]/, "")
        parts = split($1, part, ":")
        print part[parts - 1], $3, ($7 == "" ? "-" : $7), part[parts]
    }' > "$work/symbols"
if ! grep -q ' T ' "$work/symbols"; then
    echo "test_archive: $nm shows no functions in $*" >&2
    exit 1
fi

# Classes of nm: capitals are global; U and w are needed from elsewhere; B, C, D, G, S are data.
awk '$2 ~ /^[A-TV-Z]$/ && $4 !~ /^(dlcore_|__x86\.get_pc_thunk)/ {print $4 " in " $1}' "$work/symbols" > "$work/foreign"
test -s "$work/foreign" && complain "globals without the prefix dlcore_" < "$work/foreign"

for name in $forbidden; do
    awk -v name="$name" '($2 == "U" || $2 == "w") && $4 == name {print $4 " in " $1}' "$work/symbols"
done > "$work/all_calls"
# Where MPI has failed all processes end, and one says why.
grep -vx "stderr in mpi.c.o" "$work/all_calls" > "$work/calls" || true
test -s "$work/calls" && complain "calls that a library should not make" < "$work/calls"

# Constant tables that hold pointers lie in .data.rel.ro, which the loader makes read-only.
awk '$2 ~ /^[bBcCdDgGsS]$/ && $3 !~ /^\.data\.rel\.ro/ {
        name = $4; sub(/\.[0-9]+$/, "", name); sub(/\.o$/, "", $1); print $1, name
    }' "$work/symbols" > "$work/state"
echo "$allowed_state" | awk 'NF {print $1, $2}' > "$work/allowed"
grep -vxF -f "$work/allowed" "$work/state" > "$work/unknown" || true
test -s "$work/unknown" && complain "writable state of the process" < "$work/unknown"

test $failed = 0 && echo "test_archive: $(grep -c ' T ' "$work/symbols") functions, all in order"
exit $failed
