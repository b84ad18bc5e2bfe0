"""Where a stream comes from is one text, and what is wrong with it is said in words."""

from __future__ import annotations

import pytest

from omniflow_graph.live.endpoints import Endpoint, check_reach, endpoint_of, feeds_of


def test_a_feed_names_stream_codec_and_endpoint():
    (feed,) = feeds_of(["env-visual/front=lerobot?camera=a@tcp://10.0.0.5:5555"])
    assert (feed.stream, feed.endpoint, feed.codec.kind, feed.is_sensor) == ("env-visual/front", Endpoint("tcp://10.0.0.5:5555"), "image", True)


def test_several_streams_may_come_from_one_endpoint():
    feeds = feeds_of(["env-audio,playback=omniflow/1@pull+bind+ipc:///run/x"])
    assert [(feed.stream, feed.codec.kind, feed.codec.rate_hz, feed.is_sensor) for feed in feeds] == [
        ("env-audio", "audio", 16_000, True),
        ("playback", "value", None, False),
    ]
    assert {feed.endpoint for feed in feeds} == {Endpoint("ipc:///run/x", "pull", True)}


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("tcp://127.0.0.1:5555", Endpoint("tcp://127.0.0.1:5555", "sub", False)),
        ("bind+tcp://*:5555", Endpoint("tcp://*:5555", "sub", True)),
        ("dealer+connect+tcp://[::1]:*", Endpoint("tcp://[::1]:*", "dealer", False)),
        ("rep+bind+inproc://a+b", Endpoint("inproc://a+b", "rep", True)),
    ],
)
def test_before_an_endpoint_stands_how_to_open_it(text, endpoint):
    assert endpoint_of(text) == endpoint
    assert endpoint_of(str(endpoint)) == endpoint


def test_what_publishes_binds_unless_it_is_said():
    assert endpoint_of("tcp://127.0.0.1:5", "pub", True) == Endpoint("tcp://127.0.0.1:5", "pub", True)
    assert endpoint_of("connect+tcp://127.0.0.1:5", "pub", True) == Endpoint("tcp://127.0.0.1:5", "pub", False)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("env-audio", "wants STREAM=CODEC@ENDPOINT, as in env-audio=omniflow/1@tcp://127.0.0.1:5555, got 'env-audio'"),
        ("env-audio=omniflow/1", "wants STREAM=CODEC@ENDPOINT"),
        ("=omniflow/1@tcp://a:1", "wants STREAM=CODEC@ENDPOINT"),
        ("a,,b=omniflow/1@tcp://a:1", "a stream cannot be called ''"),
        ("telemetry=omniflow/1@tcp://a:1", "a stream cannot be called 'telemetry'"),
        ("omniflow/x=omniflow/1@tcp://a:1", "a stream cannot be called 'omniflow/x'"),
        ("a=omni@tcp://a:1", "there is no codec 'omni'"),
        ("a=omniflow/1@udp://a:1", "wants tcp://... or ipc://... or inproc://..., got 'udp://a:1'"),
        ("a=omniflow/1@a:1", "wants tcp://..."),
        ("a=omniflow/1@tcp://a", "wants tcp://HOST:PORT, got 'tcp://a'"),
        ("a=omniflow/1@push+tcp://a:1", "wants sub, pull, dealer, rep, bind or connect before the address, got 'push'"),
    ],
)
def test_what_is_wrong_is_said(text, words):
    with pytest.raises(ValueError) as caught:
        feeds_of([text])
    assert words in str(caught.value)


@pytest.mark.parametrize("text", ["bind+tcp://*:5", "bind+tcp://0.0.0.0:5", "bind+tcp://10.0.0.1:5", "bind+tcp://127.0.0.1.evil.org:5"])
def test_an_address_that_others_reach_is_bound_with_keys_or_on_purpose(text):
    endpoint = endpoint_of(text)
    with pytest.raises(ValueError, match="other machines can get at it"):
        check_reach(endpoint, secured=False, insecure=False)
    check_reach(endpoint, secured=True, insecure=False)
    check_reach(endpoint, secured=False, insecure=True)


@pytest.mark.parametrize("text", ["bind+tcp://127.0.0.1:5", "bind+tcp://localhost:5", "bind+tcp://[::1]:5", "bind+ipc:///x", "tcp://10.0.0.1:5"])
def test_an_address_that_only_this_machine_reaches_is_bound_without(text):
    check_reach(endpoint_of(text), secured=False, insecure=False)
