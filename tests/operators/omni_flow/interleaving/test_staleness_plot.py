"""The drawing is an SVG with a curve for each way in each of two panels, to scale."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from operators.omni_flow.interleaving.staleness_plot import HEIGHT, LEFT, TOP, WIDTH, svg

TEXT, CURVE = "{http://www.w3.org/2000/svg}text", "{http://www.w3.org/2000/svg}polyline"


def drawn(curves: dict) -> ElementTree.Element:
    return ElementTree.fromstring(svg(curves, "a < b"))


def test_a_curve_goes_from_word_to_word_at_its_height():
    (one, other) = [each.get("points") for each in drawn({"way": [(1.0, 0.0), (5.0, 0.5)]}).iter(CURVE)]
    half, full = LEFT + WIDTH / 2, LEFT + WIDTH
    assert one == f"{half:.1f},{TOP + HEIGHT * 0.8:.1f} {full:.1f},{TOP:.1f}"
    assert other is not None
    assert [float(point.split(",")[1]) for point in other.split()] == [TOP + HEIGHT, TOP]


def test_each_way_has_its_curves_its_colour_and_its_name():
    found = drawn({f"way {n} & more": [(1.0, 0.0)] for n in range(6)})
    assert len({each.get("stroke") for each in found.iter(CURVE)}) == 6
    assert len(list(found.iter(CURVE))) == 12
    assert [each.text for each in found.iter(TEXT)][-6:] == [f"way {n} & more" for n in range(6)]
    assert next(each.text for each in found.iter(TEXT)) == "a < b"


@pytest.mark.parametrize(("most", "ticks"), [(5.0, ["0", "1", "2", "3", "4", "5"]), (21.4, ["0", "5", "10", "15", "20", "25"]), (0.0, None)])
def test_the_scale_is_round_and_holds_the_most(most, ticks):
    labels = [each.text for each in drawn({"way": [(most, 0.0)]}).iter(TEXT)]
    assert ticks is None or labels[2:8] == ticks


def test_nothing_is_drawn_of_nothing():
    assert list(drawn({}).iter(CURVE)) == []
