"""All claims at once: verified in processes, and summarised as rows."""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import active_children

from coinfer.derivations import Result, claim, claims, labels
from coinfer.interruption import held_back
from coinfer.validation import needs

with needs("verify"):
    from tqdm import tqdm


def verify(some: Sequence[str]) -> list[Result]:
    """Verify some claims; a function of its own so that a worker process can call it."""
    return [claim(label).verify() for label in some]


def verify_all(wanted: Sequence[str] | None = None, workers: int = 2) -> dict[str, Result]:
    """The result of each claim by its label (of all claims, if none is named); the same for any number of workers.

    What a claim rests on is verified as well, and a claim fails with it.
    """
    chosen = tuple(labels() if wanted is None else wanted)
    needed = behind(chosen)
    chunks = [needed[at : at + 6] for at in range(0, len(needed), 6)]  # neighbours cite the same facts
    found: list[Result] = []
    with ProcessPoolExecutor(workers) as pool, tqdm(total=len(needed), desc="claims", disable=None) as bar:
        try:
            with held_back():  # workers leave Ctrl-C to this process, which knows them all before it hears one
                futures = [pool.submit(verify, chunk) for chunk in chunks]
            for future in futures:
                found += future.result()
                bar.update(len(found) - bar.n)
        except BaseException:
            for worker in active_children():
                worker.kill()  # not asked to end, as one that computes in a library may not hear it
            raise
    results = with_what_they_rest_on(dict(zip(needed, found, strict=True)))
    return {label: results[label] for label in chosen}


def behind(chosen: Sequence[str]) -> list[str]:
    """These claims and all they rest on, each after those it rests on."""
    wanted = {claim(label) for label in chosen}
    for each in reversed(claims()):
        if each in wanted:
            wanted.update(each.cites)
    return [each.label for each in claims() if each in wanted]


def with_what_they_rest_on(alone: dict[str, Result]) -> dict[str, Result]:
    """The results, given those of each claim alone: it fails if one that it cites does."""
    results: dict[str, Result] = {}
    for label, result in alone.items():
        failed = [fact.label for fact in claim(label).cites if not results[fact.label].passed]
        because = (*result.failures, *(f"rests on {fact}, which fails" for fact in failed))
        results[label] = replace(result, passed=not because, failures=because)
    return results


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
