"""How what is typed becomes settings."""

import json

import pytest

from landscape.cli.options import read_mapping, set_dotted
from landscape.core.component_text import parse_component, parse_value
from landscape.core.errors import UserError


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", 1), ("1e-4", 1e-4), ("0.5", 0.5), ("true", True), ("null", None), ("[1, 2]", [1, 2]), ("two", "two"), ("", ""), ("1_0", "1_0")],
)
def test_values(text, value):
    assert parse_value(text) == value
    assert type(parse_value(text)) is type(value)


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("hinge", {"name": "hinge"}),
        ("hinge:margin=2", {"name": "hinge", "hyperparameters": {"margin": 2}}),
        (
            "gradient_penalty:weight=10,sides=one,every=4",
            {"name": "gradient_penalty", "every": 4, "hyperparameters": {"weight": 10, "sides": "one"}},
        ),
        ("gradient_penalty:{weight: 10, every: 4}", {"name": "gradient_penalty", "every": 4, "hyperparameters": {"weight": 10}}),
        (
            "folder:{path: 'a, b=c', splits: {train: Train}}",
            {"name": "folder", "hyperparameters": {"path": "a, b=c", "splits": {"train": "Train"}}},
        ),
        ("folder:path=a,labels=none", {"name": "folder", "hyperparameters": {"path": "a", "labels": "none"}}),
    ],
)
def test_components(text, choice):
    assert parse_component(text) == choice


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("folder:/a/b", "/a/b"),
        ("zip:a.zip", "a.zip"),
        ("folder:/a=b/c,d", "/a=b/c,d"),
        ("folder:", ""),
        # Ray Tune names the folders of trials so.
        ("folder:f_0_lr=0.001,momentum=0.85", "f_0_lr=0.001,momentum=0.85"),
        ("zip:a=b/c:d.zip", "a=b/c:d.zip"),
        ("folder:./path=a", "./path=a"),
    ],
)
def test_data_sets_with_a_path(text, path):
    assert parse_component(text) == {"name": text.partition(":")[0], "hyperparameters": {"path": path}}


def test_a_task_of_the_name_of_a_data_set_has_hyperparameters_and_no_path():
    assert parse_component("unpaired:pool=5", is_data=False) == {"name": "unpaired", "hyperparameters": {"pool": 5}}
    assert parse_component("unpaired:pool=5") == {"name": "unpaired", "hyperparameters": {"path": "pool=5"}}


@pytest.mark.parametrize("text", ["hinge:margin=", "hinge:=2", "hinge:margin=1,,", "hinge:margin=1,x", "hinge:margin", "hinge:"])
def test_malformed_components(text):
    with pytest.raises(UserError, match="is not of the form name=value"):
        parse_component(text)


def test_braces_that_are_no_yaml_are_named():
    with pytest.raises(UserError, match=r"^'folder:\{path: a, path: b\}':1: 'path' is given twice"):
        parse_component("folder:{path: a, path: b}")


def test_dotted_fields():
    data = {"d_optimizer": {"beta1": 0.5}, "ema": None}
    set_dotted(data, "d_optimizer.learning_rate=1e-4")
    set_dotted(data, "ema.decay=0.999")
    set_dotted(data, "batch_size=32")
    assert data == {"d_optimizer": {"beta1": 0.5, "learning_rate": 1e-4}, "ema": {"decay": 0.999}, "batch_size": 32}


@pytest.mark.parametrize("assignment", ["batch_size", "=3", "a.=3"])
def test_malformed_assignments(assignment):
    with pytest.raises(UserError, match="write field=value"):
        set_dotted({}, assignment)


def test_into_what_is_no_group():
    with pytest.raises(UserError, match="'dataset' is not a group of settings"):
        set_dotted({"dataset": "digits"}, "dataset.path=3")


def test_files(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps({"seed": 1}))
    (tmp_path / "a.yaml").write_text("seed: 1\nd_optimizer: {learning_rate: 1e-4}\n")
    assert read_mapping(tmp_path / "a.json") == {"seed": 1}
    assert read_mapping(tmp_path / "a.yaml") == {"seed": 1, "d_optimizer": {"learning_rate": 1e-4}}
