"""What the README shows is what the code does."""

import re
from pathlib import Path

import pandas as pd
import pytest
import yaml

import coinfer

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_worked_example_prints_what_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    code, shown = re.search(r"<!-- example -->\n```python\n(.*?)```\n\n```text\n(.*?)```", README, re.DOTALL).groups()
    assert len(code.splitlines()) <= 10
    exec(compile(code, "README.md", "exec"), {})
    assert capsys.readouterr().out == shown


def test_the_example_scenario_is_one() -> None:
    text = re.search(r"```yaml\n(.*?)```", README, re.DOTALL).group(1)
    scenario = coinfer.Scenario.from_yaml(text)
    assert scenario.device.memory_bits == yaml.safe_load(text)["device"]["memory_bits"]


def test_the_findings_table_is_that_of_the_last_notebook() -> None:
    rows = list(pd.read_csv(ROOT / "figures" / "99-summary.csv").itertuples())
    shown = re.search(r"<!-- findings -->\n\|.*\n\|.*\n((?:\|.*\n)+)", README).group(1).splitlines()
    kinds = ["svg" if (ROOT / "figures" / f"{row.figure}.svg").exists() else "csv" for row in rows]
    assert shown == [
        f"| {row.sentence} | {row.statement} {row.number[0].upper()}{row.number[1:]}. | {row.verdicts} | "
        f"[{row.figure}](figures/{row.figure}.{kind}) |"
        for row, kind in zip(rows, kinds, strict=True)
    ]


def test_every_figure_has_its_own_caption() -> None:
    shown = re.findall(r"!\[[^\]]*\]\(figures/([\w-]+)\.svg\)\n\n((?:> .*\n)+)", README)
    assert len(shown) == README.count("](figures/") - len(re.findall(r"[^!]\[[^\]]*\]\(figures/", README)) == 2
    for name, quoted in shown:
        caption = " ".join(line.removeprefix("> ") for line in quoted.splitlines())
        assert caption == (ROOT / "figures" / f"{name}.md").read_text(encoding="utf-8").strip()


def test_every_link_leads_somewhere() -> None:
    targets = [target for target in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in target]
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_every_notebook_and_module_is_introduced() -> None:
    notebooks = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert notebooks == set(re.findall(r"^\| \[([\w-]+)\]", README, re.MULTILINE))
    modules = {
        path.stem for path in (ROOT / "coinfer").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    architecture = README.split("## Architecture")[1]
    assert sorted(name for name in modules - {"__init__", "validation"} if f"`{name}`" not in architecture) == []
