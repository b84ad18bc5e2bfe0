"""Look at a room: a scan that takes a picture so many times a second."""

from __future__ import annotations

from typing import NamedTuple

from omniflow_graph import Event, Jpeg, Wake
from omniflow_graph.events import SECOND
from simulations.room.pictures import picture
from simulations.scenario import Scenario

FROZEN, LIVE, OFF = "frozen", "live", "off"
FIRST = "a room"  # what is seen before the first shot


class Camera(NamedTuple):
    """Remember what is to be seen, and how many pictures were taken."""

    scenario: Scenario | None = None
    taken: int = 0


def look_in(camera: Camera, cause: Event[Scenario] | Wake) -> tuple[Camera, list[tuple[int, Jpeg] | Wake]]:
    """Answer with a picture, and ask to be woken for the next one. A camera without any shot is off."""
    scenario = cause.data if isinstance(cause, Event) else camera.scenario
    if scenario is None or not scenario.camera:
        return camera, []
    if isinstance(cause, Event) and scenario.look:
        return Camera(scenario), [Wake(scenario.look)]
    n, scene = camera.taken + 1, scene_at(scenario, cause.time)
    taken = [] if scene == OFF else [(cause.time, Jpeg(picture(scene)))]
    return Camera(scenario, n), [*taken, Wake(n * SECOND // scenario.fps + scenario.look)]


def scene_at(scenario: Scenario, time: int) -> str:
    """Name what the camera shows at a time: a frozen one shows what it saw last, whatever comes, until it is live again.

    >>> from simulations.scenario import Shot
    >>> shots = [Shot(0, "a lamp"), Shot(SECOND, "frozen"), Shot(2 * SECOND, "a kettle"), Shot(3 * SECOND, "live")]
    >>> [scene_at(Scenario("s", 9 * SECOND, camera=tuple(shots)), second * SECOND) for second in range(4)]
    ['a lamp', 'a lamp', 'a lamp', 'a kettle']
    """
    there = shown = FIRST
    frozen = False
    for shot in scenario.camera:
        if shot.at > time:
            break
        frozen = shot.scene == FROZEN or (frozen and shot.scene != LIVE)
        there = there if shot.scene in (FROZEN, LIVE) else shot.scene
        shown = shown if frozen else there
    return shown
