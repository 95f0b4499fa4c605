"""Prints a Markdown table from lines of dlcore_bench and of the peer programs.

Of several lines about one case and library the fastest counts: the best
number of threads, and the better of the rounds.

SPDX-License-Identifier: MIT
"""
import json
import sys


def name_of(line):
    """The library that a line is about."""
    return line.get("peer", "dlcore")


def read(path):
    """The fastest line for each case and library, and the versions."""
    best = {}
    versions = {}
    with open(path, encoding="utf-8") as file:
        for text in file:
            line = json.loads(text)
            row = best.setdefault(line["case"], {})
            name = name_of(line)
            versions[name] = line.get("version", "")
            if name not in row or line["seconds"] < row[name]["seconds"]:
                row[name] = line
    return best, versions


def time_text(seconds):
    """Three digits and a unit."""
    for factor, unit in ((1, "s"), (1e3, "ms"), (1e6, "us"), (1e9, "ns")):
        if seconds * factor >= 1 or unit == "ns":
            value = seconds * factor
            digits = 2 - (value >= 10) - (value >= 100)
            return f"{value:.{digits}f} {unit}"
    return ""


def cell(line):
    """Time, the number of threads, and which of the library's ways."""
    if line is None:
        return "-"
    notes = [f"{line['threads']}t"]
    if line.get("variant"):
        notes.append(line["variant"])
    return f"{time_text(line['seconds'])} ({', '.join(notes)})"


def print_row(cells):
    """One row of the table."""
    print("| " + " | ".join(cells) + " |")


def main():
    """Reads the file named on the command line."""
    best, versions = read(sys.argv[1])
    peers = sorted(name for name in versions if name != "dlcore")
    print_row(["time of a step, call or epoch", "dlcore"]
              + [f"{name} {versions[name]}" for name in peers]
              + ["fastest peer / dlcore"])
    print_row(["---"] + ["---:"] * (len(peers) + 2))
    for case, row in best.items():
        own = row.get("dlcore")
        others = [row[name] for name in peers if name in row]
        ratio = "-"
        if own and others:
            fastest = min(others, key=lambda line: line["seconds"])
            ratio = (f"{fastest['seconds'] / own['seconds']:.2f} "
                     f"({fastest['peer']})")
        print_row([case, cell(own), *(cell(row.get(name)) for name in peers),
                   ratio])


if __name__ == "__main__":
    main()
