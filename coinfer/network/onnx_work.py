"""How much the operators of an ONNX file multiply, and what of it is not counted: refused, or told in a table."""

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import nan
from typing import TYPE_CHECKING, Any

from coinfer.network.onnx_operators import COUNTED, ONE_MACHINE, REASONS, WITHOUT_MACS, Operator, label, macs, operator
from coinfer.validation import InputError, brief, items, listed, needs, one_of

if TYPE_CHECKING:
    import pandas
    from onnx import NodeProto

    from coinfer.network.onnx_graph import Graph


def read_graph(
    path: str | os.PathLike[str],
    dimensions: Mapping[str, int] | None = None,
    inputs: Mapping[str, Any] | None = None,
) -> "Graph":
    """What an inference of an ONNX file runs (see `read_onnx`); raises `InputError`."""
    if not isinstance(path, (str, os.PathLike)):
        raise InputError(f"path = {brief(path)}: should be the path of an ONNX file")
    with needs("onnx"):
        from coinfer.network.onnx_graph import live_graph
    return live_graph(os.fspath(path), {} if dimensions is None else dimensions, {} if inputs is None else inputs)


def operator_macs(graph: "Graph", ignore: Iterable[str] = ()) -> list[int]:
    """The MACs of every operator, shape (operators,), of the ignored ones 0; raises `InputError` if any are not known.

    All that are refused are named in one sentence, before any shape is looked at.
    """
    ignored = _ignored(graph, ignore)
    working = [node for node in graph.operators if operator(node) not in ignored]
    _refuse([node for node in working if not _is_listed(node)], graph)
    found = {id(node): macs(node, graph) for node in working}
    _refuse([node for node in working if found[id(node)] is None], graph)
    return [found.get(id(node)) or 0 for node in graph.operators]


def onnx_report(
    path: str | os.PathLike[str],
    *,
    dimensions: Mapping[str, int] | None = None,
    inputs: Mapping[str, Any] | None = None,
    ignore: Iterable[str] = (),
) -> "pandas.DataFrame":
    """What the operators of an ONNX file multiply, and what is left out: a row for each type of operator, by MACs.

    Columns: `operators`, their number; `macs`, of all of them; `share` of the MACs that are counted; and `kind`:
    "counted", "no MACs", "ignored" (see `read_onnx`), or "not counted", whose MACs are nan, for neither is the operator
    known, or a shape that it needs is not. Operators of another domain than ONNX's have it before their name.
    Raises `InputError` as `read_onnx` does, but for operators that are not known, and for what is no chain.

    >>> from coinfer.network.onnx_chain import bundled
    >>> onnx_report(bundled("squeezenet")).loc["Conv"].to_dict()
    {'operators': 26, 'macs': 349151936.0, 'share': 1.0, 'kind': 'counted'}
    """
    import pandas

    graph = read_graph(path, dimensions, inputs)
    ignored = _ignored(graph, ignore)
    rows = []
    for node in graph.operators:
        found = 0 if operator(node) in ignored else _macs_if_known(node, graph)
        rows.append((label(operator(node)), _kind(node, found, ignored), nan if found is None else float(found)))
    table = pandas.DataFrame(rows, columns=["operator", "kind", "macs"])
    grouped = table.groupby(["operator", "kind"], as_index=False).agg(
        operators=("macs", "size"), macs=("macs", lambda each: each.sum(skipna=False))
    )
    grouped["share"] = grouped["macs"] / max(grouped["macs"].sum(), 1.0)
    by_macs = grouped.sort_values("macs", ascending=False, kind="stable").set_index("operator")
    return by_macs[["operators", "macs", "share", "kind"]]


def _is_listed(node: "NodeProto") -> bool:
    return operator(node) in COUNTED or operator(node) in WITHOUT_MACS


def _kind(node: "NodeProto", found: int | None, ignored: frozenset[Operator]) -> str:
    if operator(node) in ignored:
        return "ignored"
    if found is None:
        return "not counted"
    return "no MACs" if operator(node) in WITHOUT_MACS else "counted"


def _macs_if_known(node: "NodeProto", graph: "Graph") -> int | None:
    try:
        return macs(node, graph)
    except InputError:  # a shape that cannot be inferred, for what comes before is not known
        return None


def _ignored(graph: "Graph", ignore: Iterable[str]) -> frozenset[Operator]:
    """The operators of a graph that are to be ignored; a name without a domain stands for those of all domains."""
    wanted = items("ignore", ignore, "a list of operators, e.g. ['Conv']")
    named: dict[str, set[Operator]] = {}
    for domain, name in map(operator, graph.operators):
        for called in (label((domain, name)), f"{domain or 'ai.onnx'}:{name}", name):
            named.setdefault(called, set()).add((domain, name))
    shown = [name for name in named if not name.startswith("ai.onnx:")]
    known = [name if isinstance(name, str) and name in named else one_of("ignore", name, shown) for name in wanted]
    return frozenset().union(*(named[name] for name in known))


def _refuse(nodes: "Sequence[NodeProto]", graph: "Graph") -> None:
    """Name the operators whose MACs are not known, if there are any, and why, if that is known."""
    if not nodes:
        return
    if any(node.domain == ONE_MACHINE for node in nodes):
        raise graph.refused(
            f"has operators of {ONE_MACHINE}, laid out for one machine: let onnxruntime save it with extended "
            "optimisations, or fewer"
        )
    kinds = Counter(map(operator, nodes))
    counts = listed(f"{number} {label(kind)}" for kind, number in kinds.most_common())
    reasons = "; ".join(reason for reason, known in REASONS.items() if known & kinds.keys())
    raise graph.refused(
        f"how much its operators {counts} multiply is not known{f' ({reasons})' if reasons else ''}; "
        f"ignore={[label(kind) for kind in kinds]} takes them for no work, and onnx_report tells the share of the others"
    )
