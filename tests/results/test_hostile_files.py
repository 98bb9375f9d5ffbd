"""Damaged or malicious studies, records, configurations and checkpoints: a reader returns, or raises a UserError of one line."""

import json
import resource
import traceback

import numpy as np
import pytest
import torch

from landscape.cli.options import read_mapping
from landscape.config.trial_config import TrialConfig
from landscape.core import strict_yaml
from landscape.core.errors import UserError
from landscape.core.files import write_json
from landscape.results import studies, trial_files, verifying
from landscape.results.record import Estimate, Scores, Status, TrialRecord
from landscape.space import study_files
from landscape.trial import checkpoint_file, saved_generator
from landscape.trial.run_trial import prepare_and_run

GIB = 2**30
PROTOCOL = {"name": "quick", "digest": "p" * 16, "n_real": 10}
TINY = {"dataset": "digits", "architecture": {"mlp": {"width": 4}}, "loss": "minimax", "batch_size": 8, "budget": {"amount": 2}}
DIGEST = "a" * 16


def damaged(data: bytes, random: np.random.RandomState) -> bytes:
    """Damage a file as disks, networks, and strangers with an editor do."""
    return random.choice([cut, overwritten, moved, misspelled])(data, random)


def cut(data, random):
    return data[: random.randint(len(data))]


def overwritten(data, random):
    changed = bytearray(data)
    if random.randint(2):
        # Headers are at the beginning.
        changed[random.randint(min(len(data), 128))] = random.choice([0, 1, 127, 128, 255])
    for _ in range(random.randint(1, 9)):
        changed[random.randint(len(changed))] = random.randint(256)
    return bytes(changed)


def moved(data, random):
    low, high = sorted(random.randint(len(data), size=2))
    return data[:low] + random.choice([b"", data[low:high] * 2, random.bytes(9), data[low:high][::-1]]) + data[high:]


def misspelled(data, random):
    """Return changed text that is sometimes still well formed: another digit, another letter, or characters that text formats use."""
    changed = bytearray(data)
    kind = random.randint(3)
    if kind < 2:
        first, last = ((48, 58), (97, 123))[kind]
        places = [i for i, byte in enumerate(data) if first <= byte < last]
        for place in random.choice(places, random.randint(1, 4)):
            changed[place] = random.randint(first, last)
    else:
        word = random.choice([b"null", b"-1", b"1e999", b"9" * 30, b"[", b"}", b'"', b"&a", b"*a", b"!!x", b"[" * 2000, b"\xff", b"NaN"])
        place = random.randint(len(data))
        changed[place : place + random.randint(4)] = word
    return bytes(changed)


def a_study(folder):
    trial = folder / "trials" / DIGEST
    curves = {"d_loss": ((1.0, 2.0), (2.0, 1.5))}
    record = TrialRecord(DIGEST, "s", "r", TrialConfig.parse(TINY).to_json(), Status.COMPLETED, curves=curves, study={"ask": 1, "cell": {}})
    write_json(trial / "record.json", record.to_json())
    scores = Scores(PROTOCOL, {"FD[x]": Estimate(3.0, "lower", (2.0, 4.0), curve=((1.0, 2.0),))})
    write_json(trial_files.score_path(trial, PROTOCOL), scores.to_json())
    write_json(folder / "study.json", {"schema": 1, "name": "toy", "space": {"dataset": "digits"}, "protocol": PROTOCOL})
    studies.read_study(folder)


def read_whole_study(path):
    """Read a study and list what remains. A reader sets damaged files aside, so they may be gone afterwards."""
    folder = path if path.name == "study" else next(p for p in path.parents if p.name == "study")
    verifying.verify(folder)
    studies.read_study(folder)
    for aside in folder.rglob("*.corrupt"):
        aside.unlink()


def seed_study_file(tmp_path, name):
    a_study(tmp_path / "study")
    return next((tmp_path / "study").rglob(name))


def seed_space(tmp_path):
    path = tmp_path / "space.yaml"
    path.write_bytes(study_files.available()["digits"].read_bytes())
    return path


def seed_config(tmp_path):
    write_json(tmp_path / "config.json", TrialConfig.parse(TINY).to_json())
    return tmp_path / "config.json"


def seed_trial(tmp_path):
    prepare_and_run(TrialConfig.parse(TINY), None, folder=tmp_path / "trial", pictures=False, threads=1)
    return tmp_path / "trial" / "generator.safetensors"


def seed_data(tmp_path):
    """Return the data of a checkpoint beside its tensors, to be changed by somebody who can compute a checksum."""
    _, data = checkpoint_file.read(seed_trial(tmp_path), "generator")
    write_json(tmp_path / "trial" / "data.json", data)
    return tmp_path / "trial" / "data.json"


def read_with_data(path):
    generator = path.with_name("generator.safetensors")
    tensors, whole = checkpoint_file.read(generator, "generator")
    try:
        data = json.loads(path.read_bytes(), parse_constant=lambda _: 0)
        assert isinstance(data, dict)
        checkpoint_file.write(generator, tensors, data, "generator")
    except (ValueError, RecursionError, AssertionError):
        return
    try:
        saved_generator.load_trained(path.parent)
    finally:
        checkpoint_file.write(generator, tensors, whole, "generator")


READERS = {
    "yaml": (seed_space, study_files.load_space),
    "yaml, plain": (seed_space, strict_yaml.read),
    "config json": (seed_config, lambda path: TrialConfig.parse(read_mapping(path), source=str(path))),
    "record json": (lambda folder: seed_study_file(folder, "record.json"), read_whole_study),
    "scores json": (lambda folder: seed_study_file(folder, "quick-*.json"), read_whole_study),
    "study json": (lambda folder: seed_study_file(folder, "study.json"), read_whole_study),
    "index": (lambda folder: seed_study_file(folder, "trials.jsonl"), read_whole_study),
    "safetensors": (seed_trial, lambda path: saved_generator.load_trained(path.parent)),
    "safetensors, sealed again": (seed_data, read_with_data),
}


def refused(action) -> bool:
    """Return whether `action` raised the one line that it may raise."""
    try:
        action()
    except UserError as error:
        assert "\n" not in str(error), error
        return True
    return False


@pytest.mark.timeout(3600)
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("cases", [100, pytest.param(10_000, marks=pytest.mark.fuzz)])
@pytest.mark.parametrize("reader", READERS)
def test_mutated_files(tmp_path, reader, cases):
    seed, read = READERS[reader]
    path, random, refusals = seed(tmp_path), np.random.RandomState(5), 0
    whole = path.read_bytes()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for case in range(cases):
        content = damaged(whole, random)
        path.write_bytes(content)
        try:
            refusals += refused(lambda: read(path))
        except Exception:
            pytest.fail(f"{reader}, case {case}, {content[:300]!r}: {traceback.format_exc(limit=-4)}")
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
        assert grown < GIB, f"{reader}, case {case}, {content[:300]!r}: {grown} bytes"
    print(f"\n{reader}: {cases} mutated, {refusals} refused in one line, 0 tracebacks, {grown / 2**20:.0f} MiB more memory")


def test_a_checkpoint_cut_or_changed_at_every_byte_is_refused(tmp_path):
    path = tmp_path / "resume.safetensors"
    checkpoint_file.write(path, {"w": torch.arange(6.0).reshape(2, 3), "n": torch.tensor(3), "e": torch.zeros(0)}, {"rounds": 7}, "resume")
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert refused(lambda: checkpoint_file.read(path, "resume")), length
    kept = []
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        if not refused(lambda: checkpoint_file.read(path, "resume")):
            kept.append(whole[place : place + 1])
    # Only spaces that pad the header can be changed without being noticed.
    assert set(kept) <= {b" "}
    print(f"\n{len(whole)} truncations and {len(whole)} flipped bits of a checkpoint: all refused but {len(kept)} flips of padding")


def test_checkpoints_without_a_checksum_are_read(tmp_path):
    from safetensors.torch import save

    path = tmp_path / "generator.safetensors"
    metadata = {"format": "landscape-checkpoint-1", "kind": "generator", "data": '{"a": 1}'}
    path.write_bytes(save({"w": torch.ones(2)}, metadata=metadata))
    tensors, data = checkpoint_file.read(path, "generator")
    assert tensors["w"].tolist() == [1.0, 1.0]
    assert data == {"a": 1}


def test_what_yaml_could_do_but_may_not(tmp_path):
    laughs = "a: &a [x, x]\n" + "\n".join(f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]" for i in range(20))
    for text in (laughs, "a: !!python/object/apply:os.system [ls]", "[" * 5000, "a: " + "{b: " * 5000, "a: [" * 45, "x" * 2_000_000):
        (tmp_path / "a.yaml").write_text(text)
        assert refused(lambda: strict_yaml.read(tmp_path / "a.yaml")), text[:40]
