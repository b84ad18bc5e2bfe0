"""A fault that is written down is read as what was written, and what is wrong with it is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulations.faults.combining import both, during, in_order, one_in
from simulations.faults.kinds import bursts, corrupt, disconnect, drift, duplicate, jitter, jump, loss, reorder, slow, stall, stalled
from simulations.faults.text import fault_of
from simulations.faults.verdicts import LONGEST

times = st.integers(1, LONGEST)
permille = st.integers(0, 1000)
leaves = st.one_of(
    st.builds(jitter, times), st.builds(loss, permille), st.builds(bursts, permille, times), st.builds(duplicate, permille, times),
    st.builds(reorder, permille, times), st.builds(drift, st.integers(0, 10**6)), st.builds(jump, times, times),
    st.builds(disconnect, times, times), st.builds(stall, times, times), st.builds(corrupt, permille),
)  # fmt: skip
written = st.recursive(
    leaves,
    lambda inside: st.one_of(
        st.lists(inside, max_size=3).map(lambda some: both(*some)),
        st.builds(in_order, inside),
        st.builds(one_in, inside, st.integers(1, 9)),
        st.builds(lambda fault, start, length: during(fault, start, start + length), inside, st.integers(0, 10**12), st.integers(1, 10**12)),
    ),
    max_leaves=4,
)


@given(written)
def test_what_was_written_is_read(fault):
    assert fault_of(str(fault)) == fault


def test_times_are_milliseconds_and_may_have_a_part():
    assert fault_of("jitter(most_ms=0.5)") == jitter(most=500_000)
    assert fault_of(" both( loss(permille=20), stall(at_ms=3, length_ms=4) ) ") == both(loss(20), stall(3_000_000, 4_000_000))


def test_a_stage_has_faults_of_its_own():
    assert fault_of("slow(permille=3000)") == slow(3000)
    assert fault_of("stalled(at_ms=1000, length_ms=2)") == stalled(10**9, 2_000_000)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lss(permille=2)", "there is no fault 'lss'; there are both, bursts, corrupt, disconnect, drift,"),
        ("loss(prmille=2)", r"loss: missing a required argument: 'permille'; wants \(permille\)"),
        ("loss()", "missing a required argument: 'permille'"),
        ("jitter()", "missing a required argument: 'most_ms'"),
        ("jitter(most=80)", "wants most_ms=80, got most=80; times are in milliseconds, nothing else is"),
        ("loss(permille_ms=3)", "wants permille=3, got permille_ms=3"),
        ("loss(permille=1001)", "loss: wants permille to be a whole number from 0 to 1000, got 1001"),
        ("loss(permille=2.5)", "wants permille to be a whole number from 0 to 1000, got 2.5"),
        ("loss(permille=-3)", "wants option=number, got permille=-3"),
        ("loss(permille='3')", "wants option=number, got permille='3'"),
        ("loss(permille=True)", "wants option=number, got permille=True"),
        ("loss(permille=n)", "wants option=number, got permille=n"),
        ("loss(**{})", r"wants option=number, got \*\*\{\}"),
        ("loss(permille=2", r"cannot be read; wants name\(faults, option=number\)"),
        ("in_order(3)", r"wants a fault such as loss\(permille=20\), got 3"),
        ("faults.loss(permille=2)", r"wants a fault such as loss\(permille=20\), got faults.loss"),
        ("__import__('os')", "there is no fault '__import__'"),
        ("only(loss(permille=2), where=3)", "takes a function, which cannot be written"),
        ("both(slow(permille=3))", "slow is of a stage, and stands alone"),
        ("during(loss(permille=3), start_ms=5, end_ms=4)", "during: wants a start before its end"),
        ("", "cannot be read"),
    ],
)
def test_what_is_wrong_is_named_with_the_fault(text, words):
    with pytest.raises(ValueError, match=f"^fault .*{words}"):
        fault_of(text)


@pytest.mark.parametrize("text", [3, None, "both(" * 500, "x" * 3000, "in_order(" * 21 + "loss(permille=1)" + ")" * 21, "(" * 1900])
def test_what_is_no_text_or_too_long_or_deep_is_refused(text):
    with pytest.raises(ValueError, match=r"^fault: wants a text of up to 2000 letters|cannot be read|more than 20 deep"):
        fault_of(text)
