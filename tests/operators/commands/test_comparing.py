"""`omniflow interleave --compare` measures every way on the same answers, as a table, as JSON and as a drawing."""

from __future__ import annotations

from xml.etree import ElementTree

WAYS = ["time-aligned", "time-aligned, learnt", "text first", "fixed ratio, 3/s", "fixed ratio, 4/s", "fixed ratio, 5/s"]


def test_json_has_sums_of_the_simulated_dialogues_and_of_the_bundled_recording(omniflow):
    found = omniflow("interleave", "--compare", "--seeds", 3, "--window", 0.5, "--look-ahead", 0.2, "--json").json
    assert (found["window_s"], found["look_ahead_s"]) == (0.5, 0.2)
    assert (found["simulated"]["dialogues"], list(found["recorded"])) == (3, ["dialogue_zh"])
    assert [way["strategy"] for way in found["simulated"]["strategies"]] == WAYS
    assert [way["strategy"] for way in found["recorded"]["dialogue_zh"]] == WAYS
    assert {way["answers"] for way in found["recorded"]["dialogue_zh"]} == {2}
    counts = {way["strategy"]: sum(row["count"] for row in way["by_word"]) for way in found["recorded"]["dialogue_zh"]}
    assert counts == dict.fromkeys(WAYS, 32)  # 19 words and 13


def test_the_same_seeds_come_to_the_same(omniflow):
    once, again = (omniflow("interleave", "--compare", "--seeds", 2, "--json").json for _ in range(2))
    assert once == again


def test_people_see_a_table_of_each(omniflow):
    lines = omniflow("interleave", "--compare", "--seeds", 2).out.splitlines()
    titles = [line.split(":")[0] for line in lines if ": mean and most, in seconds" in line]
    assert titles == ["2 simulated dialogues, 5 answers", "recording dialogue_zh, 2 answers"]
    assert [line[:20].strip() for line in lines if line[:4] in ("time", "text", "fixe")] == WAYS * 2
    assert max(map(len, lines)) <= 80


def test_the_drawing_has_a_curve_for_each_way_and_measure(omniflow, tmp_path):
    assert omniflow("interleave", "--compare", "--seeds", 2, "--plot", tmp_path / "age.svg").code == 0
    drawn = ElementTree.parse(tmp_path / "age.svg")
    assert len(list(drawn.iter("{http://www.w3.org/2000/svg}polyline"))) == 2 * len(WAYS)
