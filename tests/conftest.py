"""What all tests share: what was imported is not looked through for garbage again and again."""

import gc


def pytest_collection_finish() -> None:
    """Leave everything that is there before the first test out of the collector's rounds.

    It stays for as long as the process does: modules, models, the tests themselves. A round over
    all of it takes a third of a second, and there would be hundreds.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
