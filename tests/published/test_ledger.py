"""The ledger of published numbers is complete and consistent, and never shows a recalled number as published."""

import csv
import re

import pytest

from landscape.core.errors import UserError
from landscape.published import numbers, settings
from landscape.published.numbers import published_numbers

COUNTS = {"read": 855, "recalled": 17}


def test_every_number_is_there():
    found = published_numbers()
    assert {c: sum(n.confidence == c for n in found) for c in COUNTS} == COUNTS
    assert all(re.fullmatch(r"[a-z0-9-]+/[a-z0-9-]+/[a-z0-9/-]+", n.key) for n in found)
    assert {n.direction for n in found} == {"higher", "lower", ""}


def test_a_recalled_number_is_never_shown():
    recalled = [n for n in published_numbers() if n.confidence == "recalled"]
    assert recalled
    assert all(n.number is None and n.value not in n.shown for n in recalled)
    assert all(settings.setting_of(n.key).cannot is not None for n in recalled)


def test_numbers_as_printed():
    (gan,) = [n for n in published_numbers() if n.key == "goodfellow-2014/table-1/mnist/gan"]
    assert (gan.number, gan.error, gan.shown) == (225.0, 2.0, "225 ± 2")
    fail = [n for n in published_numbers() if n.value == "Fail"]
    assert {n.key for n in fail} == {"r3gan-2024/table-1/rpgan-r1", "r3gan-2024/table-1/gan-r1"}
    assert all(n.number is None for n in fail)


def test_every_row_has_a_setting_or_a_reason():
    found = settings.settings()
    assert set(found) == {n.key for n in published_numbers()}
    for key, setting in found.items():
        if setting.cannot is None:
            assert setting.config, key
            assert setting.protocol, key
        else:
            assert setting.cannot.why.endswith("."), key


def test_parts_are_laid_over_one_another():
    pac = settings.setting_of("pacgan-2018/table-1/grid/pacgan3")
    assert pac.config["dataset"] == "grid"
    assert pac.config["batch_size"] == 300
    assert pac.config["g_optimizer"] == {"learning_rate": 1e-4, "beta1": 0.8} == pac.config["d_optimizer"]
    assert pac.scores["modes (max 25)"].margin == 3.25
    best = settings.setting_of("landscape-2018/table-5/celeba-hq/sn-gp-2")
    assert best.protocol == "landscape-2018-celeba-hq"
    assert best.config["budget"] == {"amount": 100_000, "unit": "d_steps"}
    assert settings.setting_of("mimicry-2020/baselines/cifar100/sngan").cannot.because == "part"
    assert settings.setting_of("r3gan-2024/table-3/r3gan-config-e").expressible


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows[0].update(value=""), "2: value, source, metric or confidence"),
        (lambda rows: rows[0].update(confidence="guessed"), "2: value, source, metric or confidence"),
        (lambda rows: rows[1].update(rows[0]), "3: goodfellow-2014/table-1/mnist/dbn has the metric"),
    ],
)
def test_a_damaged_ledger_is_named(tmp_path, monkeypatch, change, message):
    with numbers.ROWS.open() as file:
        rows = list(csv.DictReader(file))[:3]
    change(rows)
    path = tmp_path / "rows.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    monkeypatch.setattr(numbers, "ROWS", path)
    with pytest.raises(UserError, match=message):
        published_numbers.__wrapped__()


def paper(**tables):
    return {"a": settings.Paper.parse({"paper": "A", "tables": tables})}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"title": "t", "parts": {"x": {}}}, "says nothing of 'y'"),
        ({"title": "t", "parts": {"x": {}, "y": {"config": {"a": 1}}}}, "protocol is missing"),
        (
            {"title": "t", "protocol": "quick", "criterion": "c", "parts": {"x": {}, "y": {"config": {"a": 1}}}},
            r"scores\['m'\] is missing",
        ),
        ({"title": "t", "cannot": {"because": "tool", "why": "w."}, "parts": {"z": {}}}, "no row of the ledger has 'z'"),
    ],
)
def test_an_incomplete_description_is_named(monkeypatch, table, message):
    empty = dict.fromkeys(numbers.PublishedNumber.__dataclass_fields__, "")
    number = numbers.PublishedNumber(**(empty | {"paper": "a", "table": "t", "row": "x/y", "metric": "m"}))
    monkeypatch.setattr(settings, "published_numbers", lambda: (number,))
    monkeypatch.setattr(settings, "papers", lambda: paper(t=table))
    with pytest.raises(UserError, match=message):
        settings.settings.__wrapped__()


def test_a_row_that_does_not_exist_suggests_the_nearest():
    with pytest.raises(UserError, match="did you mean 'pacgan-2018/table-1/ring/pacgan"):
        settings.setting_of("pacgan-2018/table-1/ring/pacgan")


def test_margins():
    assert settings.Comparison.parse({"is": "FID", "share": 0.1}).margin_at(20.0) == pytest.approx(2.0)
    assert settings.Comparison.parse({"is": "IS", "margin": 0.2}).margin_at(8.0) == 0.2
    with pytest.raises(UserError, match="exactly one of margin and share"):
        settings.Comparison.parse({"is": "FID"})
