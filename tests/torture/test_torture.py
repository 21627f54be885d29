"""No published sample is lost, whatever befalls a session: a few of each ordeal; many with `python -m tests.torture`."""

from __future__ import annotations

import sys
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.torture.ordeals import ORDEALS, Ordeal, possible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.torture.account import Account

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="processes can't be stopped and killed so there")
SEEDS = {"told to end (SIGINT, SIGTERM, SIGHUP)": (1, 2)}


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[tuple[str, int], Future[Account]]]:
    """The accounts of all ordeals, which are begun together."""
    folder = tmp_path_factory.mktemp("torture")
    with ThreadPoolExecutor(4) as pool:
        yield {
            (ordeal.name, seed): pool.submit(ordeal.run, folder / f"session-{number}-{seed}", seed)
            for number, ordeal in enumerate(ORDEALS)
            for seed in SEEDS.get(ordeal.name, (1,))
            if possible(ordeal)
        }


@pytest.mark.parametrize("ordeal", ORDEALS, ids=lambda ordeal: ordeal.name)
def test_nothing_is_lost_and_all_is_said(accounts: dict[tuple[str, int], Future[Account]], ordeal: Ordeal):
    if not possible(ordeal):
        pytest.skip("only root can mount a small disk, and btrfs has tools of its own")
    for (name, seed), account in accounts.items():
        if name == ordeal.name:
            assert (seed, account.result().wrong) == (seed, [])
