"""A user's mistake ends in one line that names the thing and the remedy, exit code 2, no traceback, nothing written."""

import gzip
import re
import struct
import zipfile

import numpy as np
import pytest
from PIL import Image

from landscape.cli.app import complain

TRAIN = ("train", "--steps", "1", "--architecture", "mlp", "--protocol", "none")


def idx(array):
    """The bytes of an IDX file."""
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def write_mnist(folder, **damage):
    """The four files with a few samples; `damage` maps a file's name to what becomes of its bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    for part, count in (("train", 60), ("t10k", 20)):
        files = {
            f"{part}-images-idx3-ubyte": idx(random.integers(0, 256, (count, 28, 28), dtype=np.uint8)),
            f"{part}-labels-idx1-ubyte": idx(random.integers(0, 10, count).astype(np.uint8)),
        }
        for name, content in files.items():
            (folder / name).write_bytes(damage.get(name.replace("-", "_"), lambda b: b)(content))
    return folder


def write_pictures(folder, count=12, size=(16, 16)):
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    for i in range(count):
        Image.fromarray(random.integers(0, 256, (*size, 3), dtype=np.uint8)).save(folder / f"{i}.png")
    return folder


@pytest.fixture
def refused(run, here):
    """refused(arguments, *expected): one line with every expected text, and the folder as it was before."""

    def files():
        """All files but what Python writes of the plugins that it imports."""
        return sorted(path for path in here.parent.rglob("*") if "__pycache__" not in path.parts)

    def _refused(arguments, *expected):
        before = files()
        line = run(*arguments).is_one_line_error()
        for text in expected:
            assert text in line, line
        assert files() == before

    return _refused


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--loss", "hing"), ("unknown loss 'hing'", "did you mean 'hinge'?", "choose from", "wasserstein")),
        (("--architecture", "dcgn"), ("unknown architecture 'dcgn'", "did you mean 'dcgan'?")),
        (("--dataset", "mnits"), ("unknown data set", "did you mean 'mnist'?")),
        (("--regularizer", "gradient_penalti"), ("unknown regularizer", "did you mean 'gradient_penalty'?")),
        (("--d-normalization", "spectrl"), ("unknown normalization", "did you mean 'spectral'?")),
        (("--loss", "hinge:margn=1"), ("unknown hyperparameter of loss 'hinge' 'margn'", "did you mean 'margin'?")),
        (("--loss", "hinge:margin=-1"), ("margin=-1", "greater than 0")),
        (("--loss", "hinge:margin=nan"), ("margin='nan'",)),
        (("--loss", "hinge:margin=wide"), ("margin='wide'",)),
        (("--loss", "hinge:margin"), ("hinge:weight=10", "name=value")),
        (("--set", "batchsize=3"), ("unknown field of TrialConfig 'batchsize'", "did you mean 'batch_size'?")),
        (("--set", "batch_size=0"), ("batch_size=0", "greater than or equal to 1")),
        (("--set", "d_optimizer.learning_rate=-1"), ("d_optimizer.learning_rate=-1",)),
        (("--set", "d_optimizer.lerning_rate=1"), ("unknown field of Optimizer 'lerning_rate'", "did you mean 'learning_rate'?")),
        (("--set", "batch_size"), ("--set 'batch_size'", "field=value")),
        (("--architecture", "dcgan", "--set", "resolution=7"), ("'dcgan'", "7")),
        (("--protocol", "quik"), ("unknown protocol 'quik'", "did you mean 'quick'?")),
        (("--device", "tpu"), ("device 'tpu'", "auto, cpu or cuda")),
        (("--steps", "0"), ("--steps", "landscape train --help")),
        (("--stepps", "1"), ("--stepps", "landscape train --help")),
        (("--config", "absent.json"), ("cannot read absent.json",)),
        (("--plugin", "absent.py"), ("plugin absent.py: no such file",)),
        (("--dataset", "folder:absent"), ("absent", "cannot be read", "check the path")),
        (("--dataset", "folder:"), ("folder", "path")),
        (("--dataset", "zip:absent.zip"), ("absent.zip",)),
        (("--dataset", "mnist", "--data-dir", "absent"), ("absent", "cannot be read")),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) and value and value[0].startswith("--") else "",
)
def test_train(refused, arguments, expected):
    refused((*TRAIN, *arguments), *expected)


class TestData:
    def test_empty_folder(self, refused, tmp_path):
        (tmp_path / "empty").mkdir()
        refused((*TRAIN, "--dataset", "mnist", "--data-dir", tmp_path / "empty"), "data folder", "is empty")

    def test_folder_without_the_files(self, refused, tmp_path):
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "x.txt").write_text("x")
        refused(
            (*TRAIN, "--dataset", "mnist", "--data-dir", tmp_path / "other"),
            "'mnist' not found",
            "the four IDX files",
            "put its files into",
        )

    def test_folder_without_pictures(self, refused, tmp_path):
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "x.txt").write_text("x")
        refused((*TRAIN, "--dataset", f"folder:{tmp_path / 'other'}"), "folder", "no pictures")

    @pytest.mark.parametrize("length", [0, 3, 10, 500])
    def test_truncated_idx(self, refused, tmp_path, length):
        folder = write_mnist(tmp_path / "mnist", train_images_idx3_ubyte=lambda b: b[:length])
        refused((*TRAIN, "--dataset", "mnist", "--data-dir", folder), "train-images-idx3-ubyte")

    def test_truncated_gzip(self, refused, tmp_path):
        folder = write_mnist(tmp_path / "mnist")
        whole = folder / "train-images-idx3-ubyte"
        (folder / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(whole.read_bytes())[:-20])
        whole.unlink()
        refused((*TRAIN, "--dataset", "mnist", "--data-dir", folder), "train-images-idx3-ubyte.gz")

    def test_truncated_picture(self, refused, tmp_path):
        folder = write_pictures(tmp_path / "pictures")
        whole = (folder / "3.png").read_bytes()
        (folder / "3.png").write_bytes(whole[: len(whole) // 2])
        refused((*TRAIN, "--dataset", f"folder:{folder}", "--set", "resolution=16"), "3.png")

    def test_truncated_zip(self, refused, tmp_path):
        folder = write_pictures(tmp_path / "pictures")
        with zipfile.ZipFile(tmp_path / "whole.zip", "w") as archive:
            for path in folder.iterdir():
                archive.write(path, path.name)
        (tmp_path / "cut.zip").write_bytes((tmp_path / "whole.zip").read_bytes()[:-100])
        refused((*TRAIN, "--dataset", f"zip:{tmp_path / 'cut.zip'}", "--set", "resolution=16"), "cut.zip")

    def test_mixed_sizes_and_modes_are_handled_and_said(self, run, tmp_path):
        folder = write_pictures(tmp_path / "pictures")
        Image.new("L", (40, 20)).save(folder / "wide.png")
        Image.new("RGBA", (16, 16)).save(folder / "clear.png")
        outcome = run("data", "prepare", f"folder:{folder}", "--resolution", "16")
        assert outcome.code == 0
        assert "1 of 14 cropped to the center square" in outcome.out
        assert "1 of 14 RGBA laid on white" in outcome.out


class TestFiles:
    def test_unknown_kind(self, refused):
        refused(("list", "lossess"), "unknown kind of component 'lossess'", "did you mean 'losses'?")

    def test_unknown_command(self, refused):
        refused(("trian",), "trian", "landscape --help")

    @pytest.mark.parametrize(
        ("yaml", "expected"),
        [
            ("dataset: [digits", ("config.yaml:1", "not valid YAML")),
            ("x: !!python/object/apply:os.system ['true']", ("config.yaml:1", "tag")),
            ("a: &a [1]\nb: [*a, *a]", ("config.yaml:1", "anchors and aliases")),
            ("seed: 1\nseed: 2", ("config.yaml:2", "given twice")),
            ("- 1", ("config.yaml", "expected a mapping")),
            ("", ("config.yaml", "found nothing")),
            ("sead: 1", ("config.yaml", "unknown field of TrialConfig 'sead'", "did you mean 'seed'?")),
        ],
    )
    def test_yaml(self, refused, tmp_path, yaml, expected):
        (tmp_path / "config.yaml").write_text(yaml)
        refused((*TRAIN, "--config", tmp_path / "config.yaml"), *expected)

    @pytest.mark.parametrize("study", ["dataset: [digits", "name: x", "a: &a 1", "name: [1]\nunknown: 3"])
    def test_study(self, refused, tmp_path, study):
        (tmp_path / "study.yaml").write_text(study)
        refused(("sweep", tmp_path / "study.yaml"), "study.yaml")

    def test_unknown_study(self, refused):
        refused(("sweep", "digitz"), "unknown study", "did you mean 'digits'?")

    def test_missing_study_file(self, refused):
        refused(("sweep", "absent.yaml"), "cannot read absent.yaml")

    def test_plugin_that_raises(self, refused, tmp_path):
        (tmp_path / "broken.py").write_text("1 / 0\n")
        refused(("list", "losses", "--plugin", tmp_path / "broken.py"), "broken.py failed on import: ZeroDivisionError", "fix the file")

    def test_loss_that_returns_no_pair(self, refused, tmp_path):
        text = "from landscape.components.losses._base import LOSSES\n@LOSSES.register\ndef single(real, fake):\n    return 1.0\n"
        (tmp_path / "single.py").write_text(text)
        refused((*TRAIN, "--plugin", tmp_path / "single.py", "--loss", "single"), "loss 'single' returned float", "return a LossPair")

    def test_loss_on_samples_that_returns_no_pair(self, refused, tmp_path):
        text = "from landscape.components.losses._base import LOSSES\n@LOSSES.register(inputs='samples')\ndef no_pair(real, fake):\n    return 1, 2\n"
        (tmp_path / "no_pair.py").write_text(text)
        refused((*TRAIN, "--plugin", tmp_path / "no_pair.py", "--loss", "no_pair"), "loss 'no_pair' returned tuple", "return a LossPair")

    def test_regularizer_that_does_not_return_its_state(self, refused, tmp_path):
        text = "from landscape.components.regularizers._base import REGULARIZERS\n@REGULARIZERS.register(site='d_term', state={'a': 0.0})\n"
        (tmp_path / "drift.py").write_text(text + "def mine(critique):\n    return critique.real_output.logit\n")
        found = (*TRAIN, "--plugin", tmp_path / "drift.py", "--regularizer", "mine")
        refused(found, "regularizer 'mine' keeps a state", "return a Term with its values and the new state (a)")

    def test_data_that_the_protocol_cannot_score_are_told_before_the_training(self, run, here, monkeypatch):
        monkeypatch.setattr("landscape.trial.run_trial.run_trial", lambda *_, **__: pytest.fail("began"))
        write_pictures(here / "mine")
        line = run("train", "--dataset", "folder:mine", "--architecture", "mlp", "--steps", "1", "--protocol", "quick").is_one_line_error()
        assert "has no labels to train a classifier on" in line
        assert "quick-photos" in line
        assert not (here / "trials").exists()

    def test_a_reproduction_at_an_address(self, refused):
        refused(("reproduce", "game-1d", "--results", "s3://bucket/results"), "--results s3://bucket/results", "a folder of this machine")

    def test_plugin_that_is_no_python_file(self, refused, tmp_path):
        (tmp_path / "a.yaml").write_text("a: 1\n")
        refused(("list", "losses", "--plugin", tmp_path / "a.yaml"), "a.yaml is no Python module by its name", "ends in .py")

    def test_places_that_cannot_be_written_are_told_before_the_work(self, refused, tmp_path, monkeypatch):
        (tmp_path / "taken").write_text("x")
        for work in ("landscape.trial.run_trial.run_trial", "landscape.sweep.run.run", "landscape.reproductions._game_1d.recipe.play"):
            monkeypatch.setattr(work, lambda *_, **__: pytest.fail("began"))
        refused((*TRAIN, "--out", tmp_path / "taken" / "trial"), "cannot write to", "taken/trial", "choose another folder")
        refused(
            ("sweep", "digits", "--results", tmp_path / "r", "--reports", tmp_path / "taken" / "reports"),
            "cannot write to",
            "taken/reports",
        )
        refused(("reproduce", f"game-1d:folder={tmp_path / 'taken' / 'page'}"), "cannot write to", "taken/page")

    def test_trial_folder_that_is_a_file(self, refused, tmp_path):
        (tmp_path / "taken").write_text("x")
        refused((*TRAIN, "--out", tmp_path / "taken"), "taken")

    def test_sample_from_nothing(self, refused, here):
        refused(("sample", "absent", "--out", "x.png"), "absent holds no generator.safetensors", "completed trial")

    def test_report_of_nothing(self, refused):
        refused(("report", "--results", "absent"), "no results folder at absent", "run a sweep first")

    def test_verify_what_is_no_study(self, refused, here):
        (here / "empty").mkdir()
        refused(("results", "verify", "empty"), "empty is no study")


class TestEvaluate:
    def test_missing_set(self, refused):
        refused(("evaluate", "--real", "absent.npz", "--fake", "absent.npz"), "absent.npz")

    def test_missing_weights(self, refused, tmp_path):
        np.savez(tmp_path / "a.npz", images=np.zeros((8, 3, 16, 16), np.uint8))
        both = ("--real", tmp_path / "a.npz", "--fake", tmp_path / "a.npz")
        refused(("evaluate", *both, "--features", "inception", "--weights", "absent.pth"), "absent.pth")

    def test_words_for_labels(self, refused, tmp_path):
        np.savez(tmp_path / "a.npz", images=np.zeros((8, 1, 8, 8), np.uint8), labels=np.array(["cat"] * 8))
        np.save(tmp_path / "b.npy", np.array(["cat"] * 8))
        for name in ("a.npz", "b.npy"):
            refused(("evaluate", "--real", tmp_path / name, "--fake", tmp_path / name), name)

    def test_no_numbers(self, refused, tmp_path):
        np.savez(tmp_path / "a.npz", features=np.array([{}, {}], dtype=object))
        refused(("evaluate", "--real", tmp_path / "a.npz", "--fake", tmp_path / "a.npz"), "a.npz")

    def test_nan_features(self, refused, tmp_path):
        features = np.random.default_rng(0).normal(size=(64, 4)).astype(np.float32)
        np.savez(tmp_path / "a.npz", features=features)
        features[3, 2] = np.nan
        np.savez(tmp_path / "b.npz", features=features)
        refused(("evaluate", "--real", tmp_path / "a.npz", "--fake", tmp_path / "b.npz"), "NaN")


@pytest.mark.parametrize(
    "arguments",
    [
        ("train", "--foo"),
        ("train", "--latent", "gauss"),
        ("sweep", "--jobs", "x"),
        ("sweep", "--steps", "0"),
        ("evaluate",),
        ("data", "prepare"),
        ("sample", "nowhere"),
        ("train", "--loss", "hinge:"),
    ],
)
def test_punctuation_is_not_doubled(run, arguments):
    """Messages of a library end with a full stop or a question mark of their own."""
    line = run(*arguments).is_one_line_error()
    assert not re.search(r"[.?!,;][.?!,;:]", line), line


def test_the_error_of_a_library_is_quoted_without_its_full_stop(capsys):
    """Paths keep their dots."""
    assert complain("cannot read ./a.b (bad file.): mend it.; or go on\n", 2) == 2
    assert capsys.readouterr().err == "landscape: cannot read ./a.b (bad file): mend it; or go on\n"
    complain("cannot read .: no folder", 2)
    assert capsys.readouterr().err == "landscape: cannot read .: no folder\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [(("--watch", "--json"), "leave one of them out"), (("--every", "5"), "--every says how often --watch looks: add --watch")],
)
def test_options_of_the_report_that_contradict_each_other(run, options, said):
    assert said in run("report", *options).is_one_line_error()


@pytest.mark.parametrize(
    ("arguments", "near"), [(("data", "prepare", "fashion-mnit"), "fashion-mnist"), (("reproduce", "game-2d"), "game-1d")]
)
def test_a_name_with_dashes_is_answered_in_dashes(run, arguments, near):
    """The message has the name as it was typed, and suggests one that can be typed the same way."""
    line = run(*arguments).is_one_line_error()
    assert repr(arguments[-1]) in line
    assert f"did you mean {near!r}?" in line
    assert "_" not in line.partition("choose from")[2]
