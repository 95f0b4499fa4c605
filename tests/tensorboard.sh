#!/bin/sh
# TensorBoard's own reader and dlcore's event files: tags, steps, numbers and histograms are those of
# the run. Not one of ctest's tests, because it needs Python 3 and the network.
#
#   [PYTHON=PYTHON] tests/tensorboard.sh BUILD_FOLDER
#
# PYTHON has TensorBoard already; without it an environment is made in the build folder.
#
# SPDX-License-Identifier: MIT
set -eu
top=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
# shellcheck source=.ci/packages.sh
. "$top/.ci/packages.sh"
build=$1
tool=$build/tests/tensorboard_log
work=$build/tensorboard
test -x "$tool" || {
    echo "tensorboard: no $tool: build dlcore with its tests first" >&2
    exit 1
}
rm -rf "$work/run"
mkdir -p "$work/run/train" "$work/run/validation"
python_with "$work" tensorboard

"$tool" "$work/run/train" "$work/run/validation" > "$work/expected"
"$python" - "$work" << 'PYTHON'
import sys

import tensorboard
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util import tensor_util

work = sys.argv[1]
everything = {"tensors": 0, "scalars": 0, "histograms": 0}
runs = {}
for name in ["train", "validation"]:
    runs[name] = EventAccumulator(f"{work}/run/{name}", size_guidance=everything)
    runs[name].Reload()


def scalar(run, tag, step):
    """Of plain summaries, or of those that TensorBoard has made tensors of."""
    tags = runs[run].Tags()
    if tag in tags["scalars"]:
        return next(e.value for e in runs[run].Scalars(tag) if e.step == step)
    events = runs[run].Tensors(tag)
    return float(tensor_util.make_ndarray(next(e.tensor_proto for e in events if e.step == step)))


def near(a, b, what):
    assert abs(a - b) <= 1e-5 * (1 + abs(b)), (what, a, b)


found = {"epoch": 0, "batch": 0, "weight": 0}
for line in open(f"{work}/expected"):
    kind, step, name, *rest = line.split()
    found[kind] += 1
    if kind == "epoch":
        run = "validation" if name.startswith("val_") else "train"
        tag = "epoch_" + name.removeprefix("val_")
        near(scalar(run, tag, int(step)), float(rest[0]), line)
    elif kind == "batch":
        near(scalar("train", "batch_" + name, int(step)), float(rest[0]), line)
    else:
        tag = name + "/histogram"
        if tag in runs["train"].Tags()["histograms"]:
            events = runs["train"].Histograms(tag)
            of = next(e.histogram_value for e in events if e.step == int(step))
            assert of.num == int(rest[0]) == sum(of.bucket), line
            near(of.sum, float(rest[1]), line)
        else:
            events = runs["train"].Tensors(tag)
            of = next(e.tensor_proto for e in events if e.step == int(step))
            assert tensor_util.make_ndarray(of)[:, 2].sum() == int(rest[0]), line
assert found["epoch"] == 15 and found["batch"] == 5 and found["weight"] == 12, found
assert not any("val_" in tag for run in runs.values() for tags in run.Tags().values()
               if isinstance(tags, list) for tag in tags)
print(f"tensorboard: {sum(found.values())} values are there; TensorBoard {tensorboard.__version__}")
PYTHON
