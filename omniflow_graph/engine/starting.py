"""Begin a session: say what every operator is to know of it, and refuse what could never end."""

from __future__ import annotations

from omniflow_graph.engine.messages import Start
from omniflow_graph.errors import RunError
from omniflow_graph.events import SECOND
from omniflow_graph.graph.graph import Graph
from omniflow_graph.session import Feed

MOST_WINDOWS = 10_000_000  # an align opens them whether or not something happens: 116 days of seconds


def started(feed: Feed, graph: Graph, seed: int) -> Start:
    """Return how a session begins. Raises RunError if an align would cut it into more windows than anybody can look at."""
    end = max(feed.ends(graph.sources()).values(), default=0)
    for node in graph.nodes.values():
        if node.kind == "align" and end // node.length > MOST_WINDOWS:
            raise RunError(
                f"session {feed.name!r}, {node.whose}: would cut {end / SECOND:g} s into {end // node.length:,} windows of {node.length} ns; "
                f"wants at most {MOST_WINDOWS:,}: a longer length, such as seconds(1.0)"
            )
    return Start(feed.name, feed.allowance, feed.costs, seed)
