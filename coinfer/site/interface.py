"""The interface as pages: every public name with its signature and docstring, read from the package itself."""

import inspect
import re
from html import escape
from types import ModuleType
from typing import Any

from coinfer.site import markdown
from coinfer.site.page import Page
from coinfer.validation import Model, needs

with needs("pages"):
    import pdoc.doc
    import pdoc.doc_pyi

# the package's stub says where its names live and nothing of types; pdoc would run all that it finds behind them
pdoc.doc_pyi.include_typeinfo_from_stub_files = lambda module: None

MODULES = (  # the package's own names first, then what is reached by a dotted name
    "coinfer", "coinfer.channel", "coinfer.rule", "coinfer.rules", "coinfer.stopping", "coinfer.in_time", "coinfer.coupling",
    "coinfer.by_hand", "coinfer.catalogue", "coinfer.quantities", "coinfer.derivations",
)  # fmt: skip


def pages() -> list[Page]:
    """A page for every module that users import from."""
    return [_page(pdoc.doc.Module(_imported(name))) for name in MODULES]


def _imported(name: str) -> ModuleType:
    module = __import__(name, fromlist=["_"])
    for each in getattr(module, "__all__", ()):
        getattr(module, each)  # what is imported when it is used, pdoc does not see before
    return module


def _page(module: pdoc.doc.Module) -> Page:
    parts = [f"<h1>{module.fullname}</h1>", docstring(module.docstring)]
    for member in _public(module):
        parts.append(f'<section id="{module.fullname}.{member.name}">{_member(member)}</section>')
    name = module.fullname
    return Page(f"api-{name.replace('.', '-')}.html", name, "\n".join(parts), "Interface", "coinfer/__init__.py")


def _public(module: pdoc.doc.Module) -> list[pdoc.doc.Doc]:
    """What `__all__` names, or what is defined there and has a docstring, in the order of the alphabet; no submodules."""
    named = getattr(module.obj, "__all__", None)
    return [
        member
        for member in sorted(module.members.values(), key=lambda each: each.name.lower())
        if not isinstance(member, pdoc.doc.Module)
        and not member.name.startswith("_")
        and (member.name in named if named is not None else member.docstring and member.taken_from[0] == module.fullname)
    ]


def _member(member: pdoc.doc.Doc) -> str:
    head = f"<h2>{escape(member.name)}</h2>"
    if isinstance(member, pdoc.doc.Class):
        return head + _signature(member.name, _constructor(member)) + docstring(member.docstring) + _parts(member)
    if isinstance(member, pdoc.doc.Function):
        return head + _signature(member.name, str(member.signature)) + docstring(member.docstring) + _source(member)
    return head + docstring(member.docstring)


def _constructor(member: pdoc.doc.Class) -> str:
    """The arguments of a class; for a record without their types, which its fields have."""
    fields = _fields(member)
    if fields:
        return f"({', '.join(_argument(name, field.is_required()) for name, field in fields.items())})"
    try:
        return str(inspect.signature(member.obj)).replace(" -> None", "")
    except (TypeError, ValueError):  # an alias of a type
        return ""


def _fields(member: pdoc.doc.Class) -> dict[str, Any]:
    """The fields of a record, none of another class."""
    return dict(member.obj.model_fields) if inspect.isclass(member.obj) and issubclass(member.obj, Model) else {}


def _argument(name: str, required: bool) -> str:
    return name if required else f"{name}=..."


def _signature(name: str, text: str) -> str:
    shown = re.sub(r"<function (\w+) at 0x\w+>", r"\1", text)  # an address is another one in every run
    shown = re.sub(r"<[\w.]+ object at 0x\w+>", "...", shown)
    shown = re.sub(r"\bcoinfer(?:\.\w+)+\.(\w+)", r"\1", shown)  # a type by its name, not by where it is defined
    return markdown.code(f"{name}{shown}") if text else ""


def _parts(member: pdoc.doc.Class) -> str:
    """The fields of a record, then what else the class has of its own and says something of."""
    fields = _fields(member)
    rows = [
        f'<tr><th scope="row"><code>{name}</code></th><td>{escape(field.description or "")}</td></tr>'
        for name, field in fields.items()
    ]
    table = f"<table><caption>Fields of {escape(member.name)}</caption><tbody>{''.join(rows)}</tbody></table>" if rows else ""
    own = [each for each in member.own_members if not each.name.startswith("_") and each.docstring]
    own = [each for each in own if each.name not in fields]
    said = [
        f"<h3>{escape(member.name)}.{escape(each.name)}</h3>{_signature(each.name, _call(each))}{docstring(each.docstring)}"
        for each in own
    ]
    return table + "".join(said) + _source(member)


def _call(member: pdoc.doc.Doc) -> str:
    return str(member.signature) if isinstance(member, pdoc.doc.Function) else ""


def _source(member: pdoc.doc.Doc) -> str:
    """A link to the text of the module that defines it."""
    module = inspect.getmodule(member.obj)
    if module is None or not module.__name__.startswith("coinfer"):
        return ""
    file = str(inspect.getsourcefile(module)).rpartition("/coinfer/")[2]
    return f'<p class="source">Defined in <a href="/coinfer/{file}">coinfer/{file}</a></p>'


def docstring(text: str) -> str:
    """A docstring as HTML: its examples as code, the rest as Markdown.

    >>> docstring("One.").strip()
    '<p>One.</p>'
    """
    parts = re.split(r"(^[ ]*>>> .*?(?:\n\s*\n|\Z))", inspect.cleandoc(text), flags=re.MULTILINE | re.DOTALL)
    return "".join(
        markdown.code(inspect.cleandoc(part), "pycon") if part.lstrip().startswith(">>> ") else markdown.html(part)
        for part in parts
    )
