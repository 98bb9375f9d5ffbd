"""Every row of the ledger that can be run is built at full width; narrow versions are trained, scored, recorded and shown."""

from pathlib import Path

import pytest
from helpers.narrow_rows import STEPS, few_samples, narrowed, noise

from landscape.config.trial_config import TrialConfig
from landscape.core.errors import UserError
from landscape.published.costs import costs
from landscape.published.settings import settings
from landscape.report.published_rows import lines
from landscape.reproductions._ledger import chosen_rows, compared_scores, row_settings
from landscape.results.published_runs import RowRun, paper_folder, read_runs, remember, trials_of
from landscape.results.record import Status
from landscape.trial.run_trial import run_trial

RESULTS = Path(__file__).resolve().parents[2] / "results"
POSSIBLE = [key for key, setting in settings().items() if setting.expressible]
FIRST_OF_TABLES = sorted({"/".join(key.split("/")[:2]): key for key in reversed(POSSIBLE)}.values())


def one_setting(setting):
    """Return `setting` with one value of each axis of its grid, because thousands of settings differ only by widths."""
    narrow = {name: values[:1] for name, values in (setting.grid or {}).items()}
    return setting.model_copy(update={"grid": narrow}) if setting.grid else setting


@pytest.mark.parametrize("key", POSSIBLE)
def test_a_row_is_laid_out_at_full_width(key):
    """A TrialConfig builds its networks on the meta device. If a layer refuses, this raises an error."""
    found = list(row_settings(one_setting(settings()[key]), seed=3))
    assert len({s.variant for s in found}) == len(found) > 0
    assert all(s.config.seed == 3 and s.config.rounds for s in found)


def test_a_grid_has_as_many_settings_as_published():
    for row, number in (("ebgan", 512), ("gan", 6144)):
        (setting,) = chosen_rows("ebgan-2017", "figure-2a", [row])
        assert costs()[setting.key].settings == number
        total = 1
        for values in setting.grid.values():
            total *= len(values)
        assert total == number


def test_every_row_has_a_cost():
    assert POSSIBLE
    assert set(costs()) == set(POSSIBLE)
    assert all(cost.petaflop > 0 and cost.rounds > 0 for cost in costs().values())


def test_a_share_shortens_the_training_alone():
    (whole,) = row_settings(settings()["pacgan-2018/table-1/ring/gan"])
    (part,) = row_settings(settings()["pacgan-2018/table-1/ring/gan"], share=0.25)
    assert part.config == whole.config.replace(**{"budget.amount": 100_000})


@pytest.mark.parametrize(
    ("key", "changes", "expected"),
    [
        ("pacgan-2018/table-1/ring/gan", {"g_normalization": "none"}, {"g_normalization": {"name": "none"}}),
        ("pacgan-2018/table-1/ring/gan", {"g_optimizer.learning_rate": 1e-3}, {"g_optimizer.learning_rate": 1e-3}),
        (
            "pacgan-2018/table-1/ring/gan",
            {"optimizers.beta1": 0.5},
            {"d_optimizer.beta1": 0.5, "g_optimizer.beta1": 0.5},
        ),
        (
            "pacgan-2018/table-1/ring/gan",
            {"architecture.mlp_2d.width": 64},
            {"architecture.hyperparameters.width": 64},
        ),
        (
            "pacgan-2018/table-3/half/dcgan",
            {"architecture.stacked_mnist.d_fraction": 0.25},
            {"architecture.hyperparameters.d_fraction": 0.25},
        ),
    ],
)
def test_a_change_leaves_everything_else(key, changes, expected):
    (whole,) = row_settings(settings()[key])
    (changed,) = row_settings(settings()[key], changes=changes)
    assert changed.config == whole.config.replace(**expected) != whole.config
    (again,) = row_settings(settings()[key])
    assert again.config == whole.config, "the ledger itself is not changed"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seed": 1}, "--set seed: of a row it is given by --seeds"),
        ({"budget.amount": 1}, "--set budget.amount: of a row it is given by --share"),
        ({"architecture.mlp.width": 64}, "architecture is 'mlp_2d' here, which has no field 'mlp'"),
        ({"g_optimiser.beta1": 0.5}, "did you mean 'g_optimizer'"),
    ],
)
def test_a_change_that_is_none_of_the_row_is_refused(changes, message):
    with pytest.raises(UserError, match=message):
        next(row_settings(settings()["pacgan-2018/table-1/ring/gan"], changes=changes))


def test_what_cannot_be_run_is_refused_with_its_reason():
    with pytest.raises(UserError, match="plays such a game of pairs"):
        next(row_settings(settings()["pacgan-2018/table-1/ring/ali"]))


def test_the_runs_of_this_repository_are_what_the_ledger_describes():
    """The records are compared one by one, except for the hash of the data, which the ledger does not know."""
    for run in read_runs(RESULTS):
        if run.note:
            continue
        for trial in trials_of(RESULTS, run):
            record = TrialConfig.parse(trial.record.config)
            found = {s.variant: s for s in row_settings(settings()[run.key], seed=record.seed, share=run.share)}
            assert record.replace(data_hash="") == found[run.variant].config, f"{run.key}: {record.digest()}"


def runs_small(key, tmp_path):
    """Run three steps of every setting of a row: train, score, record, and show it in the ledger."""
    setting = one_setting(settings()[key])
    runs = []
    for row in row_settings(setting):
        config, protocol = narrowed(row.config), few_samples(row.protocol)
        folder = paper_folder(tmp_path, key.split("/")[0]) / "trials"
        dataset = noise(config)
        prepared = config.replace(data_hash=dataset.content_hash), dataset
        record = run_trial(prepared, protocol, folder=folder / "trial", threads=1, device="cpu", execution="eager", pictures=False)
        assert record.status is Status.COMPLETED, record.reason
        assert record.counts["rounds"] == STEPS
        (folder / "trial").rename(folder / record.digest)
        scores = {metric: (protocol.name, score) for metric, (_, score) in compared_scores(setting).items()}
        runs.append(RowRun(key, (record.digest,), scores, variant=row.variant, note="narrow, three steps, noise"))
    remember(tmp_path, runs)
    shown = [line for line in lines(tmp_path) if line.number.key == key]
    assert shown
    assert all(line.done is not None and line.verdict in ("reduced: no verdict", "not compared") for line in shown)


@pytest.mark.parametrize("key", FIRST_OF_TABLES)
def test_the_first_row_of_each_table_runs(key, tmp_path):
    runs_small(key, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("key", [key for key in POSSIBLE if key not in FIRST_OF_TABLES])
def test_every_row_runs(key, tmp_path):
    runs_small(key, tmp_path)
