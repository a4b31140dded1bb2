"""`python -m coinfer.site`: write the report site."""

import argparse
import sys
import time
from pathlib import Path

from coinfer.interruption import in_a_line
from coinfer.site.building import build
from coinfer.validation import InputError


def main(arguments: list[str] | None = None) -> int:
    """The command line's exit code: 0, or 2 for bad input."""
    parser = argparse.ArgumentParser("python -m coinfer.site", description="Write the study as pages to read offline.")
    parser.add_argument("--figures", type=Path, default=Path("figures"), help="what the study wrote (default: figures)")
    parser.add_argument("--out", type=Path, default=Path("site"), help="folder of the pages (default: site)")
    options, start = parser.parse_args(arguments), time.perf_counter()
    try:
        many = build(options.figures, options.out)
    except InputError as error:
        print(f"coinfer.site: {error}", file=sys.stderr)
        return 2
    print(f"{many} pages in {time.perf_counter() - start:.0f} s; open {options.out / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(in_a_line("coinfer.site", main, "; the old pages are still there"))
