"""A study shrunk evenly: every number of it that says how much, and nothing else."""

import pytest

from landscape.core.errors import UserError
from landscape.space.scaled import scaled
from landscape.space.space import Space
from landscape.space.study_files import available, load_space


def test_trials_steps_and_samples_shrink_and_names_say_so():
    whole = load_space("celeba")
    tenth = scaled(whole, 0.1)
    assert tenth.name == "celeba-scale-0.1"
    assert tenth.note.startswith("Scaled by 0.1: ")
    assert tenth.protocol.name == "celeba-10k-scale-0.1"
    assert (tenth.protocol.n_real, tenth.protocol.n_fake) == (1000, 1000)
    assert tenth.protocol.digest() != whole.protocol.digest()
    assert tenth.trials.per_cell == 1
    budgets = [space.cells()[0].config({}, seed=0).budget.amount for space in (whole, tenth)]
    assert budgets == [40_000, 4_000]
    assert [c.labels for c in tenth.cells()] == [c.labels for c in whole.cells()]
    assert (tenth.search, tenth.confirmation) == (whole.search, whole.confirmation)
    assert tenth.searcher == whole.searcher.model_copy(update={"startup": max(round(whole.searcher.startup / 10), 1)})


def test_every_cell_keeps_a_trial_and_overrides_of_the_budget_shrink_too(tmp_path):
    text = """
name: two
dataset: digits
protocol: quick
axes:
  loss: [hinge, {use: non_saturating, overrides: {budget.amount: 300}}]
  architecture: [mlp]
trials: 6
"""
    (tmp_path / "two.yaml").write_text(text)
    small = scaled(load_space(tmp_path / "two.yaml"), 0.01)
    assert small.trials.total == 2
    assert {c.labels["loss"]: c.config({}, seed=0).budget.amount for c in small.cells()}["non_saturating"] == 3
    searched = load_space(tmp_path / "two.yaml").with_changes(search={"budget.amount": {"min": 10, "max": 100}})
    with pytest.raises(UserError, match=r"search\.budget\.amount sets the length"):
        scaled(searched, 0.5)
    for share in (0, 1.5):
        with pytest.raises(UserError, match="a share above 0"):
            scaled(searched, share)


def test_the_trials_that_come_before_a_rule_shrink_with_the_others():
    whole = load_space("cifar10-small").to_json()
    whole |= {"early_stopping": {"rule": "median", "startup": 6}}
    third = scaled(Space.parse(whole), 1 / 3)
    assert (third.trials.total, third.searcher.startup, third.early_stopping.startup) == (27, 9, 2)
    assert third.confirmation == Space.parse(whole).confirmation
    least = scaled(Space.parse(whole), 0.01)
    assert (least.searcher.startup, least.early_stopping.startup) == (1, 1)


@pytest.mark.parametrize("name", sorted(available()))
def test_every_default_study_can_be_scaled(name):
    if name == "folder":
        pytest.skip("names no data")
    space = load_space(name)
    assert scaled(space, 1) is space
    assert len(scaled(space, 0.2).cells()) == len(space.cells())


def test_samples_at_rungs_shrink_too():
    space = load_space("digits").with_changes(early_stopping={"rule": "asha", "n_fake": 400})
    assert scaled(space, 0.5).early_stopping.n_fake == 200
    assert scaled(space, 0.01).early_stopping.n_fake == 50
    assert scaled(space.with_changes(early_stopping={"rule": "asha"}), 0.5).early_stopping.n_fake is None
