"""What the peer programs share: cases, data, timing, and the lines they print.

Each program measures one library on the cases of dlcore_bench that the
library can do, and prints one JSON object per line with the keys case, peer,
version, threads and seconds: of one training step, one call or one epoch.
Batches of generated data are given to a library as it likes them best, without
shuffling; an epoch of MNIST shuffles and scales its uint8 images, as dlcore's
does.

SPDX-License-Identifier: MIT
"""
import argparse
import collections
import gzip
import json
import os
import statistics
import sys
import time

np = None  # limit_threads imports it

Case = collections.namedtuple("Case", "name work widths batch head")

CASES = [
    Case("train 784-512-10 b128 rmsprop", "train", (784, 512, 10), 128,
         "classes"),
    Case("train 1024-1024-1024-1024 b256 rmsprop", "train",
         (1024, 1024, 1024, 1024), 256, "numbers"),
    Case("train 64-64-64-10 b32 rmsprop", "train", (64, 64, 64, 10), 32,
         "classes"),
    Case("train 2-8-1 b1 rmsprop", "train", (2, 8, 1), 1, "yes-or-no"),
    Case("train 2-8-1 b32 rmsprop", "train", (2, 8, 1), 32, "yes-or-no"),
    Case("epoch mnist", "epoch", (784, 512, 10), 128, "classes"),
    Case("predict 784-512-10 b1 dense", "predict", (784, 512, 10), 1,
         "classes"),
    Case("predict 784-512-10 b128 dense", "predict", (784, 512, 10), 128,
         "classes"),
    Case("predict 2-8-1 b1", "predict", (2, 8, 1), 1, "yes-or-no"),
    Case("predict 16-32-32-4 b1", "predict", (16, 32, 32, 4), 1, "classes"),
]


def parse_arguments(description):
    """The command line, the same for every peer."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--data", default=os.environ.get("DLCORE_MNIST_DIR"),
                        help="folder of MNIST's training files")
    parser.add_argument("--case", default="",
                        help="only cases whose name contains this")
    parser.add_argument("--quick", action="store_true",
                        help="one short sample of each")
    return parser.parse_args()


def missing(peer):
    """Says so, and ends with the status that compare.sh knows."""
    print(f"{peer} is missing", file=sys.stderr)
    sys.exit(3)


def chosen(arguments):
    """The cases to measure."""
    return [case for case in CASES if arguments.case in case.name
            and (case.work != "epoch" or arguments.data)]


def limit_threads(threads):
    """For libraries that read their environment when they are imported.

    NumPy is one of them: its BLAS is scikit-learn's.
    """
    global np
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
                 "NPROC"):
        os.environ[name] = str(threads)
    if threads == 1:
        flags = os.environ.get("XLA_FLAGS", "")
        os.environ["XLA_FLAGS"] = (
            flags + " --xla_cpu_multi_thread_eigen=false").strip()
    try:
        import numpy
    except ImportError:
        missing("NumPy")  # without it no library here is usable
    np = numpy


def batch_count(case):
    """Batches of generated data: as many as dlcore_bench has."""
    return max(2, min(4096 // case.batch, 32 if case.widths[0] < 1024 else 2)
               if case.widths[0] > 64 else 4096 // case.batch)


def features(case, rows):
    """Generated samples, float32 in -1 .. 1."""
    generator = np.random.default_rng(1)
    return generator.uniform(-1, 1, (rows, case.widths[0])).astype(np.float32)


def targets(case, rows):
    """Class numbers (int32), or float32 outputs (rows, units)."""
    generator = np.random.default_rng(2)
    units = case.widths[-1]
    if case.head == "classes":
        return generator.integers(0, units, rows).astype(np.int32)
    if case.head == "yes-or-no":
        return generator.integers(0, 2, (rows, 1)).astype(np.float32)
    return generator.uniform(-1, 1, (rows, units)).astype(np.float32)


def _idx(folder, name):
    path = os.path.join(folder, name)
    if os.path.exists(path):
        with open(path, "rb") as file:
            data = file.read()
    else:
        with gzip.open(path + ".gz", "rb") as file:
            data = file.read()
    rank = data[3]
    shape = np.frombuffer(data, ">u4", rank, 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(shape)


def mnist(folder):
    """Images (60000, 784) as uint8, and labels as int32."""
    images = _idx(folder, "train-images-idx3-ubyte")
    labels = _idx(folder, "train-labels-idx1-ubyte")
    return images.reshape(len(images), -1).copy(), labels.astype(np.int32)


class Seconds(float):
    """Seconds, and how many CPUs were at work in the meantime."""

    cpus = 0.0


def measure(run, units, quick=False):
    """Seconds per unit, the median of several samples.

    run(count) does the work of `units` units `count` times.
    """
    wanted, rounds = (0.01, 1) if quick else (0.2, 5)

    def sample(count):
        begin = time.perf_counter()
        run(count)
        return time.perf_counter() - begin

    sample(1)  # whatever a library does at first
    count = 1
    took = sample(count)
    while took < wanted / 2 and count < 10 ** 8:
        count = max(2 * count, int(count * min(100, 0.7 * wanted / took)))
        took = sample(count)
    if took > 2 and not quick:
        rounds = 3
    cpu = time.process_time()
    samples = [sample(count) / count / units for _ in range(rounds)]
    seconds = Seconds(statistics.median(samples))
    seconds.cpus = (time.process_time() - cpu) / (sum(samples) * count * units)
    return seconds


def report(case, peer, version, threads, seconds, **more):
    """Prints one line."""
    line = {"case": case.name, "peer": peer, "version": version,
            "threads": threads, "seconds": float(f"{seconds:.6g}"),
            "cpus": round(getattr(seconds, "cpus", 0.0), 2)}
    line.update(more)
    print(json.dumps(line), flush=True)
