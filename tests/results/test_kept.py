"""Results that earlier versions wrote stay readable. These files are kept forever: add a folder when a format changes.

`schema-1` has record, scores and checkpoint (with checksum) in the present formats. `first` is what the first version wrote: a record with
required fields only, and a generator in the checkpoint format without a checksum.
"""

import re
import shutil
from pathlib import Path

import pytest
import torch

from landscape.config.trial_config import TrialConfig
from landscape.core.files import read_json
from landscape.results import studies
from landscape.results.record import SCHEMA, Status
from landscape.trial import checkpoint_file, saved_generator

KEPT = Path(__file__).with_name("kept")
DIGEST = "cf461cf737c012b2"


@pytest.fixture(params=["schema-1", "first"])
def kept(request, tmp_path):
    """A copy of the kept files, because reading brings the index up to date."""
    return Path(shutil.copytree(KEPT / request.param, tmp_path / request.param))


def test_records_are_read_as_they_were(kept):
    study = studies.read_study(kept)
    (trial,) = study.trials
    assert trial.record.digest == DIGEST
    assert trial.record.status is Status.COMPLETED
    assert trial.record.schema <= SCHEMA
    assert trial.record.config["budget"]["amount"] == 8
    assert not list(kept.rglob("*.corrupt"))
    if kept.name == "schema-1":
        assert dict(trial.record.counts) == {"d_steps": 8, "g_steps": 8, "images": 64, "rounds": 8}
        assert not study.warnings
        values = {scores.protocol["name"]: scores.estimates["FD[pixels]"].value for scores in trial.scores.values()}
        assert values == {"toy": 12.183964537760316, "toy/selection": 11.758011073593934}


def test_generators_are_rebuilt(kept):
    model = saved_generator.load_trained(kept / "trials" / DIGEST)
    samples = model.sampler(3, seed=1)
    assert samples.shape == (3, 1, 8, 8)
    tensors, _ = checkpoint_file.read(KEPT / "schema-1" / "trials" / DIGEST / "generator.safetensors", "generator")
    weights = model.generator.state_dict()
    assert weights
    assert all(torch.equal(value, tensors[name]) for name, value in weights.items())


PUBLISHED = Path(__file__).resolve().parents[2] / "results" / "published"


def test_committed_records_keep_their_digests():
    """A digest that changed would train a kept model again. A new axis, as the task, is no part of a digest at its default."""
    records = sorted(PUBLISHED.glob("*/trials/*/record.json"))
    assert len(records) > 40
    different = []
    for path in records:
        record = read_json(path)
        if TrialConfig.parse(record["config"]).digest() != record["digest"]:
            different.append(path.parent.name)
    assert not different
    tasks = {read_json(path)["config"].get("task", {}).get("name") for path in records}
    assert {None, "unconditional", "class_conditional", "inference"} <= tasks  # Records of before the axis name no task.


def test_committed_pages_link_to_committed_files():
    pages = sorted(PUBLISHED.glob("*/index.html"))
    assert pages
    missing = [
        f"{page.parent.name}: {address}"
        for page in pages
        for address in re.findall(r'<a href="([^"#:]+)"', page.read_text(encoding="utf-8"))
        if not (page.parent / address).is_file()
    ]
    assert not missing
