"""Sessions on disk: written event by event, read in order, as far as a damaged file goes."""

from omniflow_graph.recording.manifest import Manifest, StreamInfo
from omniflow_graph.recording.reader import Recording, open_recording
from omniflow_graph.recording.writer import RecordingWriter, write_recording

__all__ = ["Manifest", "Recording", "RecordingWriter", "StreamInfo", "open_recording", "write_recording"]
