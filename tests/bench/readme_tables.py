"""Prints README's speed tables from what readme_tables.sh measured.

SPDX-License-Identifier: MIT
"""
import json
import os
import sys

STEPS = {
    "train 784-512-10 b128 rmsprop": "step of 784-512-10, batch 128",
    "train 1024-1024-1024-1024 b256 rmsprop": "step of 3 x 1024, batch 256",
    "train 4096-4096-4096 b1024 rmsprop": "step of 4096-4096-4096, batch 1024",
    "train 64-64-64-10 b32 rmsprop": "step of 64-64-64-10, batch 32",
    "epoch mnist": "epoch of MNIST, 784-512-10, batch 128",
}
SMALL = {
    "train 2-8-1 b1 rmsprop": "step of 2-8-1, batch 1, RMSprop",
    "train 2-8-1 b1 sgd": "step of 2-8-1, batch 1, SGD",
    "train 2-8-1 b32 rmsprop": "step of 2-8-1, batch 32, RMSprop",
    "train 2-8-1 b32 sgd": "step of 2-8-1, batch 32, SGD",
    "predict 784-512-10 b1 digits": "predict one digit, 784-512-10",
    "predict 784-512-10 b1 dense": "predict one sample without zeros, "
                                   "784-512-10",
    "predict 784-512-10 b128 dense": "predict 128 samples, 784-512-10",
    "predict 2-8-1 b1": "predict one sample, 2-8-1",
    "predict 16-32-32-4 b1": "predict one sample, 16-32-32-4",
}


def read_text(folder, name):
    """The lines of one file; none where it was not measured."""
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return file.read().splitlines()


def read_json(folder, name):
    """By case and number of threads."""
    lines = [json.loads(text) for text in read_text(folder, name)]
    return {(line["case"], line["threads"]): line for line in lines}


def time_text(seconds):
    """Three digits and a unit."""
    for factor, unit in ((1, "s"), (1e3, "ms"), (1e6, "us"), (1e9, "ns")):
        if seconds * factor >= 1 or unit == "ns":
            value = seconds * factor
            digits = 2 - (value >= 10) - (value >= 100)
            return f"{value:.{max(digits, 0)}f} {unit}"
    return ""


def number(value, form):
    """A number that may be missing."""
    return "-" if value is None else format(value, form)


def print_table(head, rows):
    """A Markdown table; nothing without rows."""
    if not rows:
        return
    print("\n| " + " | ".join(head) + " |")
    print("|---" * len(head) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |")


def print_steps(lines):
    """Time, percent of the peak, and of the floor, at each thread count."""
    counts = sorted({threads for _, threads in lines})
    head = [""]
    for threads in counts:
        head += [f"{threads} thread{'s' * (threads > 1)}", "of peak",
                 "of floor"]
    rows = []
    for case, name in STEPS.items():
        row = [name]
        for threads in counts:
            line = lines.get((case, threads))
            row += ["-"] * 3 if line is None else [
                time_text(line["seconds"]),
                number(line["percent_of_peak"], ".0f") + " %",
                number(line["ratio"], ".2f")]
        if any(cell != "-" for cell in row[1:]):
            rows.append(row)
    print_table(head, rows)
    print("\nOf peak: floating-point operations of all products in full, of what "
          "the CPU does in registers;\nof floor: of the time of the products "
          "alone in BLAS. MNIST has zeros, which are left out.")


def print_small(lines):
    """Times on one thread."""
    print_table(["one thread", "time"],
                [[name, time_text(lines[case, 1]["seconds"])]
                 for case, name in SMALL.items() if (case, 1) in lines])


def print_blas(lines):
    """The BLAS engine in times of its floor."""
    counts = sorted({threads for _, threads in lines})
    print_table(
        ["BLAS engine, of floor"]
        + [f"{threads} thread{'s' * (threads > 1)}" for threads in counts],
        [[name] + [number((lines.get((case, threads)) or {}).get("ratio"),
                          ".2f") for threads in counts]
         for case, name in STEPS.items()
         if any((case, threads) in lines for threads in counts)])


def print_layers(texts):
    """What each adds to a step, in percent."""
    rows = []
    for text in texts[1:]:
        name, numbers = text[:32].strip(), text[32:].split()
        rows.append([name, f"{100 * (float(numbers[2]) - 1):+.0f} %"])
    print_table(["added to a step of 784-512-512-10, batch 128, 1 thread",
                 "time"], rows)


def print_files(texts):
    """Times; of what takes long enough, also the rate, and beside memcpy."""
    rows = []
    for text in texts:
        name, words = text[:44].strip(), text[44:].split()
        if words[1] != "KB":
            rows.append([name, " ".join(words), "", ""])
        elif float(words[0]) < 10000:
            rows.append([name, f"{float(words[2]):.2f} ms", "", ""])
        else:
            rows.append([name, f"{float(words[2]):.1f} ms",
                         f"{words[4]} MB/s", f"{words[6]} of memcpy"])
    print_table(["files", "time", "rate", ""], rows)


def print_plain(title, texts):
    """What a program said."""
    if texts:
        print(f"\n{title}:\n")
        for text in texts:
            print("    " + text)


def main():
    """Reads the folder named on the command line."""
    folder = sys.argv[1]
    for text in read_text(folder, "machine"):
        print(text)
    steps = read_json(folder, "steps")
    print_steps(steps)
    print_small(steps)
    print_blas(read_json(folder, "blas"))
    print_layers(read_text(folder, "layers"))
    print_files(read_text(folder, "files"))
    print_plain("threads", read_text(folder, "threads"))
    print_plain("mnist_recipes best", read_text(folder, "best"))
    print_plain("mnist_recipes fast", read_text(folder, "fast"))


if __name__ == "__main__":
    main()
