"""Search spaces: from YAML to cells, to the parameters of each cell, to a TrialConfig."""

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landscape.core import strict_yaml
from landscape.core.errors import UserError
from landscape.space.first_settings import first_of
from landscape.space.scaled import scaled
from landscape.space.space import Space
from landscape.space.study_files import available, load_space

TEXT = """
name: toy
dataset: digits
protocol: {name: toy, extractor: {classifier: {trained_on: digits}}, metrics: [frechet], objective: "FD[classifier:digits]"}
base:
  budget: {amount: 100}
  batch_size: 32
axes:
  loss: [non_saturating, hinge]
  d_normalization: [none, batch]
  regularizers:
    - none
    - gradient_penalty
    - {use: gradient_penalty, label: GP 5:1, overrides: {d_steps_per_round: 5}}
  architecture: [mlp, {dcgan: {width: 16}}]
search:
  learning_rate: {min: 1e-5, max: 1e-2, scaling: log, sets: [d_optimizer.learning_rate, g_optimizer.learning_rate]}
  gradient_penalty.weight: {min: 0.1, max: 100, scaling: log}
  betas:
    choices:
      - {d_optimizer.beta1: 0.5, d_optimizer.beta2: 0.9}
      - {d_optimizer.beta1: 0.0, d_optimizer.beta2: 0.999}
  d_steps_per_round: {min: 1, max: 5, integer: true, when: {regularizers: none, architecture: mlp}}
trials: 24
"""


def parsed(text=TEXT):
    document = strict_yaml.parse(text, "toy.yaml")
    return Space.parse(document.data, document=document)


@pytest.fixture(scope="module")
def space():
    return parsed()


def test_cells_are_every_combination_once(space):
    cells = space.cells()
    assert len(cells) == 2 * 2 * 3 * 2
    assert len({c.id for c in cells}) == 24
    assert cells[0].labels == {"loss": "non_saturating", "d_normalization": "none", "regularizers": "none", "architecture": "mlp"}
    assert cells[-1].id == "hinge / batch / GP 5:1 / dcgan[width=16]"
    assert space.skipped() == ()


def test_what_is_searched_depends_on_the_cell(space):
    by_id = {c.id: set(c.parameters) for c in space.cells()}
    shared = {"learning_rate", "betas"}
    assert by_id["hinge / none / none / mlp"] == shared | {"d_steps_per_round"}
    assert by_id["hinge / none / none / dcgan[width=16]"] == shared
    assert by_id["hinge / none / GP 5:1 / mlp"] == shared | {"gradient_penalty.weight"}


def test_a_proposal_becomes_a_config(space):
    cell = next(c for c in space.cells() if c.id == "hinge / batch / GP 5:1 / dcgan[width=16]")
    betas = cell.parameters["betas"].values[1]
    config = cell.config({"learning_rate": 1e-3, "gradient_penalty.weight": 2.0, "betas": betas}, seed=7)
    assert (config.loss.name, config.d_normalization.name, config.architecture.name) == ("hinge", "batch", "dcgan")
    assert (config.d_optimizer.learning_rate, config.g_optimizer.learning_rate) == (1e-3, 1e-3)
    assert (config.d_optimizer.beta1, config.d_optimizer.beta2, config.g_optimizer.beta1) == (0.0, 0.999, 0.5)
    assert config.regularizers[0].hyperparameters["weight"] == 2.0
    assert (config.d_steps_per_round, config.batch_size, config.seed, config.budget.amount) == (5, 32, 7, 100)
    assert config.architecture.hyperparameters["width"] == 16


def test_a_cell_refuses_what_it_does_not_hold(space):
    cell = space.cells()[0]
    with pytest.raises(UserError, match="outside the search space"):
        cell.config({"learning_rate": 1.0}, seed=0)
    with pytest.raises(UserError, match="unknown parameter of cell .*'learning_rat': did you mean 'learning_rate'"):
        cell.config({"learning_rat": 1e-3}, seed=0)


def test_undefined_cells_are_listed_with_their_reasons():
    text = TEXT.replace("d_normalization: [none, batch]", "g_normalization: [none, spectral]").replace(
        "architecture: [mlp,", "architecture: [dcgan,"
    )
    space = parsed(text.replace("architecture: mlp}", "architecture: dcgan}"))
    assert len(space.skipped()) + len(space.cells()) == 24
    for skipped in space.skipped():
        assert "spectral" in skipped.reason
        assert skipped.labels["g_normalization"] == "spectral"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[non_saturating, hinge]", "[non_saturating, hnge]", r"toy.yaml:9: axes.loss: unknown loss 'hnge': did you mean 'hinge'"),
        ("[non_saturating, hinge]", "[hinge, hinge]", r"toy.yaml:9: axes.loss: two entries are called 'hinge'"),
        ("[non_saturating, hinge]", "[]", r"toy.yaml:9: axes.loss: expected a list"),
        (
            "[non_saturating, hinge]",
            "[{hinge: {margn: 1}}]",
            r"toy.yaml:9: axes.loss: unknown hyperparameter .*'margn': did you mean 'margin'",
        ),
        ("[non_saturating, hinge]", "[{label: x}]", r"toy.yaml:9: axes.loss: the entry names no component"),
        ("d_steps_per_round: 5}}", "d_steps: 5}}", r"toy.yaml:14: axes.regularizers: unknown field in overrides 'd_steps'"),
        ("axes:\n", "axes:\n  size:\n    - {label: big, overrides: {batch: 9}}\n", r"axes.size: unknown field in overrides 'batch'"),
        (
            "{d_steps_per_round: 5}}",
            "[{d_steps_per_round: 5}]}",
            r"toy.yaml:14: axes.regularizers: overrides: write fields and their values",
        ),
        ("axes:\n", "axes:\n  size:\n    - {label: big, overrides: batch_size=9}\n", r"axes.size: overrides: .*, not 'batch_size=9'"),
        ("min: 1e-5, max: 1e-2", "min: 1e-2, max: 1e-5", r"toy.yaml:17: search.learning_rate.*min below max"),
        ("min: 1e-5, max: 1e-2", "mn: 1e-2, max: 1e-5", r"toy.yaml:17: search.learning_rate.mn: unknown setting 'mn': did you mean"),
        ("gradient_penalty.weight:", "gradient_penalt.weight:", r"toy.yaml:18: .*'gradient_penalt': did you mean 'gradient_penalty'"),
        (
            "when: {regularizers: none",
            "when: {regularizers: non",
            r"toy.yaml:23: unknown entry of axis 'regularizers' 'non': did you mean 'none'",
        ),
        ("when: {regularizers: none", "when: {regularizer: none", r"toy.yaml:23: unknown axis 'regularizer': did you mean 'regularizers'"),
        ("batch_size: 32", "batch_siz: 32", r"toy.yaml:7: unknown field of base 'batch_siz': did you mean 'batch_size'"),
        ("batch_size: 32", "loss: hinge", r"toy.yaml:7: base.loss: is set by the study's own loss"),
        ("trials: 24", "trial: 24", r"toy.yaml.*trials is missing|toy.yaml:24: trial: unknown setting 'trial': did you mean 'trials'"),
        ("trials: 24", "trials: 0", r"toy.yaml:24: trials.total=0: .*greater than or equal to 1"),
        ("trials: 24", "trials: 24\nsearcher: {name: gp-ucb, scope: across}", r"toy.yaml:25: .*gp-ucb takes no conditional space"),
        ("trials: 24", "trials: 24\nsearcher: {name: gp-ucb, divergence: constraint}", r"toy.yaml:25: .*gp-ucb takes no constraint"),
        ("trials: 24", "trials: 24\nsearcher: {name: optuna-gp-front}", r"toy.yaml:25: .*second_objective .* belong together"),
        ("trials: 24", "trials: 24\nruleset: self-tuning", r"toy.yaml:25: ruleset self-tuning has one setting: leave search out"),
        ("trials: 24", "trials: 24\nruleset: own", r"toy.yaml:25: ruleset='own'"),
        ("trials: 24", "trials: 24\nscreening: {n_fake: 9}", r"toy.yaml:25: screening.n_fake=9: .*greater than or equal to 50"),
        ("trials: 24", "trials: 24\nscreening: {n_real: 99}", r"toy.yaml:25: screening.n_real: unknown setting 'n_real'|n_fake is missing"),
        ("trials: 24", "trials: 24\nsearcher: {name: grid}", r"search.learning_rate: a grid needs to know how many values"),
        ('"FD[classifier:digits]"', '""', r"toy.yaml:4: protocol.objective is empty"),
        ("metrics: [frechet]", "metrics: [frecht]", r"toy.yaml:4: protocol.*'frecht': did you mean 'frechet'"),
        ("name: toy\n", "name: ../toy\n", r"toy.yaml:2: name='../toy'"),
        ("axes:", "axes:\n  speed: [fast]", r"toy.yaml:9: axes.speed: 'speed' is no axis of components"),
    ],
)
def test_a_mistake_is_one_line_with_its_place(old, new, message):
    assert old in TEXT
    with pytest.raises(UserError, match=message) as caught:
        parsed(TEXT.replace(old, new, 1))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("d_optimizer.beta2: 0.999}", "d_optimizer.beta2: 1.0}", "search.betas=.*beta2 below 1"),
        ("min: 1, max: 5, integer", "min: 0, max: 5, integer", "search.d_steps_per_round=0"),
        ("when: {regularizers: none,", "when: {regularizers: none, loss: [hinge],", None),
        ("architecture: [mlp, {dcgan: {width: 16}}]", "architecture: [mlp, {use: mlp, label: again}]", "are the same model"),
    ],
)
def test_mistakes_that_only_cells_show(old, new, message):
    space = parsed(TEXT.replace(old, new, 1))
    if message is None:
        assert space.cells()
        return
    with pytest.raises(UserError, match=message):
        space.cells()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_fake": 200}, r"screening.n_fake=200 is not below the protocol's own 200"),
        ({"selection_points": 2}, "the protocol selection_points 1 and checkpoint last"),
        ({"checkpoint": "best_on_selection"}, "the protocol selection_points 1 and checkpoint last"),
        ({"metrics": ["frechet", "discriminator_accuracy"]}, "keeps no discriminator, which metric 'discriminator_accuracy' reads"),
    ],
)
def test_screening_needs_what_a_trained_trial_still_has(changes, message):
    space = parsed(TEXT)
    screened = space.with_changes(screening={"n_fake": 200})
    assert "screening" not in space.identity()
    assert screened.identity()["screening"] == {"n_fake": 200}
    assert scaled(screened, 0.5).screening.n_fake == 100
    with pytest.raises(UserError, match=message):
        screened.with_changes(protocol=space.protocol.to_json() | changes)


def test_a_parameter_without_a_cell_is_a_mistake():
    text = TEXT.replace("architecture: mlp}", "architecture: mlp, loss: hinge}").replace("regularizers: none,", "regularizers: GP 5:1,")
    assert parsed(text).cells()
    with pytest.raises(UserError, match="dragan.weight applies to no cell|unknown thing to search 'dragan'"):
        parsed(text.replace("gradient_penalty.weight:", "dragan.weight:")).cells()


def test_axes_of_plain_settings_cross_like_the_others():
    space = parsed(
        TEXT.replace(
            "axes:",
            "axes:\n  ratio:\n    - {label: '1:1', overrides: {g_steps_per_round: 1}}\n    - {label: '1:2', overrides: {g_steps_per_round: 2}}",
        )
    )
    assert len(space.cells()) == 48
    steps = {c.config({}, seed=0).g_steps_per_round for c in space.cells() if c.labels["ratio"] == "1:2"}
    assert steps == {2}


def test_settings_that_come_first_are_whole_and_inside_the_space(space):
    cell = space.cells()[0]
    values = {name: parameter.at(0.3) for name, parameter in cell.parameters.items()}
    when = dict(cell.labels)
    given = space.with_changes(first=[{"when": when, "values": values}])
    assert [first_of(given.first, c) for c in given.cells()[:2]] == [[values], []]
    assert given.identity()["first"] != []
    assert "first" not in space.identity()
    name = next(iter(values))
    less = {k: v for k, v in values.items() if k != name}
    for first, said in (
        ({"when": when, "values": less}, f"first, entry 1: cell .* also searches {name}: give its value"),
        ({"when": when, "values": values | {name: 1e9}}, f"first, entry 1: {name}=1000000000.0 lies outside"),
        ({"when": {next(iter(when)): "nowhere"}, "values": values}, "first, entry 1: no cell has these levels: correct `when`"),
        ({"when": {"nothing": "here"}, "values": values}, "first, entry 1: no cell has these levels: correct `when`"),
    ):
        with pytest.raises(UserError, match=said):
            space.with_changes(first=[first]).cells()
    choices = {n: {"choices": [1e-4, 1e-3]} for n in ("d_optimizer.learning_rate",)}
    grid = space.with_changes(search=choices, searcher={"name": "grid"}, first=[{"values": {"d_optimizer.learning_rate": 1e-3}}])
    with pytest.raises(UserError, match="a grid has all of its settings: leave first out"):
        grid.cells()


def test_identity_is_what_decides_the_trials(space):
    digest = space.digest()
    same = [space.with_changes(trials=48), space.with_changes(note="x"), space.with_changes(confirmation={"seeds": 9}), parsed()]
    assert {s.digest() for s in same} == {digest}
    # Fields that came later are no part of it at their defaults, so that studies which were begun before them go on.
    assert "second_objective" not in space.identity()["protocol"]
    assert not {"divergence", "shuffled", "matched"} & set(space.identity()["searcher"])
    assert "ruleset" not in space.identity()
    assert space.with_changes(ruleset="external").identity()["ruleset"] == "external"
    with pytest.raises(UserError, match="ruleset external tunes: name what is searched"):
        space.with_changes(ruleset="external", search={})
    constrained = space.with_changes(searcher={"name": "optuna-tpe", "divergence": "constraint"})
    assert constrained.identity()["searcher"]["divergence"] == "constraint"
    other = [space.with_changes(seed=1), space.with_steps(5), space.with_changes(searcher={"name": "random"}), space.with_changes(batch=2)]
    assert len({digest, *(s.digest() for s in other)}) == 5
    moved = space.to_json()
    moved["axes"] = dict(reversed(moved["axes"].items()))
    assert Space.parse(moved).digest() != digest
    assert space.with_steps(5).cells()[0].config({}, seed=0).budget.amount == 5


def test_budgets_are_equal_and_reach_every_cell(space):
    assert space.with_changes(trials=24).asks_per_cell(24) == 1
    assert space.with_changes(trials=25).asks_per_cell(24) == 2
    assert space.with_changes(trials={"per_cell": 5}).asks_per_cell(24) == 5
    assert space.with_changes(trials=96, seeds=2).asks_per_cell(24) == 2
    with pytest.raises(UserError, match="23 trials do not reach 24 cells: give at least 24"):
        space.with_changes(trials=23).asks_per_cell(24)
    with pytest.raises(UserError, match="each trained with 3 seeds: give at least 72"):
        space.with_changes(trials=71, seeds=3).asks_per_cell(24)
    with pytest.raises(UserError, match="24 cells, in 3 searches each: give at least 72"):
        space.with_changes(trials=71, ruleset="external").asks_per_cell(24)
    assert space.with_changes(trials=72, ruleset="external").asks_per_cell(24) == 3


entries = st.lists(
    st.sampled_from(["none", "gradient_penalty", {"dragan": {"weight": 5.0}}, ["gradient_penalty", "l2"], {"l2": {"every": 4}}]),
    min_size=1,
    max_size=4,
    unique_by=str,
)
parameters = st.dictionaries(
    st.sampled_from(["batch_size", "gradient_penalty.weight", "d_optimizer.learning_rate", "g_optimizer.beta2"]),
    st.sampled_from([{"min": 0.1, "max": 2.0}, {"choices": [1, 2, 4]}, {"min": 1, "max": 64, "integer": True, "scaling": "log"}]),
    max_size=3,
)


@given(entries, parameters, st.integers(1, 99), st.sampled_from(["optuna-tpe", "random"]), st.integers(0, 5))
@settings(max_examples=40, deadline=None)
def test_round_trip(regularizers, search, trials, searcher, seed):
    data = strict_yaml.parse(TEXT, "toy").data
    data |= {"trials": trials, "seed": seed, "searcher": searcher and {"name": searcher}, "search": search}
    data["axes"] = {**data["axes"], "regularizers": regularizers}
    if "gradient_penalty.weight" in search and not any("gradient_penalty" in str(r) for r in regularizers):
        with pytest.raises(UserError, match="gradient_penalty"):
            Space.parse(data)
        return
    space = Space.parse(data)
    again = Space.parse(space.to_json())
    assert again == space
    assert Space.parse(json.loads(json.dumps(space.to_data(), sort_keys=True))).digest() == space.digest()
    assert again.digest() == space.digest()
    assert again.labels == space.labels


@given(st.integers(0, 2**32))
@settings(max_examples=30, deadline=None)
def test_damaged_study_files_give_one_clear_line(seed):
    rng = random.Random(seed)
    lines = TEXT.splitlines()
    for _ in range(rng.randint(1, 3)):
        i = rng.randrange(len(lines))
        words = lines[i]
        cut = rng.randrange(len(words) + 1)
        lines[i] = rng.choice([words[:cut], words[:cut] + rng.choice("[]{}:,*&!'\"x9") + words[cut:], lines[rng.randrange(len(lines))]])
    try:
        parsed("\n".join(lines)).cells()
    except UserError as error:
        assert "\n" not in str(error)


def test_a_study_from_its_file_or_by_its_name(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(TEXT)
    assert load_space(file) == parsed()
    assert load_space(str(file)).name == "toy"
    with pytest.raises(UserError, match=r"unknown study .*'digts': did you mean 'digits'"):
        load_space("digts")
    with pytest.raises(UserError, match="cannot read"):
        load_space(tmp_path / "missing.yaml")


@pytest.mark.parametrize("name", sorted(available()))
def test_default_studies_hold_what_they_say(name):
    space = load_space(name)
    cells = space.cells()
    assert space.name == name
    assert space.asks_per_cell(len(cells)) >= 1
    assert len(cells) > 1
    config = cells[0].middle()
    assert config.rounds is not None


def test_the_embedded_study_is_the_one_that_is_promised():
    space = load_space("digits")
    assert {axis: len(labels) for axis, labels in space.labels.items()} == {
        "loss": 4,
        "d_normalization": 3,
        "regularizers": 3,
        "architecture": 2,
    }
    assert len(space.cells()) == 72
    assert space.skipped() == ()
    assert space.asks_per_cell(72) == 1


def test_ones_own_images_take_the_folder_study():
    space = load_space("folder:/data/My photos!")
    assert space.name == "folder-My-photos"
    assert space.dataset.name == "folder"
    assert space.dataset.hyperparameters["path"] == "/data/My photos!"
    assert load_space("zip:/x/y.zip").name == "folder-y"
    assert load_space("folder:/data/a/faces").digest() == load_space("folder:/moved/faces").digest()


def test_an_axis_is_named_as_a_file_can_be():
    with pytest.raises(UserError, match=r"axis 'batch/size'"):
        parsed(TEXT.replace("axes:\n", "axes:\n  batch/size: [{a: {batch_size: 8}}]\n"))


OF_TASKS = {
    "name": "tasks",
    "dataset": "digits",
    "protocol": "quick",
    "base": {"architecture": {"unet": {"width": 4}}, "budget": {"amount": 4}},
    "axes": {"task": ["inpainting"], "loss": ["hinge"]},
    "trials": 2,
}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (
            {"axes": {"task": ["inpainting", {"super_resolution": {"factor": 2}}]}},
            r"\(inpainting\[.*\(super_resolution\[antialias=True, ",
        ),
        ({"axes": {"task": [{"super_resolution": {"factor": 2, "antialias": a}} for a in (True, False)]}}, "antialias=False, factor=2"),
        (
            {"axes": {"hole": [{"label": str(hole), "overrides": {"task": f"inpainting:hole={hole}"}} for hole in (0.25, 0.5)]}},
            "hole=0.25, place",
        ),
        (
            {"axes": {"loss": ["hinge"]}, "base": {"task": "inpainting"}, "search": {"inpainting.hole": {"min": 0.25, "max": 0.75}}},
            "search.inpainting.hole=0.25",
        ),
        (
            {
                "axes": {"task": ["unconditional", "inpainting"], "architecture": ["mlp", {"unet": {"width": 4}}]},
                "base": {"architecture": None},
            },
            "without an image, text or speech as condition.* and cell 'inpainting / ",
        ),
    ],
)
def test_a_study_of_tasks_whose_scores_do_not_compare_is_refused(changed, words):
    own = {"loss": "hinge"} if "loss" not in changed["axes"] else {}
    base = {k: v for k, v in (OF_TASKS["base"] | own | changed.get("base", {})).items() if v is not None}
    with pytest.raises(UserError, match=f"{words}.*whose raw scores do not compare: make one study of each .*`landscape across`"):
        Space.parse(OF_TASKS | changed | {"base": base}).cells()


def test_a_hyperparameter_of_a_task_that_its_condition_does_not_depend_on_may_be_an_axis():
    unpaired = {"dataset": "printed-digits", "axes": OF_TASKS["axes"] | {"task": ["unpaired:pool=0", "unpaired:pool=50"]}}
    assert len(Space.parse(OF_TASKS | unpaired).cells()) == 2
