"""`python -m coinfer.derivations`: check every claim and print one row for each; exit code 1 if anything fails."""

import argparse
import sys
from collections import Counter

from coinfer.derivations import labels
from coinfer.derivations.report import rows, verify_all
from coinfer.interruption import in_a_line


def table(lines: list[dict[str, str]]) -> str:
    """Rows in columns under their names; the last column is as wide as it needs."""
    cells = [list(lines[0]), *(list(line.values()) for line in lines)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]) - 1)] + [0]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in cells)


def main(arguments: list[str] | None = None) -> int:
    """Verify the claims named (all, if none is) and print the table; the exit code is 1 if any fails, 2 for bad input."""
    parser = argparse.ArgumentParser(prog="python -m coinfer.derivations", description=__doc__)
    parser.add_argument("labels", nargs="*", help="labels of the claims to check; all if none is given")
    parser.add_argument("--workers", type=int, default=2, help="processes to use; the result does not depend on it")
    options = parser.parse_args(arguments)
    unknown = ", ".join(label for label in options.labels if label not in labels())
    if unknown or options.workers < 1:
        known = f"labels = {unknown}: no such claim; known are {', '.join(labels())}"
        print(known if unknown else f"workers = {options.workers}: should be at least 1", file=sys.stderr)
        return 2
    results = verify_all(options.labels or None, options.workers)
    lines = rows(results)
    print(table(lines))
    for label, result in results.items():
        for failure in result.failures:
            print(f"{label}: {failure}")
    counts = Counter(line["status"] for line in lines)
    rejected = sum(len(result.mutants_rejected) for result in results.values())
    print(
        f"\n{len(lines)} claims: {', '.join(f'{count} {status}' for status, count in sorted(counts.items()))}; "
        f"{rejected} mutants rejected by a counterexample; {counts['FAILED']} failed"
    )
    return 1 if counts["FAILED"] else 0


if __name__ == "__main__":
    sys.exit(in_a_line("coinfer.derivations", main))
