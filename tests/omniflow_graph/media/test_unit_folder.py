"""A folder of numbered WAV files and pictures becomes one stream of sound and one of pictures, unit after unit."""

from __future__ import annotations

import numpy as np
import pytest

from omniflow_graph.errors import RecordingError
from omniflow_graph.events import seconds
from omniflow_graph.media.importing import import_media
from tests.omniflow_graph.media.test_importing import BLUE, GREEN, RED, heard, imported, picture, tone, wav


def units(folder, lengths, prefix="", first=0):
    """Write one WAV a unit, each with samples of its own value."""
    folder.mkdir(exist_ok=True)
    for n, length in enumerate(lengths):
        wav(folder / f"{prefix}{first + n:04}.wav", np.full(length, n + 1, "<i2"))
    return folder


@pytest.mark.parametrize(("prefix", "first"), [("", 0), ("", 1), ("omni_test_case_", 0), ("take2-", 17)])
def test_units_follow_each_other_whatever_their_first_number_and_words_are(tmp_path, prefix, first):
    folder = units(tmp_path / "u", [16_000, 16_000, 4000], prefix, first)
    for n, colour in enumerate((RED, GREEN, BLUE)):
        (folder / f"{prefix}{first + n:04}.jpg").write_bytes(picture(colour))
    manifest, streams = imported(folder)
    assert heard(streams).tolist() == [1] * 16_000 + [2] * 16_000 + [3] * 4000 + [0] * 160
    assert [(event.time, event.data) for event in streams["env-visual"]] == [(seconds(n), picture(c)) for n, c in enumerate((RED, GREEN, BLUE))]
    assert (manifest.session, manifest.end, manifest.notes) == ("u", seconds(2.26), {"left_out": []})


def test_pictures_of_one_unit_are_spread_over_it(tmp_path):
    folder = units(tmp_path / "u", [8000, 8000])
    for name in ("0000_0", "0000_1", "0001_0", "0001_2", "0001_10", "0001_1", "0001-9"):
        (folder / f"{name}.jpg").write_bytes(picture(RED, (8, 8), comment=name.encode()))
    streams = imported(folder)[1]["env-visual"]
    assert [event.time for event in streams] == [0, seconds(0.25), *(seconds(0.5 + n / 10) for n in range(5))]
    names = ("0000_0", "0000_1", "0001_0", "0001_1", "0001_2", "0001-9", "0001_10")
    assert [event.data for event in streams] == [picture(RED, (8, 8), comment=name.encode()) for name in names]


def test_one_unit_with_several_pictures_is_a_folder_of_units_too(tmp_path):
    folder = units(tmp_path / "u", [16_000])
    for n in (0, 1):
        (folder / f"0000_{n}.png").write_bytes(picture(RED, form="PNG"))
    assert [event.time for event in imported(folder)[1]["env-visual"]] == [0, seconds(0.5)]


def test_the_length_of_a_unit_can_be_given_and_silence_fills_it(tmp_path):
    manifest, streams = imported(units(tmp_path / "u", [3200, 1600, 3200]), unit_s=0.3)
    assert heard(streams).tolist() == [1] * 3200 + [0] * 1600 + [2] * 1600 + [0] * 3200 + [3] * 3200
    assert manifest.end == seconds(0.8)


def test_sound_at_another_rate_stays_in_its_unit(tmp_path):
    folder = tmp_path / "u"
    folder.mkdir()
    for n in range(3):
        wav(folder / f"{n}.wav", tone(44_100, 44_100), 44_100)
    assert len(imported(folder)[1]["env-audio"]) == 150


def test_what_is_missing_and_what_is_not_looked_at_is_named(tmp_path):
    folder = units(tmp_path / "u", [3200] * 5)
    (folder / "0002.wav").unlink()
    (folder / "cover.jpg").write_bytes(picture(RED))
    (folder / "notes.txt").write_text("...")
    for n in range(6):
        (folder / f"{n:04}.jpg").write_bytes(picture(RED))
    manifest, streams = imported(folder, fps=2.5)
    assert heard(streams).tolist() == [1] * 3200 + [2] * 3200 + [0] * 3200 + [4] * 3200 + [5] * 3200
    assert [event.time for event in streams["env-visual"]] == [0, seconds(0.4), seconds(0.8)]
    assert manifest.end == seconds(1)
    assert manifest.notes["left_out"] == [
        "1 unit without a WAV (2): silence",
        "2 other files: cover.jpg, notes.txt",
        "3 pictures: at most 2.5 a second are kept; --fps keeps more",
    ]


@pytest.mark.parametrize(
    ("lengths", "unit_s", "words"),
    [
        ([16_000, 8000, 16_000], None, "0001.wav: lasts 0.5 s, a unit 1 s; wants units of one length: fill it up with silence, or give --unit 1"),
        ([8000, 16_000], None, "0001.wav: lasts 1 s, a unit 0.5 s; wants units of one length: give the longest as --unit"),
        ([16_000, 16_000], 0.5, "0000.wav: lasts 1 s, a unit 0.5 s; wants units of one length: give the longest as --unit"),
        ([0, 16_000], None, "0000.wav: holds no sound, so the length of a unit is not known; give it by --unit"),
    ],
)
def test_units_whose_time_is_open_are_refused_and_leave_nothing(tmp_path, lengths, unit_s, words):
    folder = units(tmp_path / "u", lengths)
    with pytest.raises(RecordingError) as caught:
        import_media(folder, tmp_path / "out.mcap", unit_s=unit_s)
    assert str(caught.value) == f"{folder}/{words}"
    assert not list(tmp_path.glob("out*"))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"99999.wav": 320}, "has 3 WAV files, and numbers from 5 to 99999; number units one after another"),
        ({"5.wav": 320}, "is unit 5, as is 0005.wav; take one away"),
        ({"0004.jpg": 0}, "comes before the first WAV, number 5; add its WAV, or take it away"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(tmp_path, more, words):
    folder = units(tmp_path / "u", [320, 320], first=5)
    for name, length in more.items():
        wav(folder / name, tone(length))
    with pytest.raises(RecordingError, match=words):
        import_media(folder, tmp_path / "out.mcap")
