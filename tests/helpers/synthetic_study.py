"""Makes a results folder of plausible trials, with pictures, to test reports and to look at them.

The trials cover 4 losses x 3 normalizations x 3 regularizers x 2 architectures on digits. `python tests/helpers/synthetic_study.py FOLDER
[TRIALS]` writes such a folder.
"""

import hashlib
import io
import itertools
import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

from landscape.analysis.answering import design_of
from landscape.results.record import HEALTHY, Estimate, Scores, Status, TrialRecord
from landscape.results.studies import read_study

AXES = {
    "loss": ["non_saturating", "least_squares", "wasserstein", "hinge"],
    "d_normalization": ["none", "batch", "spectral"],
    "regularizer": ["none", "gradient_penalty", "l2"],
    "architecture": ["dcgan", "mlp"],
}
EFFECT = {"non_saturating": 0.0, "least_squares": 0.15, "wasserstein": 0.45, "hinge": -0.1, "batch": 0.25, "spectral": -0.45, "none": 0.0}
EFFECT |= {"gradient_penalty": -0.25, "l2": 0.1, "dcgan": -0.3, "mlp": 0.3}
FLOOR = 1.78
OBJECTIVE = "FD[classifier:digits]"
N = 899


def write_bytes(path: Path, content: bytes) -> None:
    """Write bytes without the flush to disk of the program's own writer, because tests write hundreds of files."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def write_json(path: Path, data: dict) -> None:
    write_bytes(path, json.dumps(data, indent=1, sort_keys=True, allow_nan=False).encode())


def protocol(name: str = "quick") -> dict:
    """Return a protocol as data, with its digest."""
    data = {"name": name, "version": 1, "extractor": {"name": "classifier", "hyperparameters": {}}, "real_split": "test", "n_real": N}
    data |= {"n_fake": N, "quantize": "round", "checkpoint": "last", "seed": 42, "metrics": [{"name": "frechet"}, {"name": "kernel"}]}
    data |= {"note": "Small data sets: the whole test split against as many samples.", "weights_hash": "5d0c9d8e1f2a3b4c"}
    return data | {"digest": digest_of(data)}


def digest_of(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]


def estimates(fd: float, rng: np.random.Generator) -> dict[str, Estimate]:
    """Return scores that are consistent with a Frechet distance."""
    shared = {"n_real": N, "n_fake": N}
    reach = 0.06 * fd
    kid = 0.002 * fd - 0.003
    precision, recall = 1 / (1 + fd / 25), 1 / (1 + fd / 14)
    share = {"unit": "share", "bounds": (0.0, 1.0), **shared}
    return {
        OBJECTIVE: Estimate(fd, "lower", (fd - reach, fd + reach), interval_kind="bootstrap over samples", bounds=(0.0, None), **shared),
        "KID[classifier:digits]": Estimate(kid, "lower", (kid - 0.002, kid + 0.002), interval_kind="analytic s.e.", **shared),
        "precision[classifier:digits]": Estimate(precision, "higher", (max(0, precision - 0.03), min(1, precision + 0.03)), **share),
        "recall[classifier:digits]": Estimate(recall, "higher", (max(0, recall - 0.04), min(1, recall + 0.04)), **share),
        "MS-SSIM": Estimate(float(np.clip(0.22 + 0.004 * fd + rng.normal(0, 0.01), 0, 1)), "lower", None, bounds=(0.0, 1.0), **shared),
    }


def config(cell: dict, rng: np.random.Generator, seed: int) -> dict:
    """Return a trial's configuration as plain data."""
    rate = float(10 ** rng.uniform(-4.5, -2.5))
    adam = {
        "name": "adam",
        "learning_rate": rate,
        "beta1": float(rng.uniform(0, 0.95)),
        "beta2": 0.999,
        "schedule": {"name": "constant", "final": 0.0},
    }
    weight = float(10 ** rng.uniform(-1, 2))
    cell = {"loss": "hinge", "d_normalization": "none", "regularizer": "none", "architecture": "dcgan"} | cell
    named = [] if cell["regularizer"] == "none" else [{"name": cell["regularizer"], "hyperparameters": {"weight": weight}, "every": 1}]
    return {
        "dataset": {"name": "digits", "hyperparameters": {}},
        "resolution": 8,
        "architecture": {"name": cell["architecture"], "hyperparameters": {"width": int(rng.choice([32, 64]))}},
        "loss": {"name": cell["loss"], "hyperparameters": {}},
        "regularizers": named,
        "d_normalization": {"name": cell["d_normalization"], "hyperparameters": {}},
        "d_optimizer": adam,
        "g_optimizer": adam,
        "d_steps_per_round": int(rng.choice([1, 5])),
        "batch_size": 64,
        "budget": {"amount": 400, "unit": "d_steps"},
        "seed": seed,
    }


def quality(cell: dict, setting: dict, rng: np.random.Generator) -> tuple[float, bool]:
    """Return (FD, whether the trial diverged)."""
    rate = np.log10(setting["d_optimizer"]["learning_rate"])
    level = sum(EFFECT[label] for label in cell.values()) + 0.8 * (rate + 3.4) ** 2 + 0.5 * setting["d_optimizer"]["beta1"] ** 2
    risk = 0.02 + 0.25 * (cell["loss"] == "wasserstein" and cell.get("d_normalization") == "none") + 0.15 * (rate > -2.8)
    fd = FLOOR * 1.15 + float(np.exp(1.6 + level + rng.normal(0, 0.35)))
    return fd, bool(rng.random() < risk)


def curves(fd: float, diverged: bool, rng: np.random.Generator) -> dict:
    last = 170 if diverged else 400
    x = np.arange(0, last + 1, 10)
    noise = lambda scale: rng.normal(0, scale, len(x))  # noqa: E731
    blow = np.exp(np.maximum(0, x - 120) / 12) - 1 if diverged else 0
    lines = {
        "d_loss": 0.7 + 0.5 * np.exp(-x / 80) + noise(0.05) + blow,
        "g_loss": 0.9 - 0.2 * np.exp(-x / 60) + noise(0.08) + 2 * blow,
        "d_gradient_norm": 1.5 + noise(0.2) ** 2 + blow,
        "g_gradient_norm": 0.6 + noise(0.1) ** 2 + blow,
        "d_accuracy_real": np.clip(0.75 + noise(0.05), 0, 1),
        "d_accuracy_fake": np.clip(0.7 + noise(0.05), 0, 1),
        "sample_diversity": (1 - np.exp(-x / 90)) * (1 / (1 + fd / 60)) + noise(0.01),
    }
    return {name: tuple((float(a), float(b)) for a, b in zip(x, y, strict=True)) for name, y in lines.items()}


def sample_grid(fd: float, rng: np.random.Generator, columns: int = 8, rows: int = 8) -> bytes:
    """Return a sample grid of real digits with blur and noise, which increase as the score gets worse."""
    digits = load_digits().images / 16
    picked = digits[rng.integers(0, len(digits), columns * rows)]
    spoil = min(1.0, fd / 40)
    picked = (1 - spoil) * picked + spoil * rng.random(picked.shape)
    tiles = np.pad(picked, ((0, 0), (1, 1), (1, 1)), constant_values=0.25)
    image = tiles.reshape(rows, columns, 10, 10).transpose(0, 2, 1, 3).reshape(rows * 10, columns * 10)
    buffer = io.BytesIO()
    Image.fromarray((np.clip(image, 0, 1) * 255).astype(np.uint8)).resize((columns * 40, rows * 40), Image.Resampling.NEAREST).save(
        buffer, "PNG"
    )
    return buffer.getvalue()


def write_trial(study: Path, cell: dict, ask: int, role: str, rng: np.random.Generator, **how: object) -> TrialRecord:
    """Write one trial into `study`. `setting` fixes its hyperparameters, `fd` its score."""
    seed = int(how.get("seed", rng.integers(2**31)))
    setting = dict(how.get("setting") or config(cell, rng, seed), seed=seed)
    fd, diverged = quality(cell, setting, rng)
    fd = float(how.get("fd", fd))
    digest, setting_digest = digest_of(setting, ask), digest_of({k: v for k, v in setting.items() if k != "seed"})
    status = Status(how.get("status", Status.DIVERGED if diverged else Status.COMPLETED))
    reasons = {
        Status.DIVERGED: "discriminator loss is not finite at D step 171",
        Status.FAILED: "out of memory: 3.1 GiB asked, 1.2 GiB free",
    }
    names = (
        {"samples": "samples.png", "interpolation": "interpolation.png"} if status is Status.COMPLETED and how.get("pictures", True) else {}
    )
    record = TrialRecord(
        digest=digest,
        setting_digest=setting_digest,
        run_digest=setting_digest,
        config=setting,
        status=status,
        reason=reasons.get(status, ""),
        diagnosis={HEALTHY: {"g_gradient_norm": 0.5}} if status is Status.COMPLETED else {},
        counts={"d_steps": 170 if status is Status.DIVERGED else 400, "g_steps": 400, "images": 25600},
        parameters={"generator": 61_313, "discriminator": 48_257},
        curves=curves(fd, status is Status.DIVERGED, rng),
        seconds={"training": float(rng.uniform(6, 11)), "evaluation": float(rng.uniform(0.6, 1.0))},
        environment={"device": "cpu", "threads": 1, "execution": "eager", "versions": {"torch": "2.15.0", "landscape": "0.1.0"}},
        study={"cell": cell, "cell_id": "|".join(f"{a}={v}" for a, v in cell.items()), "ask": ask, "role": role},
        pictures=names,
        started_at=f"2026-11-20T09:{ask // 60 % 60:02d}:{ask % 60:02d}Z",
        finished_at=f"2026-11-20T10:{ask // 60 % 60:02d}:{ask % 60:02d}Z",
    )
    folder = study / "trials" / digest
    for name in names.values():
        write_bytes(folder / name, sample_grid(fd, rng, rows=8 if name == "samples.png" else 4))
    if status is Status.COMPLETED:
        used = protocol()
        scores = Scores(protocol=used, estimates=estimates(fd, rng), seconds=0.7)
        write_json(folder / "scores" / f"{used['name']}-{used['digest']}.json", scores.to_json())
    write_json(folder / "record.json", record.to_json())
    return record


def write_study(
    results: Path,
    trials: int = 72,
    name: str = "digits",
    *,
    confirm: int = 5,
    searcher: str = "optuna-tpe",
    pictures: bool = True,
    axes: tuple = tuple(AXES),
) -> Path:
    """Write a study of `trials` search trials, spread evenly over the cells of `axes`.

    It also has `confirm` fresh seeds of the best settings.
    """
    rng = np.random.default_rng(7)
    study = results / name
    cells = [dict(zip(axes, levels, strict=True)) for levels in itertools.product(*(AXES[axis] for axis in axes))]
    order = [cells[i % len(cells)] for i in range(trials)]
    records = []
    for ask, cell in enumerate(order):
        special = {"status": "failed"} if ask % 97 == 41 else {}
        records.append(write_trial(study, cell, ask, "search", rng, pictures=pictures, **special))
    floor = {OBJECTIVE: Estimate(FLOOR, "lower", (1.61, 1.95), interval_kind="bootstrap over samples", n_real=N, n_fake=N)}
    facts = {
        "schema": 1,
        "name": name,
        "space": {
            "dataset": "digits",
            "axes": {axis: AXES[axis] for axis in axes},
            "hyperparameters": {"learning_rate": {"low": 3e-5, "high": 3e-3, "scale": "log"}},
        },
        "protocol": protocol(),
        "objective": OBJECTIVE,
        "searcher": {"name": searcher, "seed": 0, "startup_trials": 20},
        "budget": {"trials": trials, "amount": 400, "unit": "d_steps"},
        "floor": {k: json.loads(json.dumps(v.__dict__)) for k, v in floor.items()},
        "environment": {
            "platform": "Linux-6.1-x86_64",
            "cpus": 2,
            "versions": {"python": "3.11.9", "torch": "2.15.0", "landscape": "0.1.0"},
        },
        "skipped": [
            {
                "cell": {"loss": "wasserstein", "d_normalization": "layer"},
                "reason": "architecture 'mlp' does not honor normalization 'layer'",
            }
        ],
    }
    write_json(study / "study.json", facts)
    if confirm and records:
        _confirm(study, records, axes, confirm, rng)
    return study


def add_view(study: Path, extractor: str, noise: float = 0.5, trials: int | None = None) -> None:
    """Score the completed trials of `study`, or the first `trials` of them, by KID through another extractor, as `landscape evaluate` does.

    With more `noise` the view agrees less with that of the study.
    """
    rng = np.random.default_rng(len(extractor))
    changed = protocol() | {
        "name": "quick, changed",
        "extractor": {"name": extractor, "hyperparameters": {}},
        "metrics": [{"name": "kernel"}],
    }
    changed |= {"weights_hash": "", "note": f"Seen through {extractor!r}."}
    changed["digest"] = digest_of(changed)
    for trial in [t for t in read_study(study).trials if t.scores][:trials]:
        fd = next(iter(trial.scores.values())).estimates[OBJECTIVE].value
        value = 0.004 * fd * float(np.exp(rng.normal(0, noise)))
        seen = Estimate(value, "lower", (0.9 * value, 1.1 * value), interval_kind="analytic s.e.", n_real=N, n_fake=N)
        scores = Scores(protocol=changed, estimates={f"KID[{extractor}]": seen}, seconds=0.4)
        write_json(trial.folder / "scores" / f"quick_changed-{changed['digest']}.json", scores.to_json())


def _confirm(study: Path, records: list[TrialRecord], axes: tuple, seeds: int, rng: np.random.Generator) -> None:
    """Write fresh seeds of the settings that stand for levels, as a sweep runs them."""
    found = read_study(study)
    fd = {t.record.digest: s.estimates[OBJECTIVE].value for t in found.trials for s in t.scores.values()}
    design = design_of(found, axes, OBJECTIVE)
    ask = len(records)
    for cell_id, assignment in design.settings:
        record = next(r for r in records if (r.study["cell_id"], r.setting_digest) == (cell_id, dict(assignment)["setting"]))
        center = fd[record.digest] * 1.08  # On fresh seeds the winner of a search scores worse (the winner's curse).
        for seed in range(seeds):
            how = {
                "setting": dict(record.config),
                "seed": 1000 + seed,
                "fd": center * float(np.exp(rng.normal(0, 0.06))),
                "status": "completed",
            }
            write_trial(study, dict(record.study["cell"]), ask, "confirmation", rng, **how)
            ask += 1


if __name__ == "__main__":
    print(write_study(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 144))
