"""Jobs in several processes: results in order, errors and lost helpers made good."""

import os

import pytest

from peakproof import sidebyside
from peakproof.sidebyside import side_by_side


@pytest.fixture(autouse=True)
def two_processors(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)


def test_results_come_in_the_order_of_the_jobs():
    assert side_by_side([lambda n=n: n * n for n in range(50)]) == [n * n for n in range(50)]
    assert side_by_side([]) == []


def test_an_error_of_a_job_is_raised_here():
    def wrong():
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        side_by_side([lambda: 1, wrong, lambda: 2])


def test_what_a_lost_helper_had_taken_is_done_here():
    here = os.getpid()

    def fatal_elsewhere():
        if os.getpid() != here:
            os._exit(1)
        return "done"

    assert side_by_side([fatal_elsewhere] * 20) == ["done"] * 20


def test_a_job_whose_result_cannot_be_sent_is_done_here():
    assert [job() for job in side_by_side([lambda n=n: lambda: n for n in range(6)])] == [*range(6)]


def test_one_processor_does_it_alone(monkeypatch):
    monkeypatch.setattr(sidebyside, "PROCESSES_MAX", 1)
    assert side_by_side([os.getpid] * 3) == [os.getpid()] * 3
