"""The schema of study files: every study in the tree fits it, mistakes do not, and the file that editors read is the one that the models give."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from landscape.components.tasks._base import TASKS
from landscape.core import strict_yaml
from landscape.space.schema import schema
from landscape.space.study_files import available, load_space

ROOT = Path(__file__).parents[2]
FILES = [*available().values(), *sorted((ROOT / "tests/helpers/studies").glob("*.yaml"))]
VALIDATOR = Draft202012Validator(schema())


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_every_study_fits(path):
    assert [error.message for error in VALIDATOR.iter_errors(strict_yaml.read(path).data)] == []


@pytest.mark.parametrize(
    "change",
    [
        {"axis": {}},
        {"trials": 0},
        {"trials": "many"},
        {"axes": {}},
        {"axes": {"loss": []}},
        {"base": {"batchsize": 3}},
        {"base": {"seed": 3}},
        {"confirmation": {"cells": "top three"}},
        {"confirmation": {"seed": 5}},
        {"searcher": {"name": "annealing"}},
        {"search": {"rate": {"scaling": "logarithmic"}}},
        {"claims": [{"id": "a"}]},
        {"name": "-"},
    ],
    ids=str,
)
def test_mistakes_do_not(change):
    data = strict_yaml.read(available()["digits"]).data
    assert VALIDATOR.is_valid(data)
    assert not VALIDATOR.is_valid({**data, **change})


def test_short_forms_fit():
    data = dict(strict_yaml.read(available()["digits"]).data)
    for change in (
        {"dataset": {"mnist": {"validation": True}}},
        {"dataset": "folder:/a"},
        {"axes": {"regularizers": ["none", ["r1", {"l2": {"weight": 1}}]], "mine": [{"label": "a", "overrides": {"batch_size": 8}}]}},
        {"trials": {"per_cell": 3}},
        {"confirmation": {"cells": "top 3", "axes": ["loss"]}},
        {"search": {"rate": {"choices": [1, {"batch_size": 2}], "when": {"loss": "hinge"}, "sets": "batch_size"}}},
    ):
        assert VALIDATOR.is_valid(data | change), change


def test_the_file_for_editors_is_that_of_the_models():
    assert json.loads((ROOT / "docs/study.schema.json").read_text()) == schema()


@pytest.mark.parametrize("task", sorted(set(TASKS) - {"unconditional"}))
def test_every_task_has_a_study_for_two_cores_and_one_for_a_gpu(task):
    name = task.replace("_", "-")
    for study in (name, f"{name}-gpu-day"):
        space = load_space(study)
        assert space.name == study
        assert {cell.middle().task.name for cell in space.cells()} == {task}
