"""All claims at once: verified in processes, and summarised as rows."""

import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor

from coinfer.derivations import Result, claim, labels
from coinfer.validation import needs

with needs("verify"):
    from tqdm import tqdm


def verify(label: str) -> Result:
    """Verify one claim; a function of its own so that a worker process can call it."""
    return claim(label).verify()


def verify_all(wanted: Sequence[str] | None = None, workers: int = 2) -> dict[str, Result]:
    """The result of each claim by its label (of all claims, if none is named); the same for any number of workers."""
    chosen = tuple(labels() if wanted is None else wanted)
    with ProcessPoolExecutor(workers) as pool:
        results = list(tqdm(pool.map(verify, chosen), total=len(chosen), desc="claims", file=sys.stderr))
    return dict(zip(chosen, results, strict=True))


def rows(results: dict[str, Result]) -> list[dict[str, str]]:
    """One row per claim: label, status (or FAILED), steps checked, mutants rejected, seconds, statement in LaTeX."""
    return [
        {
            "label": label,
            "status": claim(label).status if result.passed else "FAILED",
            "steps": str(result.steps_checked),
            "mutants": f"{len(result.mutants_rejected)}/{len(claim(label).mutants)}",
            "seconds": f"{result.seconds:.2f}",
            "statement": claim(label).statement,
        }
        for label, result in results.items()
    ]
