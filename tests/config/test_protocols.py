"""Named protocols are complete and stable, and each says where it comes from."""

import pytest

from landscape.components.metrics._base import METRICS
from landscape.config import protocols
from landscape.config.protocol import Protocol
from landscape.core.errors import UserError
from landscape.core.registry import load_plugin
from landscape.evaluation.models import selection_protocol

GOLDEN = {
    "ebgan-2017": "ea663fff36bf54f1",
    "given": "aa0d147051d3b44b",
    "goodfellow-2014": "032b127df4946b59",
    "landscape-2018": "7b5302a15412c71c",
    "landscape-2018-celeba-hq": "9db7f2cabfbe23e4",
    "lucic-2018": "2212e914ad17b7ea",
    "mimicry": "fed76d25a8f854fe",
    "modern-50k": "160080e93826a9d7",
    "pacgan-2018": "c46ace7c9df3fa1f",
    "pacgan-2018-stacked-mnist": "8c96db8b463c6783",
    "quick": "5c6d681a4a15a510",
    "quick-classes": "3d0fb95d5331172c",
    "quick-colorization": "9ac5f77d45734fc0",
    "quick-conditionals": "195695c5ae6b8a56",
    "quick-inference": "3182c1b96af29b8f",
    "quick-inpainting": "a66cdd2abcfcd325",
    "quick-inpainting-photos": "d9c329ebecf71bd9",
    "quick-joint": "e9e4259df89cf77e",
    "quick-paired": "4bfed9d8022a8f52",
    "quick-photos": "a959cf70c01b8c99",
    "quick-pixels": "dee6f8fecff706c1",
    "quick-points": "1a5dd0027fca5d4f",
    "quick-recordings": "05f28ad6d550246a",
    "quick-speech": "1117555eeb0a987f",
    "quick-super-resolution": "1d733dba88656a68",
    "quick-super-resolution-photos": "fea512e9cba30b18",
    "quick-captions": "a7d764bf9cda6a5f",
    "quick-text": "13fedb4932c671d4",
    "quick-unpaired": "72b2a41fb8b2631d",
    "quick-unpaired-photos": "15da5727251d39db",
    "sngan-2018": "0ba12a6ae49dee4c",
    "sngan-2018-is": "962364ef9749dc1d",
    "studiogan-2023": "ce891676de8df020",
    "torch-fidelity-default": "1b031b7e3d10d62f",
    "unrolled-2016-stacked-mnist": "b00ac795a2b99062",
    "veegan-2017": "c364599cf2ae9729",
    "veegan-2017-stacked-mnist": "cee76dadfa8a385c",
}  # fmt: skip


@pytest.mark.parametrize("name", protocols.names())
def test_a_protocols_digest_is_stable(name):
    """A change here would assign all stored scores of that protocol to another one. Raise the protocol's version instead."""
    assert protocols.get(name).digest() == GOLDEN[name]


@pytest.mark.parametrize("name", protocols.names())
def test_every_protocol_says_where_it_comes_from_and_round_trips(name):
    protocol = protocols.get(name)
    assert protocol.name == name
    assert len(protocol.note) > 60
    assert protocol.metrics
    assert protocols.varied(protocol) == protocol
    assert type(protocol).parse(protocol.to_json()).digest() == protocol.digest()


@pytest.mark.parametrize("name", [n for n in protocols.names() if protocols.get(n).objective])
def test_every_objective_is_given_by_a_metric_of_the_protocol(name):
    assert len(selection_protocol(protocols.get(name)).metrics) == 1


def test_models_are_chosen_by_both_objectives_of_a_search_for_trade_offs():
    one = protocols.varied(protocols.get("quick"), metrics=["frechet", "kid", "precision_recall"], objective="FD[classifier]")
    two = protocols.varied(one, second_objective="recall[classifier]")
    assert [m.name for m in selection_protocol(one).metrics] == ["frechet"]
    assert [m.name for m in selection_protocol(two).metrics] == ["frechet", "precision_recall"]
    # What is searched does not decide a score, so the protocol stays the same one.
    assert one.digest() == two.digest()
    with pytest.raises(UserError, match="no metric of protocol 'quick' gives its objective 'speed'"):
        selection_protocol(protocols.varied(one, second_objective="speed"))


def test_published_numbers_of_samples():
    """The numbers of samples are those that each study published."""
    sizes = {name: (protocols.get(name).n_real, protocols.get(name).n_fake, protocols.get(name).real_split) for name in protocols.names()}
    assert sizes["landscape-2018"] == (10_000, 10_000, "test")
    assert sizes["landscape-2018-celeba-hq"] == (3_000, 3_000, "test")
    assert sizes["lucic-2018"] == (10_000, 10_000, "test")
    assert sizes["sngan-2018"] == (10_000, 5_000, "test")
    assert sizes["mimicry"] == (50_000, 50_000, "train")
    assert sizes["goodfellow-2014"][1] == 10_000
    assert sizes["pacgan-2018"][1] == sizes["veegan-2017"][1] == 2_500
    assert sizes["pacgan-2018-stacked-mnist"][1] == sizes["veegan-2017-stacked-mnist"][1] == 26_000
    assert sizes["unrolled-2016-stacked-mnist"][1] == 25_600
    assert protocols.get("landscape-2018").quantize == "none"
    assert protocols.get("unrolled-2016-stacked-mnist").batch_norm == "batch"


def test_a_changed_protocol_is_another_one_and_notes_are_not_identity():
    quick = protocols.get("quick")
    assert protocols.varied(quick, n_fake=100).digest() != quick.digest()
    assert protocols.varied(quick, note="else").digest() == quick.digest()
    assert protocols.varied(quick, weights_hash="0" * 16).digest() != quick.digest()


def test_unknown_names_and_fields_are_refused():
    with pytest.raises(UserError, match="unknown protocol 'quik': did you mean 'quick'"):
        protocols.get("quik")
    with pytest.raises(UserError, match="n_fakes"):
        protocols.varied(protocols.get("quick"), n_fakes=3)
    with pytest.raises(UserError, match="n_fake"):
        protocols.varied(protocols.get("quick"), n_fake=0)


def test_a_best_checkpoint_is_one_of_several():
    for name in protocols.names():
        protocol = protocols.get(name)
        assert (protocol.checkpoint == "last") == (protocol.selection_points == 1), name


def test_a_changed_metric_of_ones_own_is_another_protocol(tmp_path):
    """Scores of two versions of a plugin's metric never share a column."""
    digests = []
    for body in ("1.0", "2.0"):
        path = tmp_path / "mine.py"
        path.write_text(
            "from landscape.components.metrics._base import METRICS\nfrom landscape.results.record import Estimate\n\n"
            "@METRICS.register(needs=frozenset(), names=('mine',), direction='lower')\ndef mine(evidence):\n"
            f'    """A number."""\n    return {{\'mine\': Estimate({body}, \'lower\')}}\n'
        )
        load_plugin(path)
        try:
            digests.append(Protocol.parse({"name": "x", "extractor": "pixels", "metrics": ["mine"]}).digest())
        finally:
            METRICS.forget(METRICS["mine"].function.__module__)
    assert digests[0] != digests[1]


def test_no_default_study_of_images_is_steered_by_pixels():
    """Raw pixels see neither blur nor noise nor missing classes of photographs. Drawn polygons are a manifold of few dimensions in pixels:
    a study of them may report such scores if it searches nothing that they could steer.
    """
    from landscape.components.datasets._base import DATASETS
    from landscape.space.study_files import available, load_space

    for path in available().values():
        space = load_space(path)
        name = space.dataset.name.replace("-", "_")
        if DATASETS[name].facts.samples == "images" and not (name == "convex_polygons" and not space.search):
            assert "pixels" not in space.protocol.objective, path.name
