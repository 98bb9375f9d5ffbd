"""Counts and lists in words."""

from landscape.core.wording import join, plural


def test_a_count_has_its_noun_in_the_right_number():
    assert [plural(n, "trial") for n in (0, 1, 2, 12_000)] == ["0 trials", "1 trial", "2 trials", "12,000 trials"]
    assert plural(2, "loss", "losses") == "2 losses"


def test_the_last_part_of_a_list_stands_behind_a_word():
    assert [join(x) for x in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]
    assert join(["a", "b"], "or") == "a or b"
