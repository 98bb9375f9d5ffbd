"""CUB-200-2011 with captions, in a small tree of the true formats that is made here."""

import numpy as np
import pytest
import torch
from PIL import Image

from landscape.cli import main
from landscape.components.datasets._load import load_dataset
from landscape.components.datasets.cub import cut
from landscape.components.tasks._asked import conditions
from landscape.components.tasks._base import Rows, Task
from landscape.components.tasks.text_to_image import one_text
from landscape.config.trial_config import TrialConfig
from landscape.core.errors import UserError
from landscape.evaluation.default_protocol import default_training_protocol
from landscape.trial.run_trial import prepare_and_run
from landscape.trial.saved_generator import load_trained

SPECIES = ["001.Black_footed_Albatross", "002.Laysan_Albatross", "009.Brewer_Blackbird", "010.Red_winged_Blackbird"]
IN_CAPTIONS = {"009.Brewer_Blackbird": "009.Brewers_Blackbird"}
"""The name of a species in the archive of the captions, where it has another one there."""
SPLITS = {"trainclasses.txt": [0, 1], "valclasses.txt": [2], "testclasses.txt": [3]}
EACH = 3
"""Pictures of each species."""


def picture(number):
    """Return a picture (H, W, 3) of 40 x 24 pixels whose red is its number and whose green and blue tell the column and the row."""
    rows, columns = np.mgrid[:24, :40]
    return np.stack([np.full((24, 40), number), 5 * columns, 5 * rows], 2).astype(np.uint8)


@pytest.fixture
def birds(tmp_path):
    """Twelve pictures of four species. Caption k of picture n says "picture n is ordinary number k"; lines with odd k begin with "A"."""
    home, texts, lines = tmp_path / "CUB_200_2011", tmp_path / "cvpr2016_cub", []
    for place, name in enumerate(SPECIES):
        for i in range(EACH):
            number = place * EACH + i + 1
            stem = f"{name[4:]}_{i + 1:04d}_{number + 100}"
            file = home / "images" / name / f"{stem}.jpg"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture(number)).save(file, quality=100, subsampling=0)
            lines.append((number, f"{name}/{stem}.jpg", place + 1, int(i != 2)))
            species = IN_CAPTIONS.get(name, name)
            captions = texts / "text_c10" / species / f"{species[4:]}_{i + 1:04d}_{number + 100}.txt"
            captions.parent.mkdir(parents=True, exist_ok=True)
            captions.write_text("".join(f"{'A ' * (k % 2)}Picture {number}, is ordinary number {k}.\n" for k in range(10)) + "\n")
    (home / "images.txt").write_text("".join(f"{n} {name}\n" for n, name, _, _ in lines))
    (home / "classes.txt").write_text("".join(f"{place} {name}\n" for place, name in enumerate(SPECIES, 1)))
    (home / "image_class_labels.txt").write_text("".join(f"{n} {label}\n" for n, _, label, _ in lines))
    (home / "train_test_split.txt").write_text("".join(f"{n} {is_training}\n" for n, _, _, is_training in lines))
    (home / "bounding_boxes.txt").write_text("".join(f"{n} 12.0 8.0 8.0 6.0\n" for n, _, _, _ in lines))
    for name, places in SPLITS.items():
        (texts / name).write_text("".join(f"{IN_CAPTIONS.get(SPECIES[place], SPECIES[place])}\n" for place in places))
    return tmp_path


def load(birds, resolution=12, **hyperparameters):
    return load_dataset("cub", {"min_count": 1, **hyperparameters}, data_dir=birds, resolution=resolution)


def numbers_of(split):
    return split.samples[:, 0].flatten(1).float().mean(1).round().int().tolist()


def test_splits_by_classes_and_captions_of_their_pictures(birds):
    data = load(birds, length=8)
    assert {name: numbers_of(split) for name, split in data.splits.items()} == {
        "train": [1, 2, 3, 4, 5, 6],
        "validation": [7, 8, 9],
        "test": [10, 11, 12],
    }
    assert (data.classes, data.split("test").labels.tolist()) == (4, [3, 3, 3])
    assert data.split("train").tokens.shape == (6, 10, 8)
    for place, number in enumerate(numbers_of(data.split("train"))):
        said = [data.language.text(tokens) for tokens in data.split("train").tokens[place]]
        assert said == [f"{'a ' * (k % 2)}picture {number} is ordinary number {k}" for k in range(10)]
    # The numbers of pictures that are not trained on are no words of the training, but those that captions have (0 to 9) are.
    of_nine, of_eleven = data.split("validation").tokens[2, 0], data.split("test").tokens[1, 0]
    assert data.language.text(of_nine) == "picture 9 is ordinary number 0"
    assert data.language.text(of_eleven) == "picture is ordinary number 0"
    assert data.handling["split"] == (
        "by classes, the lists beside the captions: 6 train (2 classes), 3 validation (1 classes), 3 test (1 classes)"
    )


def test_other_divisions(birds):
    whole = load(birds, split="trainval")
    assert {name: numbers_of(split) for name, split in whole.splits.items()} == {"train": list(range(1, 10)), "test": [10, 11, 12]}
    by_pictures = load(birds, split="pictures")
    assert numbers_of(by_pictures.split("test")) == [3, 6, 9, 12]
    assert sorted(set(by_pictures.split("train").labels.tolist())) == [0, 1, 2, 3]


def test_the_vocabulary_is_that_of_the_training(birds):
    data = load(birds, min_count=12, length=3)
    # Of 60 captions of the training, 30 have an "a", each number has 6 or at most 16, and "picture", "is", "ordinary", "number" are in all.
    assert set(data.language.words) == {"is", "number", "ordinary", "picture", "a", *map(str, range(1, 7))}
    assert data.language.words[:5] == ("is", "number", "ordinary", "picture", "a")
    assert data.language.text(data.split("train").tokens[0, 1]) == "a picture 1"
    words, cut_ones = 120 * 6 + 60, 120
    unknown = (
        sum(str(n) not in data.language.words for n in range(1, 13)) * 10 + sum(str(k) not in data.language.words for k in range(10)) * 12
    )
    assert data.handling["captions"] == (
        f"11 words; {unknown} of {words} words in captions are not among them and are left out; {cut_ones} of 120 captions are cut after 3 words"
    )
    with pytest.raises(UserError, match="give a lower cub:min_count="):
        load(birds, min_count=1000)


def test_a_word_that_is_not_known_is_named_without_the_whole_vocabulary(birds):
    language = load(birds).language
    assert len(language.words) == 15
    many = type(language)((*language.words, *(f"word{i}" for i in range(50))), 8)
    with pytest.raises(UserError, match=r"does not know the word 'pictures'; it knows 65 words, among them picture$"):
        many.tokens(["pictures 1"])


def test_crops(birds):
    image = Image.fromarray(picture(1))
    # Worked by hand: the middle is (16, 11), the longer side 8 and the radius 6.
    assert np.array_equal(np.asarray(cut(image, (12.0, 8.0, 8.0, 6.0))), picture(1)[5:17, 10:22])
    # At the border the crop loses what lies beyond it: the middle (2, 2), the radius 6.
    assert np.array_equal(np.asarray(cut(image, (-2.0, -2.0, 8.0, 8.0))), picture(1)[:8, :8])
    found = load(birds).split("train").samples[0]
    wanted = torch.from_numpy(picture(1)[5:17, 10:22].transpose(2, 0, 1).copy())
    assert (found.int() - wanted.int()).abs().max() <= 3  # What JPEG loses.
    central = load(birds, resolution=24, crop="center").split("train").samples[0]
    assert (central.int() - torch.from_numpy(picture(1)[:, 8:32].transpose(2, 0, 1).copy()).int()).abs().max() <= 3


def test_a_caption_is_drawn_at_every_step(birds):
    tokens = load(birds).split("train").tokens
    torch.manual_seed(0)
    state = torch.get_rng_state()
    rows = Rows(torch.zeros(6, 3, 12, 12), tokens=tokens)
    drawn = torch.stack([Task("text_to_image").batch(rows).condition for _ in range(200)])  # [200, 6, L]
    is_it = (drawn[:, :, None] == tokens[None]).all(3)  # [200, 6, 10]
    assert (is_it.sum(2) == 1).all()
    counts = is_it.sum((0, 1))  # Of 1,200 draws, 120 each; the standard deviation is 10.4.
    assert 75 < counts.min() <= counts.max() < 165
    torch.set_rng_state(state)
    assert torch.equal(Task("text_to_image").batch(rows).condition, drawn[0])
    # Scores and pictures draw by their seed alone, and rows with one text have it.
    samples = load(birds).split("train").samples
    one, again, other = (conditions(Task("text_to_image"), samples, None, seed, tokens) for seed in (0, 0, 1))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    assert torch.equal(one_text(tokens[:, 0]), tokens[:, 0])


def test_an_interrupted_training_continues_bit_for_bit_with_the_captions_that_it_would_have_drawn(birds, tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(birds))
    config = TrialConfig.parse(
        {
            "dataset": "cub:min_count=1",
            "resolution": 16,
            "task": "text_to_image",
            "architecture": {"gan_cls": {"width": 4, "text": 4, "encoded": 4, "word": 4}},
            "loss": "hinge",
            "regularizers": ["mismatch"],
            "batch_size": 4,
            "budget": {"amount": 16},
        }
    )

    def ended(folder, **options):
        record = prepare_and_run(config, None, folder=tmp_path / folder, pictures=False, threads=1, **options)
        return record.status.value, record.curves

    looks = iter([False, True])
    whole = ended("whole")
    assert whole[0] == "completed"
    assert ended("cut", should_stop=lambda: next(looks))[0] == "stopped"
    torch.manual_seed(12345)  # What the interrupted process had drawn is of no use to the one that continues.
    assert ended("cut") == whole
    model, uninterrupted = load_trained(tmp_path / "cut"), load_trained(tmp_path / "whole").generator.state_dict()
    assert all(torch.equal(value, uninterrupted[name]) for name, value in model.generator.state_dict().items())
    assert model.language == load(birds, resolution=16).language
    assert default_training_protocol(load(birds), model.task) == "quick-captions"


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("CUB_200_2011/bounding_boxes.txt", None, "has no CUB_200_2011/bounding_boxes.txt.*CUB_200_2011.tgz.*cvpr2016_cub.tar.gz"),
        ("cvpr2016_cub/testclasses.txt", None, "has no cvpr2016_cub/testclasses.txt.*reedscot/cvpr2016"),
        ("CUB_200_2011/images.txt", "1 a b\n", "images.txt, line 1 is not a new number with 1 value"),
        ("CUB_200_2011/bounding_boxes.txt", "1 1 1 1 1\n1 1 1 1 1\n", "bounding_boxes.txt, line 2 is not a new number with 4 values"),
        ("CUB_200_2011/train_test_split.txt", "1 0\n", "has no line for picture 2"),
        (
            "CUB_200_2011/image_class_labels.txt",
            "".join(f"{n} 9\n" for n in range(1, 13)),
            "image_class_labels.txt: picture 1 has class 9, and classes.txt has 1 to 4",
        ),
        ("CUB_200_2011/images.txt", "1 001.X/../../a.jpg\n", "picture 1"),
        ("CUB_200_2011/bounding_boxes.txt", "".join(f"{n} 90.0 8.0 8.0 6.0\n" for n in range(1, 13)), "is not in its 40x24 pixels"),
        ("CUB_200_2011/bounding_boxes.txt", "".join(f"{n} nan x 8.0 6.0\n" for n in range(1, 13)), "'x' of picture 1 is no number"),
        ("cvpr2016_cub/testclasses.txt", f"{SPECIES[0]}\n", "001.Black_footed_Albatross is in the list of train too"),
        ("cvpr2016_cub/testclasses.txt", "077.Phoenix\n", "077.Phoenix is no class of classes.txt"),
        ("cvpr2016_cub/testclasses.txt", "", "no picture is in the split 'test'"),
        (f"cvpr2016_cub/text_c10/{SPECIES[0]}/Black_footed_Albatross_0001_101.txt", None, "0001_101.jpg has no captions"),
        (
            f"cvpr2016_cub/text_c10/{SPECIES[0]}/Black_footed_Albatross_0001_101.txt",
            "one bird\n\n--\ntwo birds\n",
            r"0001_101.txt has 2 captions, wanted are 10: .*cub:captions=2$",
        ),
        (f"CUB_200_2011/images/{SPECIES[0]}/Black_footed_Albatross_0001_101.jpg", "no picture", "cannot be read as a picture"),
        (f"CUB_200_2011/images/{SPECIES[0]}/Black_footed_Albatross_0001_101.jpg", None, "0001_101.jpg"),
    ],
)
def test_a_tree_that_is_not_whole_is_refused_in_one_line(birds, file, content, message):
    (birds / file).unlink()
    if content is not None:
        (birds / file).write_text(content)
    with pytest.raises(UserError, match=message) as caught:
        load(birds)
    assert "\n" not in str(caught.value)


def test_the_command_line_ends_with_two(birds, tmp_path, capsys):
    (birds / "CUB_200_2011" / "classes.txt").unlink()
    assert main(["data", "prepare", "cub", "--data-dir", str(birds)]) == 2
    told = capsys.readouterr().err
    assert "has no CUB_200_2011/classes.txt" in told
    assert len(told.splitlines()) == 1
