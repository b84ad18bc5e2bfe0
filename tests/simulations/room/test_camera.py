"""A camera takes a picture so many times a second of what its shots show; it can freeze, and it can be off."""

from __future__ import annotations

from omniflow_graph import Graph, Session
from omniflow_graph.engine.direct import run_direct
from simulations.room.camera import FIRST, Camera, look_in, scene_at
from simulations.room.pictures import picture
from simulations.scenario import MS, Scenario, Shot


def taken(*shots: Shot, length: int, fps: int = 2) -> list[tuple[float, str]]:
    """Return what the camera takes, (ms, scene)."""
    g = Graph("camera")
    g.sink("out", g.scan("env-visual", g.source("scenario"), look_in, state=Camera()))
    scenario = Scenario("camera", length * MS, camera=shots, fps=fps)
    scenes = {picture(scene): scene for scene in (FIRST, "dark", *(shot.scene for shot in shots))}
    session = Session("camera", {"scenario": [(0, scenario)]}, end=scenario.length)
    return [(event.time / MS, scenes[event.data]) for event in run_direct(g, session)["env-visual"]]


def test_a_picture_is_taken_so_many_times_a_second():
    assert [time for time, _ in taken(Shot(0, "a lamp"), length=1000, fps=4)] == [0, 250, 500, 750]


def test_pictures_of_a_third_of_a_second_do_not_drift():
    assert [round(time * MS) for time, _ in taken(Shot(0, "a lamp"), length=2001, fps=3)] == [n * 10**9 // 3 for n in range(7)]


def test_a_cut_shows_from_the_next_picture_on():
    assert taken(Shot(0, "a lamp"), Shot(600 * MS, "a cat"), length=2000) == [(0, "a lamp"), (500, "a lamp"), (1000, "a cat"), (1500, "a cat")]


def test_before_the_first_shot_there_is_a_room():
    assert taken(Shot(500 * MS, "dark"), length=1000) == [(0, FIRST), (500, "dark")]


def test_a_frozen_camera_shows_what_it_saw_last_until_it_is_live_again():
    shots = Shot(0, "a lamp"), Shot(1000 * MS, "frozen"), Shot(2000 * MS, "a cat"), Shot(3000 * MS, "live")
    scenario = Scenario("camera", 9000 * MS, camera=shots)
    assert [scene_at(scenario, n * 500 * MS) for n in range(8)] == ["a lamp"] * 6 + ["a cat"] * 2


def test_a_camera_without_shots_is_off():
    assert taken(length=2000) == []
