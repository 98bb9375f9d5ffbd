"""Components are registered, found, and loaded from a user's own files."""

import sys
import textwrap
from typing import Annotated, Literal

import pytest
from annotated_types import Ge

from landscape.components.losses._base import LOSSES, LossFacts
from landscape.core.errors import UserError
from landscape.core.registry import Positive, Registry, load_installed_plugins, load_plugin


@pytest.fixture(autouse=True)
def _restore_losses():
    assert "hinge" in LOSSES
    # The registry has no public way to restore its state, which only tests need.
    before, modules = dict(LOSSES._components), set(sys.modules)
    yield
    LOSSES._components = before
    for name in set(sys.modules) - modules:
        if name.startswith("landscape_plugin_"):
            del sys.modules[name]


@pytest.fixture
def write(tmp_path):
    def _write(source, name="mine.py"):
        path = tmp_path / name
        path.write_text(textwrap.dedent(source), encoding="utf-8")
        return path

    return _write


PLUGIN = """
    from landscape.components.losses import LOSSES, LossPair

    @LOSSES.register
    def my_loss(real, fake, *, scale: float = 2.0):
        \"\"\"Mine.\"\"\"
        return LossPair(d=scale * (fake - real), g=-fake)
"""


def fresh():
    return Registry("loss", "landscape.components.losses", LossFacts, injected=frozenset({"state"}))


def register(registry, function):
    registry.register(function)
    # Public access by name would first import the package's own losses.
    return registry._components[function.__name__]


class TestHyperparameters:
    def component(self):
        def example(
            real, fake, *, weight: Positive = 1.0, kind: Literal["a", "b"] = "a", n: Annotated[int, Ge(0)] = 3, on: bool = False, state=None
        ):
            """First sentence.

            More.
            """

        return register(fresh(), example)

    def test_found_without_the_injected(self):
        assert {n: h.default for n, h in self.component().hyperparameters.items()} == {"weight": 1.0, "kind": "a", "n": 3, "on": False}

    def test_completed_with_defaults(self):
        assert self.component().complete({"weight": 2}) == {"weight": 2.0, "kind": "a", "n": 3, "on": False}

    def test_summary(self):
        assert self.component().summary == "First sentence."

    @pytest.mark.parametrize(
        "bad", [{"weight": 0}, {"weight": float("nan")}, {"weight": float("inf")}, {"weight": "x"}, {"kind": "c"}, {"n": -1}, {"n": 1.5}]
    )
    def test_bad_value_is_named(self, bad):
        (name,) = bad
        with pytest.raises(UserError, match=f"loss 'example': {name}="):
            self.component().complete(bad)

    def test_unknown_name_lists_and_suggests(self):
        with pytest.raises(
            UserError, match=r"unknown hyperparameter of loss 'example' 'wieght': did you mean 'weight'\? choose from kind, n, on, weight"
        ):
            self.component().complete({"wieght": 1})

    def test_keyword_without_default_is_refused(self):
        def bad(real, fake, *, weight):
            """This keyword has no default."""

        with pytest.raises(UserError, match="needs a default"):
            register(fresh(), bad)


class TestLookUp:
    def test_unknown_component_suggests(self):
        with pytest.raises(UserError, match=r"unknown loss 'hing': did you mean 'hinge'\? choose from .*hinge"):
            LOSSES["hing"]

    def test_machinery_is_no_component(self):
        assert "_base" not in LOSSES
        names = list(LOSSES)
        assert "hinge" in names
        assert all(not name.startswith("_") for name in names)

    def test_twice_is_refused(self):
        def hinge(real, fake):
            """Another component of the same name."""

        with pytest.raises(UserError, match="loss 'hinge' is registered twice"):
            LOSSES.register(hinge)


class TestPlugin:
    def test_registers_with_its_source_hash(self, write):
        load_plugin(write(PLUGIN))
        component = LOSSES["my_loss"]
        assert component.is_plugin
        assert component.identity.startswith("plugin:")
        assert not LOSSES["hinge"].is_plugin

    def test_loading_twice_is_harmless(self, write):
        path = write(PLUGIN)
        load_plugin(path)
        load_plugin(path)
        assert "my_loss" in LOSSES

    def test_other_source_is_another_identity(self, write):
        load_plugin(write(PLUGIN))
        first = LOSSES["my_loss"].identity
        LOSSES.forget(LOSSES["my_loss"].function.__module__)
        load_plugin(write(PLUGIN + "\n    # changed\n"))
        assert LOSSES["my_loss"].identity != first

    @pytest.mark.parametrize("failure", ["raise RuntimeError('boom')", "import no_such_module", "import sys; sys.exit(3)", "1 / 0"])
    def test_failing_import_leaves_nothing(self, write, failure):
        before, modules = LOSSES.names(), set(sys.modules)
        path = write(textwrap.dedent(PLUGIN) + failure)
        with pytest.raises(UserError, match=r"mine\.py failed on import: .*fix the file or leave it out"):
            load_plugin(path)
        assert LOSSES.names() == before
        assert not [m for m in set(sys.modules) - modules if m.startswith("landscape_plugin_mine")]

    def test_can_be_loaded_once_mended(self, write):
        with pytest.raises(UserError):
            load_plugin(write(PLUGIN + "\n    oops\n"))
        load_plugin(write(PLUGIN))
        assert "my_loss" in LOSSES

    def test_a_taken_name_is_refused_and_leaves_nothing(self, write):
        path = write(PLUGIN + PLUGIN.replace("my_loss", "hinge"))
        with pytest.raises(UserError, match=r"loss 'hinge' is registered twice: rename the one in .*mine\.py"):
            load_plugin(path)
        assert "my_loss" not in LOSSES

    def test_a_clash_is_blamed_on_the_plugin_before_discovery_too(self, write, tmp_path, monkeypatch):
        toys = tmp_path / "toys"
        toys.mkdir()
        (toys / "__init__.py").write_text("")
        (toys / "_base.py").write_text("from landscape.core.registry import Registry\nTOYS = Registry('toy', 'toys', dict)\n")
        component = "from toys._base import TOYS\n\n@TOYS.register\ndef ball():\n    pass\n"
        (toys / "ball.py").write_text(component)
        monkeypatch.syspath_prepend(tmp_path)
        with pytest.raises(UserError, match=r"toy 'ball' is registered twice: rename the one in .*mine\.py"):
            load_plugin(write(component))

    @pytest.mark.parametrize(("content", "reason"), [("def f(:", "not valid Python"), ("x = '\0'", "not valid Python")])
    def test_no_python(self, write, content, reason):
        with pytest.raises(UserError, match=reason):
            load_plugin(write(content))

    def test_missing(self, tmp_path):
        with pytest.raises(UserError, match="no such file"):
            load_plugin(tmp_path / "absent.py")


class TestInstalledPackage:
    @pytest.fixture
    def package(self, tmp_path, monkeypatch):
        """A package with an entry point, with the files that pip would install. Its loss is in a submodule."""
        (tmp_path / "my_package").mkdir()
        (tmp_path / "my_package" / "__init__.py").write_text("import my_package.losses\n")
        (tmp_path / "my_package" / "losses.py").write_text(textwrap.dedent(PLUGIN).replace("my_loss", "packaged_loss"))
        info = tmp_path / "my_package-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-package\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[landscape.plugins]\nmine = my_package\n")
        monkeypatch.syspath_prepend(tmp_path)
        yield tmp_path / "my_package"
        from landscape.core import registry

        # A plugin package cannot be unloaded publicly.
        registry._plugin_hash.pop("my_package", None)
        for name in [m for m in sys.modules if m.split(".")[0] == "my_package"]:
            del sys.modules[name]

    def test_registers(self, package):
        load_installed_plugins()
        load_installed_plugins()
        assert LOSSES["packaged_loss"].is_plugin
        assert LOSSES["packaged_loss"].identity.startswith("plugin:")

    def test_failing_import_leaves_nothing(self, package):
        (package / "__init__.py").write_text("import my_package.losses\nraise ValueError('no')\n")
        with pytest.raises(UserError, match="plugin package 'my_package' failed on import: ValueError: no; fix or uninstall it"):
            load_installed_plugins()
        assert "packaged_loss" not in LOSSES


class TestOldPaths:
    """Plugins may import from the places where the contracts were in the last version."""

    SOURCE = """
from torch import Tensor
from landscape.losses._base import LOSSES, LossPair
from landscape.registry import Positive

@LOSSES.register
def from_an_old_path(real: Tensor, fake: Tensor, *, margin: Positive = 1.0) -> LossPair:
    return LossPair(d=margin - real + fake, g=-fake)
"""

    def test_they_work_with_a_notice(self, tmp_path):
        from landscape.components.losses import LOSSES
        from landscape.core.registry import load_plugin

        file = tmp_path / "old.py"
        file.write_text(self.SOURCE)
        with pytest.warns(FutureWarning) as told:
            load_plugin(file)
        try:
            assert "from_an_old_path" in LOSSES
            said = sorted(str(one.message) for one in told)
            assert said == [
                "landscape.losses._base has moved: import from landscape.components.losses; the old path goes with the next version",
                "landscape.registry has moved: import from landscape.core.registry; the old path goes with the next version",
            ]
        finally:
            LOSSES._components.pop("from_an_old_path", None)

    def test_every_old_path_leads_somewhere(self):
        import importlib

        from landscape.core.old_paths import MOVED

        for new in MOVED.values():
            importlib.import_module(new)
