"""YAML of study files: what scalars mean, what is refused and on which line, and that no other error than UserError is raised."""

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from landscape.core.errors import UserError
from landscape.core.strict_yaml import LARGEST_FILE_BYTES, parse, read


def test_scalars_mean_what_they_look_like():
    text = "a: [1e-4, 1_000, -3, .5, no, on, true, none, null, ~, '1', 010, 1:30, 2001-01-01, .inf]"
    expected = [1e-4, 1000, -3, 0.5, "no", "on", True, "none", None, None, "1", "010", "1:30", "2001-01-01", ".inf"]
    values = parse(text, "f").data["a"]
    assert values == expected
    assert [type(v) for v in values] == [type(v) for v in expected]


def test_lines_of_every_entry():
    document = parse("a: 1\nb:\n  - x\n  - y: 2\n    z: 3\n", "f.yaml")
    places = [("a",), ("b", 0), ("b", 1, "z"), ("b", 1, "unknown", 5), ("nowhere",)]
    assert [document.place(p) for p in places] == ["f.yaml:1", "f.yaml:3", "f.yaml:5", "f.yaml:4", "f.yaml:1"]


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BOMB, "f:1: anchors and aliases"),
        ("a: 1\nb: !!python/object/apply:os.system [ls]", "f:2: tag .*python.* not allowed"),
        ("a: !!binary aGk=", "f:1: tag"),
        ("a: 1\nb: 2\na: 3", "f:3: 'a' is given twice"),
        ("a: [1,\nb", "f:2: not valid YAML"),
        ("- 1", "f: expected a mapping of settings, found list"),
        ("", "found nothing"),
        ("a: 1\n? [x]\n: 1", "f:2: a key must be a word"),
        ("a: " + "[" * 5000, "f:1: nested more than"),
        ("a: 1\n---\nb: 2", "f:2: not valid YAML"),
        ("a: \x07", "f: not valid YAML"),
        ("a: 1\n\tb: 2", "f:2: not valid YAML"),
    ],
)
def test_refusals_are_one_line_with_its_number(text, message):
    with pytest.raises(UserError, match=message) as caught:
        parse(text, "f")
    assert "\n" not in str(caught.value)


def test_files_that_cannot_be_read(tmp_path):
    (tmp_path / "large.yaml").write_bytes(b"#" * (LARGEST_FILE_BYTES + 1))
    (tmp_path / "binary.yaml").write_bytes(b"a: \xff\xfe")
    for name, message in (
        ("large.yaml", "at most"),
        ("binary.yaml", "UTF-8"),
        ("missing.yaml", "cannot read"),
        (".", "cannot read|at most"),
    ):
        with pytest.raises(UserError, match=message):
            read(tmp_path / name)


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text("abc: #'1", max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abcxyz", min_size=1, max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text("abcxyz", min_size=1, max_size=4), plain, min_size=1, max_size=3))
@settings(max_examples=50, deadline=None)
def test_what_json_says_is_read_as_it_is(data):
    import json

    assert parse(json.dumps(data), "f").data == data


@given(st.text(max_size=80))
@example("a: \ud800")
@example("%TAG ! x\n---\n!<tag> a")
@example("a: 0_")
@example("a: 1_e5")
@settings(max_examples=200, deadline=None)
def test_any_text_gives_a_mapping_or_one_clear_line(text):
    try:
        assert isinstance(parse(text, "f").data, dict)
    except UserError as error:
        assert "\n" not in str(error)


def test_the_plain_loader_would_have_fallen_for_it():
    # This shows that the refusals above are not vacuous: the usual safe loader expands the bomb and drops the first of two equal keys.
    assert len(yaml.safe_load(BOMB)["c"]) == 2
    assert yaml.safe_load("a: 1\na: 2") == {"a": 2}
