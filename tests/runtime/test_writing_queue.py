"""Writers take their turns in order, wait no longer than they must, and leave nothing locked behind."""

import multiprocessing
import threading
import time
from pathlib import Path

import pytest

from runtime.writing_queue import WritingQueue


def _hold(path: Path, ready: "threading.Event") -> None:
    with WritingQueue(path).turn():
        ready.set()
        time.sleep(60)


def test_one_at_a_time_in_the_order_of_asking(tmp_path: Path) -> None:
    queue, order, inside = WritingQueue(tmp_path / "q"), list[int](), 0

    def write(number: int) -> None:
        nonlocal inside
        with queue.turn():
            inside += 1
            assert inside == 1
            order.append(number)
            inside -= 1

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    with queue.turn():
        for thread in threads:
            thread.start()
            time.sleep(0.02)  # so that their order is known
        assert order == []
    for thread in threads:
        thread.join(10)
    assert order == list(range(8))


def test_who_waits_too_long_is_told_and_stands_in_nobodys_way(tmp_path: Path) -> None:
    hasty, patient = WritingQueue(tmp_path / "q", longest=0.05), WritingQueue(tmp_path / "q")
    with patient.turn(), pytest.raises(TimeoutError, match="busy"), hasty.turn():
        pass
    with patient.turn(), pytest.raises(RuntimeError, match="within another"), patient.turn():
        pass
    with patient.turn(), pytest.raises(TimeoutError), hasty.turn():
        pass
    with hasty.turn():
        pass


def test_a_process_that_is_killed_frees_its_place(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    process = context.Process(target=_hold, args=(tmp_path / "q", ready))
    process.start()
    assert ready.wait(30)
    process.kill()
    process.join(10)
    with WritingQueue(tmp_path / "q", longest=5).turn():
        pass
