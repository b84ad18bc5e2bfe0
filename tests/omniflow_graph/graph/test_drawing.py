"""A graph prints itself, one line an operator, and draws itself for Mermaid."""

from __future__ import annotations

import pytest

from omniflow_graph import Event, Graph, Pcm16, seconds


def hear(n: int, event: Event[Pcm16]) -> tuple[int, list[tuple[int, int | str]]]:
    return n, []


def talk(state: None, event: Event) -> tuple[None, list[str]]:
    return state, []


@pytest.fixture
def pipeline() -> Graph:
    g = Graph("talk")
    g.source("mic", Pcm16)
    g.merge("all", "mic")
    g.scan("hear", "all", hear, state=0)
    g.align("window", "hear", length=seconds(0.2))
    g.stage("model", "window", talk, cost=120_000_000, overrun="newest")
    g.map("words", "model", lambda event: event.data)
    g.feedback("heard", "words", "window")
    g.feedback("echo", "mic", "all", delay=62_500)
    g.sink("out", "words", "hear")
    return g


def test_text_says_what_each_operator_reads_and_gives(pipeline):
    assert pipeline.text() == "\n".join(
        [
            f"graph talk  {pipeline.hash()[:12]}",
            "  source   mic     : Pcm16",
            "  merge    all     <- mic, echo  : Pcm16",
            "  scan     hear    <- all  : int | str",
            "  align    window  <- hear, heard  length 200 ms  : Window",
            "  stage    model   <- window  cost 120 ms, overrun newest  : str",
            "  map      words   <- model  : Any",
            "  sink     out     <- words, hear",
            "  feedback heard   words -> window  delay 0 ns",
            "  feedback echo    mic -> all  delay 62.5 us",
            "  island   window, model, words",
        ]
    )


def test_a_flowchart_has_a_shape_for_each_kind_and_dots_what_runs_back(pipeline):
    assert pipeline.mermaid() == "\n".join(
        [
            "flowchart LR",
            '  n0(["mic"])',
            '  n1{{"all"}}',
            '  n2["hear"]',
            '  n3[["window<br/>length 200 ms"]]',
            '  n4["model<br/>cost 120 ms, overrun newest"]',
            '  n5("words")',
            '  n6[/"out"/]',
            "  n0 --> n1",
            "  n1 --> n2",
            "  n2 --> n3",
            "  n3 --> n4",
            "  n4 --> n5",
            "  n5 --> n6",
            "  n2 --> n6",
            '  n5 -. "heard" .-> n3',
            '  n0 -. "echo +62.5 us" .-> n1',
            "  classDef island fill:#eaf2ff,stroke:#1f6feb,color:#1b1f24",
            "  class n3,n4,n5 island",
        ]
    )


def test_where_the_rate_of_sound_is_known_it_is_told(pipeline):
    def voiced(event: Event) -> Pcm16:
        return event.data

    def heard(event: Event[Pcm16]) -> str:
        return "so"

    voiced.rate_hz, heard.takes_hz = 22_050, 16_000  # type: ignore[attr-defined]
    g = pipeline.replace("words", fn=voiced)
    g.sink("notes", g.map("notice", "mic", heard))
    assert [line for line in g.text().splitlines() if "Hz" in line] == [
        "  source   mic     : Pcm16, 16 kHz",
        "  map      words   <- model  : Pcm16, 22.05 kHz",
    ]
    assert [line for line in g.mermaid().splitlines() if "Hz" in line] == ['  n0(["mic<br/>16 kHz"])', '  n5("words<br/>22.05 kHz")']


def test_a_name_cannot_break_out_of_its_label():
    g = Graph("g")
    g.merge('say "no" #1', g.source("<b>{mic}</b>"))
    g.feedback('"back"', "<b>{mic}</b>", 'say "no" #1')
    g.sink("end", 'say "no" #1')
    assert g.mermaid().splitlines()[1:] == [
        '  n0(["#lt;b#gt;{mic}#lt;/b#gt;"])',
        '  n1{{"say #quot;no#quot; #35;1"}}',
        '  n2[/"end"/]',
        "  n0 --> n1",
        "  n1 --> n2",
        '  n0 -. "#quot;back#quot;" .-> n1',
    ]


@pytest.mark.parametrize(
    ("cost", "words"),
    [
        (0, "0 ns"),
        (999, "999 ns"),
        (1_000, "1 us"),
        (62_500, "62.5 us"),
        (1_000_001, "1.000001 ms"),
        (999_999_999, "999.999999 ms"),
        (seconds(1), "1 s"),
        (seconds(1) + 1, "1.000000001 s"),
        (seconds(90.5), "90.5 s"),
        ([1, 2], "by table"),
        (lambda event: 1, "by function"),
    ],
)
def test_what_a_stage_costs_is_printed_exactly(cost, words):
    g = Graph("g")
    g.sink("out", g.stage("model", g.source("mic"), talk, cost=cost))
    assert f"<- mic  cost {words}  : str" in g.text()


def test_a_graph_that_is_not_finished_yet_can_be_drawn_and_one_without_meaning_cannot_be_printed_as_if_it_had():
    g = Graph("g")
    g.source("mic")
    assert g.mermaid() == 'flowchart LR\n  n0(["mic"])'
