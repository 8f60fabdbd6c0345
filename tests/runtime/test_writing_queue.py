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


def test_who_comes_back_at_once_keeps_nobody_waiting(tmp_path: Path) -> None:
    queue, over = WritingQueue(tmp_path / "q"), threading.Event()
    times: list[float] = []

    def again_and_again() -> None:
        while not over.is_set():
            with queue.turn():
                time.sleep(0.002)

    def now_and_then() -> None:
        for _ in range(5):
            began = time.monotonic()
            with queue.turn():
                times.append(time.monotonic() - began)
            time.sleep(0.01)

    busy = [threading.Thread(target=again_and_again) for _ in range(2)]
    patient = [threading.Thread(target=now_and_then) for _ in range(2)]
    for thread in (*busy, *patient):
        thread.start()
    for thread in patient:
        thread.join(30)
    over.set()
    for thread in busy:
        thread.join(10)
    assert len(times) == 10
    assert max(times) < 2


def test_a_place_in_which_no_turn_is_taken_keeps_nobody_waiting(tmp_path: Path) -> None:
    idle, busy = WritingQueue(tmp_path / "q"), WritingQueue(tmp_path / "q", longest=0.05)
    with idle.place():
        with busy.turn():
            pass
        idle.take()
        idle.take()  # it is ours already
        with pytest.raises(TimeoutError), busy.turn():
            pass
    with busy.turn():
        pass
    busy.take()  # without a place nothing is held
    with idle.turn():
        pass
