"""Replay, serve and simulate streaming multimodal pipelines on a virtual clock, the same trace every time."""

from omniflow_graph.engine.replay import replay
from omniflow_graph.errors import GraphError, RecordingError, RunError
from omniflow_graph.events import End, Event, Stamps, Tick, Wake, Window, seconds
from omniflow_graph.graph.graph import Graph
from omniflow_graph.media.payloads import Jpeg, Pcm16
from omniflow_graph.session import Session
from omniflow_graph.trace.diff import Difference, diff
from omniflow_graph.trace.trace import Trace
from omniflow_graph.trace.why import chain, explain

__all__ = [
    "Difference",
    "End",
    "Event",
    "Graph",
    "GraphError",
    "Jpeg",
    "Pcm16",
    "RecordingError",
    "RunError",
    "Session",
    "Stamps",
    "Tick",
    "Trace",
    "Wake",
    "Window",
    "chain",
    "diff",
    "explain",
    "replay",
    "seconds",
]
