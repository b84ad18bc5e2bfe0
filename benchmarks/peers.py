"""The same five stages as others build them, each with what its documentation recommends for such a chain.

A peer is a function that takes the frames, prepares what a user would prepare once, and returns what is to be measured.
"""

from __future__ import annotations

import asyncio
import heapq
import os
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from benchmarks.workload import SECOND, Frame, Window, Windower

Run = Callable[[], list[Window]]
QUEUE = 64  # how many frames may wait between two stages
YIELD = 64  # how many frames a source hands over before it lets others run


def bare_loop(frames: list[Frame]) -> Run:
    """Four function calls a frame and the windower: what Python itself costs."""

    def run() -> list[Window]:
        windower = Windower()

        def last(frame: Frame) -> None:
            windower.push(frame.time, frame.kind, frame.seq)

        def third(frame: Frame) -> None:
            last(frame)

        def second(frame: Frame) -> None:
            third(frame)

        def first(frame: Frame) -> None:
            second(frame)

        for frame in frames:
            first(frame)
        return windower.close()

    return run


def bare_heap(frames: list[Frame]) -> Run:
    """An event heap with a push and a pop for each of five hops: what any scheduler on a virtual clock has to do."""

    def run() -> list[Window]:
        windower, heap, order = Windower(), [], 0
        for frame in frames:
            heapq.heappush(heap, (frame.time, order, 0, frame))
            order += 1
            while heap and heap[0][0] <= frame.time:
                time, _, stage, each = heapq.heappop(heap)
                if stage == 4:
                    windower.push(each.time, each.kind, each.seq)
                else:
                    heapq.heappush(heap, (time, order, stage + 1, each))
                    order += 1
        return windower.close()

    return run


def asyncio_queues(frames: list[Frame]) -> Run:
    """A task for each stage and a bounded queue between them, on the wall clock."""
    return lambda: asyncio.run(_chain(frames, paced=False))


def asyncio_on_virtual_time(frames: list[Frame]) -> Run:
    """The same, each frame at its time, on the virtual clock of async-solipsism."""
    import async_solipsism

    def run() -> list[Window]:
        loop = async_solipsism.EventLoop()
        try:
            return loop.run_until_complete(_chain(frames, paced=True))
        finally:
            loop.close()

    return run


async def _chain(frames: list[Frame], paced: bool) -> list[Window]:
    windower, queues = Windower(), [asyncio.Queue(QUEUE) for _ in range(5)]

    async def passes(n: int) -> None:
        while (frame := await queues[n].get()) is not None:
            await queues[n + 1].put(frame)
        await queues[n + 1].put(None)

    async def aligns() -> None:
        while (frame := await queues[4].get()) is not None:
            windower.push(frame.time, frame.kind, frame.seq)

    tasks = [asyncio.create_task(passes(n)) for n in range(4)] + [asyncio.create_task(aligns())]
    loop = asyncio.get_running_loop()
    zero = loop.time()
    for frame in frames:
        if paced and (wait := frame.time / SECOND - (loop.time() - zero)) > 0:
            await asyncio.sleep(wait)
        await queues[0].put(frame)
    await queues[0].put(None)
    await asyncio.gather(*tasks)
    return windower.close()


def simpy_stores(frames: list[Frame]) -> Run:
    """SimPy: a process for each stage and for each source, a bounded Store between them, on its virtual clock."""
    import simpy

    def run() -> list[Window]:
        env, windower = simpy.Environment(), Windower()
        stores = [simpy.Store(env, capacity=QUEUE) for _ in range(5)]

        def source(kind: int) -> Any:
            for frame in frames:
                if frame.kind == kind:
                    if frame.time > env.now:
                        yield env.timeout(frame.time - env.now)
                    yield stores[0].put(frame)

        def passes(n: int) -> Any:
            while True:
                frame = yield stores[n].get()
                yield stores[n + 1].put(frame)

        def aligns() -> Any:
            while True:
                frame = yield stores[4].get()
                windower.push(frame.time, frame.kind, frame.seq)

        for process in [*(passes(n) for n in range(4)), aligns(), source(0), source(1)]:
            env.process(process)
        env.run()
        return windower.close()

    return run


def raw_bytewax(frames: list[Frame]) -> Run:
    """Bytewax itself: four maps and a tumbling window by event time, with a wait so long that nothing is late."""
    import bytewax.operators as op
    from bytewax.dataflow import Dataflow
    from bytewax.operators import windowing
    from bytewax.testing import TestingSink, TestingSource, run_main

    zero = datetime(2026, 1, 1, tzinfo=timezone.utc)
    source = [("all", (zero + timedelta(microseconds=frame.time // 1000), frame)) for frame in frames]
    out: list[Any] = []
    flow = Dataflow("five_stages")
    stream = op.input("frames", flow, TestingSource(source, batch_size=256))
    for n in range(4):
        stream = op.map(f"pass{n}", stream, lambda item: item)
    clock = windowing.EventClock(ts_getter=lambda value: value[0], wait_for_system_duration=timedelta(seconds=10))
    windows = windowing.collect_window("window", stream, clock, windowing.TumblingWindower(length=timedelta(seconds=1), align_to=zero))
    op.output("out", windows.down, TestingSink(out))

    def run() -> list[Window]:
        out.clear()
        run_main(flow)
        found = sorted((k, [frame for _, frame in held]) for _, (k, held) in out)
        return [(k, *(tuple(frame.seq for frame in held if frame.kind == kind) for kind in (0, 1))) for k, held in found]

    return run


def genai_processors(frames: list[Frame]) -> Run:
    """genai-processors: five processors in a chain, each an async generator."""
    from genai_processors import content_api, processor

    kinds = ("audio/pcm", "image/jpeg")
    parts = [content_api.ProcessorPart(f.data, mimetype=kinds[f.kind], metadata={"time": f.time, "kind": f.kind, "seq": f.seq}) for f in frames]

    @processor.processor_function
    async def passes(content: Any) -> Any:
        async for part in content:
            yield part

    async def chain() -> list[Window]:
        windower = Windower()

        @processor.processor_function
        async def aligns(content: Any) -> Any:
            async for part in content:
                windower.push(**part.metadata)
                yield part

        async def source() -> Any:
            for n, part in enumerate(parts):
                yield part
                if n % YIELD == 0:
                    await asyncio.sleep(0)

        async for _ in (passes + passes + passes + passes + aligns)(source()):
            pass
        return windower.close()

    return lambda: asyncio.run(chain())


def pipecat(frames: list[Frame]) -> Run:
    """Pipecat: a pipeline of five frame processors, frames as data frames, on the wall clock."""
    _pipecat_classes()  # where it is not installed, this says so before anything is measured
    return lambda: asyncio.run(_pipecat(frames))


def pipecat_on_virtual_time(frames: list[Frame]) -> Run:
    """The same on the virtual clock of async-solipsism, each frame at its time."""
    import async_solipsism

    _pipecat_classes()

    def run() -> list[Window]:
        loop = async_solipsism.EventLoop()
        try:
            return loop.run_until_complete(_pipecat(frames, paced=True))
        finally:
            loop.close()

    return run


async def _pipecat(frames: list[Frame], paced: bool = False) -> list[Window]:
    os.environ.setdefault("LOGURU_LEVEL", "ERROR")
    from loguru import logger

    logger.remove()
    from pipecat.frames.frames import EndFrame
    from pipecat.pipeline.pipeline import Pipeline
    from pipecat.pipeline.worker import PipelineParams, PipelineWorker
    from pipecat.workers.runner import WorkerRunner

    windower = Windower()
    passes, aligns, media = _pipecat_classes()
    stages = [passes() for _ in range(4)] + [aligns(windower)]
    worker = PipelineWorker(Pipeline(stages), params=PipelineParams(), cancel_on_idle_timeout=False, enable_rtvi=False)
    started = asyncio.Event()

    @worker.event_handler("on_pipeline_started")
    async def begin(*_: Any) -> None:
        started.set()

    async def feed() -> None:
        await started.wait()
        for n, frame in enumerate(frames):
            if paced and n:
                await asyncio.sleep((frame.time - frames[n - 1].time) / SECOND)
            await worker.queue_frame(media(*frame))
            if n % YIELD == 0:
                await asyncio.sleep(0)
        await worker.queue_frame(EndFrame())

    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    await asyncio.gather(runner.run(), feed())
    return windower.close()


def _pipecat_classes() -> tuple[Any, Any, Any]:
    from dataclasses import dataclass

    from pipecat.frames.frames import DataFrame
    from pipecat.processors.frame_processor import FrameProcessor

    @dataclass
    class Media(DataFrame):
        time: int = 0
        kind: int = 0
        seq: int = 0
        data: bytes = b""

    class Passes(FrameProcessor):
        async def process_frame(self, frame: Any, direction: Any) -> None:
            await super().process_frame(frame, direction)
            await self.push_frame(frame, direction)

    class Aligns(FrameProcessor):
        def __init__(self, windower: Windower) -> None:
            super().__init__()
            self.windower = windower

        async def process_frame(self, frame: Any, direction: Any) -> None:
            await super().process_frame(frame, direction)
            if isinstance(frame, Media):
                self.windower.push(frame.time, frame.kind, frame.seq)
            else:
                await self.push_frame(frame, direction)

    return Passes, Aligns, Media


PEERS = (
    bare_loop,
    bare_heap,
    asyncio_queues,
    raw_bytewax,
    simpy_stores,
    asyncio_on_virtual_time,
    genai_processors,
    pipecat,
    pipecat_on_virtual_time,
)
