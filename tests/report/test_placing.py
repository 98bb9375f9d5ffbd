"""The files of a report are placed whole, by two commands at the same time too."""

from concurrent.futures import ThreadPoolExecutor

from landscape.report.placing import place


def test_two_that_place_the_same_files_do_not_disturb_each_other(tmp_path):
    """Both used one temporary file before, which the faster one took away."""
    files = {f"{i}.csv": bytes(1000) for i in range(20)}
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: place(tmp_path, files), range(40)))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == files
