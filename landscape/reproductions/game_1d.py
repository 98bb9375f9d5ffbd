"""The game on a line, where everything can be drawn: figure 1 of Goodfellow et al. 2014 and their propositions."""

from pathlib import Path

from landscape.core.errors import UserError
from landscape.core.files import require_writable
from landscape.core.registry import PositiveInt, Seeds
from landscape.reproductions._base import REPRODUCTIONS
from landscape.reproductions._game_1d.recipe import play


@REPRODUCTIONS.register(paper="Goodfellow et al. 2014, arXiv:1406.2661", table="figure 1")
def game_1d(*, results_dir: Path, data_dir: Path | None, rounds: PositiveInt = 4000, seeds: Seeds = 5, folder: str = "") -> Path:
    """The game against a Gaussian on a line: p_real, p_fake, D learned and optimal, over training. It takes about ten minutes.

    Args:
        results_dir: The results folder. The page goes to its `published/game-1d`.
        data_dir: Not used.
        rounds: The number of rounds of each game, a multiple of 40.
        seeds: The number of seeds of the games whose end theory foretells. Fewer than 5 give no interval.
        folder: Another folder for the page.

    Raises:
        UserError: `rounds` is not a multiple of 40, or the folder cannot be written.
    """
    if rounds % 40:
        raise UserError(f"game-1d: rounds={rounds} is no multiple of 40: the games are looked at at fixed shares of them")
    from landscape.reproductions._game_1d.page import write
    from landscape.reproductions._game_1d.theory import statements

    place = Path(folder) if folder else Path(results_dir) / "published" / "game-1d"
    require_writable(place)
    return write(play(rounds), statements(rounds, seeds), place)
