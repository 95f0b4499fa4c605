"""The table of a run of Keras's tests: what keras_peer.py has written of each, by group. With a second report,
of a run with wrong results (DLCORE_PEER_PLANT), also how many of the applicable tests noticed.

    table.py REPORT [PLANTED_REPORT]

Ends with status 1 where a test failed, or where fewer than nine of ten notice.

SPDX-License-Identifier: MIT
"""

import collections
import json
import sys


def read(path):
    tests = {}
    with open(path, encoding="utf-8") as report:
        for line in report:
            test = json.loads(line)
            name = test["test"].split("/src/")[-1]
            if test["outcome"] == "skipped":
                kind = "skipped"
            elif test["reasons"]:
                kind = "not there"
            elif test["calls"] == 0:
                kind = "no numbers"
            else:
                kind = test["outcome"]
            tests[name] = (kind, test)
    return tests


tests = read(sys.argv[1])
planted = read(sys.argv[2]) if len(sys.argv) > 2 else {}
columns = ["applicable", "passed", "failed", "not there", "no numbers", "skipped"] + ["notice"] * bool(planted)
counts = collections.defaultdict(collections.Counter)
strange = []
for name, (kind, test) in tests.items():
    group = name.split("/")[0]
    for row in (group, "all"):
        counts[row][kind] += 1
        if kind in ("passed", "failed"):
            counts[row]["applicable"] += 1
            if name in planted and planted[name][1]["outcome"] == "failed":
                counts[row]["notice"] += 1
    if kind == "failed":
        print(f"failed: {name}")
    elif test["outcome"] == "failed":
        strange.append(name)
print(f"{'group':14}" + "".join(f"{column:>12}" for column in columns))
for group in sorted(counts, key=lambda row: (row == "all", row)):
    print(f"{group:14}" + "".join(f"{counts[group][column]:12}" for column in columns))
for name in strange:
    print(f"fails without dlcore: {name}")
reasons = collections.Counter()
for kind, test in tests.values():
    for reason in {text.split(": ", 1)[-1].split(" is ")[0] for text in test["reasons"]}:
        reasons[reason] += 1
print("not there, by reason: " + "; ".join(f"{reason} ({n})" for reason, n in reasons.most_common(12)))
total = counts["all"]
if total["failed"] or not total["passed"] or (planted and total["notice"] < 0.9 * total["applicable"]):
    sys.exit(1)
