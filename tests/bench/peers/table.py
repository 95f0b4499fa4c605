"""Prints Markdown tables from lines of dlcore_bench and of the peer programs.

One table for each number of threads, in which every library was given as many,
and one in which each has the number that suits it best. Of several lines about
one case and library the fastest counts.

SPDX-License-Identifier: MIT
"""
import json
import sys

OWN = "dlcore"
PROGRAM = "only_trains"  # trains with dlcore and does nothing else
BESIDE = (", products", " bf16")  # shown, but not a step in float32
MORE_CPUS = 1.15  # times the threads it was given: worth a note


def read(path):
    """The lines, each with the name of its library."""
    lines = []
    with open(path, encoding="utf-8") as file:
        for text in file:
            line = json.loads(text)
            line.setdefault("peer", OWN)
            lines.append(line)
    return lines


def fastest(lines):
    """The fastest line, or None."""
    return min(lines, key=lambda line: line["seconds"], default=None)


def of(lines, peer, case):
    """Lines of one library about one case."""
    return [line for line in lines
            if line["peer"] == peer and line["case"] == case]


def at(lines, threads):
    """Lines of so many threads; else what has one thread only."""
    return ([line for line in lines if line["threads"] == threads]
            or [line for line in lines if line["threads"] == 1])


def time_text(seconds):
    """Three digits and a unit."""
    for factor, unit in ((1, "s"), (1e3, "ms"), (1e6, "us"), (1e9, "ns")):
        if seconds * factor >= 1 or unit == "ns":
            value = seconds * factor
            digits = 2 - (value >= 10) - (value >= 100)
            return f"{value:.{max(digits, 0)}f} {unit}"
    return ""


def cell(line, threads):
    """Time, and in brackets what is not as the table's head says."""
    if line is None:
        return "-"
    notes = []
    if line["threads"] != threads:
        notes.append(f"{line['threads']}t")
    if line.get("variant"):
        notes.append(line["variant"])
    if line.get("cpus", 0) > MORE_CPUS * line["threads"]:
        notes.append(f"on {line['cpus']:.1f} CPUs")
    text = time_text(line["seconds"])
    return f"{text} ({', '.join(notes)})" if notes else text


def print_row(cells):
    """One row of a table."""
    print("| " + " | ".join(cells) + " |")


def print_table(lines, title, threads, choose):
    """One table; choose(lines) is what counts of a library's lines."""
    cases = list(dict.fromkeys(line["case"] for line in lines))
    peers = sorted({line["peer"] for line in lines} - {OWN})
    versions = {line["peer"]: line.get("version", "") for line in lines}
    print(f"\n{title}\n")
    print_row(["time of a step, call or epoch", OWN]
              + [f"{name} {versions[name]}" for name in peers]
              + [f"fastest peer / {OWN}"])
    print_row(["---"] + ["---:"] * (len(peers) + 2))
    for case in cases:
        own = choose(of(lines, OWN, case))
        row = [choose(of(lines, name, case)) for name in peers]
        first = fastest([line for line in row
                         if line and not line["peer"].endswith(BESIDE)])
        ratio = "-"
        if own and first:
            ratio = f"{first['seconds'] / own['seconds']:.2f} ({first['peer']})"
        print_row([case, cell(own, threads),
                   *(cell(line, threads) for line in row), ratio])


def print_check(lines, counts):
    """What the bench says of a case beside the program that only trains."""
    for case in dict.fromkeys(line["case"] for line in lines
                              if line["peer"] == PROGRAM):
        for threads in counts:
            pair = [fastest([line for line in of(lines, name, case)
                             if line["threads"] == threads])
                    for name in (OWN, PROGRAM)]
            if all(pair):
                own, program = (line["seconds"] for line in pair)
                print(f"\n{case}, {threads} threads: {time_text(own)} here, "
                      f"{time_text(program)} in a program that only trains: "
                      f"{own / program:.2f}")


def main():
    """Reads the file named on the command line."""
    lines = read(sys.argv[1])
    libraries = [line for line in lines if line["peer"] != PROGRAM]
    counts = sorted({line["threads"] for line in libraries})
    for threads in counts:
        print_table(libraries, f"{threads} thread{'s' * (threads > 1)} each:",
                    threads, lambda own, n=threads: fastest(at(own, n)))
    if len(counts) > 1:
        print_table(libraries, "Each at its best number of threads:", 0,
                    fastest)
    print_check(lines, counts)


if __name__ == "__main__":
    main()
