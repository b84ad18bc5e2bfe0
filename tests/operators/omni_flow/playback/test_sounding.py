"""What was sent of an answer says what can have been heard of it by a time; what was acknowledged says what was."""

from __future__ import annotations

from operators.omni_flow.playback.sounding import Sounding, Stretch, due, ends, known, lengthened, limit, reach, told

MS = 1_000_000
ANSWER = lengthened(lengthened(Sounding(1, 0), 2_400, 1000 * MS), 4_800, 2000 * MS)  # 100 ms at 1 s, 200 ms at 2 s


def reached(answer: Sounding, *times_ms: float) -> list[int]:
    return [reach(answer, int(time * MS)) for time in times_ms]


def test_sound_without_a_gap_is_one_stretch():
    odd = lengthened(lengthened(Sounding(1, 0), 1, 7), 1, 7 + 41_666)
    assert odd.stretches == (Stretch(7, 0, 2),)
    assert (odd.samples, ends(odd.stretches[0])) == (2, 7 + 83_333)
    assert ANSWER.stretches == (Stretch(1000 * MS, 0, 2_400), Stretch(2000 * MS, 2_400, 4_800))


def test_nothing_is_heard_before_it_is_due_and_no_more_than_there_is():
    assert reached(ANSWER, 0, 999, 1050, 1100, 1999, 2100, 2200, 9000) == [0, 0, 1_200, 2_400, 2_400, 4_800, 7_200, 7_200]
    assert reached(Sounding(1, 0), 9000) == [0]


def test_a_player_that_is_behind_stays_behind():
    assert reached(told(ANSWER, 600, 1100 * MS, final=False), 1100, 1150, 2000, 2010, 9000) == [600, 1_800, 2_400, 2_640, 7_200]


def test_what_was_acknowledged_is_reached_however_early():
    assert reached(told(ANSWER, 1_200, 900 * MS, final=False), 0, 900, 1100) == [1_200, 1_200, 2_400]


def test_the_next_sample_is_due_where_its_stretch_says_and_none_after_the_last():
    assert [due(ANSWER, played) for played in (0, 1_200, 2_399)] == [1000 * MS, 1050 * MS, 1000 * MS + 99_958_333]
    assert [due(ANSWER, played) for played in (2_400, 2_424, 7_199, 7_200)] == [2000 * MS, 2001 * MS, 2000 * MS + 199_958_333, None]


def test_a_fence_lets_through_what_can_have_been_heard_by_then_and_a_frame_more():
    assert [limit(ANSWER, int(time * MS)) for time in (900, 1050, 1090, 1100, 1990)] == [0, 1_680, 2_400, 2_400, 2_640]


def test_of_a_flushed_answer_what_was_acknowledged_for_later_is_believed_up_to_that():
    flushed = Sounding(1, 0, ANSWER.stretches, 7_200, fence=1050 * MS)
    assert known(told(flushed, 1_700, 1060 * MS, final=True)) == 1_680
    assert known(told(flushed, 1_300, 1060 * MS, final=True)) == 1_300
    behind = told(flushed, 240, 1050 * MS, final=False)
    assert known(told(behind, 1_300, 1060 * MS, final=True)) == 240 + 480


def test_acknowledgements_are_maxima():
    one, other = (2_400, 1200 * MS, False), (1_200, 1300 * MS, True)
    for first, second in ((one, other), (other, one)):
        both = told(told(ANSWER, first[0], first[1], final=first[2]), second[0], second[1], final=second[2])
        assert (both.most, both.sure, both.reported, both.final) == (2_400, (2_400, 1300 * MS), 1300 * MS, True)
