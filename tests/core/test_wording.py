"""Counts and lists in words."""

from landscape.core.wording import end_of_interval, join, plural, significant


def test_a_count_has_its_noun_in_the_right_number():
    assert [plural(n, "trial") for n in (0, 1, 2, 12_000)] == ["0 trials", "1 trial", "2 trials", "12,000 trials"]
    assert plural(2, "loss", "losses") == "2 losses"


def test_the_last_part_of_a_list_stands_behind_a_word():
    assert [join(x) for x in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]
    assert join(["a", "b"], "or") == "a or b"


def test_numbers_have_no_exponent_below_ten_million():
    assert [significant(x) for x in (0.5, 3.6349, 999.4, 999.6, 1288.0, -1288.0, 12_345.0, 1e-7, 2e7)] == [
        *("0.5", "3.63", "999", "1,000", "1,290", "-1,290", "12,300", "1e-07", "2e+07")
    ]
    assert [significant(x, 5) for x in (12_345.6, 1288.44)] == ["12,346", "1,288.4"]


def test_an_end_beside_no_difference_is_not_rounded_to_it():
    assert [end_of_interval(x) for x in (0.99992, 1.00004, 1.0, 0.0, 0.995, 12_345.0)] == ["0.9999", "1.00004", "1", "0", "0.995", "12,300"]
