import os
import signal
import threading

import pytest

from flows.runtime.interrupt import stop_requested, stopping_in_order


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_asks_and_the_second_would_kill(number: signal.Signals) -> None:
    with stopping_in_order():
        os.kill(os.getpid(), number)
        assert stop_requested.wait(5)
        assert signal.getsignal(number) is signal.SIG_DFL


def test_the_handlers_before_come_back_and_the_request_is_forgotten() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with stopping_in_order():
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop_requested.wait(5)
    assert (signal.getsignal(signal.SIGTERM), stop_requested.is_set()) == (before, False)


def test_outside_the_main_thread_nothing_changes() -> None:
    seen = []

    def look() -> None:
        before = signal.getsignal(signal.SIGTERM)
        with stopping_in_order():
            seen.append(signal.getsignal(signal.SIGTERM) is before)

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [True]


@pytest.mark.parametrize("ignored", [False, True], ids=["a terminal", "nohup"])
def test_a_closed_terminal_asks_to_stop_unless_nohup_says_otherwise(ignored: bool) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN if ignored else signal.SIG_DFL)
    try:
        with stopping_in_order():
            os.kill(os.getpid(), signal.SIGHUP)
            assert stop_requested.is_set() is not ignored
    finally:
        signal.signal(signal.SIGHUP, before)
