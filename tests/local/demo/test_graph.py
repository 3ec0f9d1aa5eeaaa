"""The graph of a machine: nothing overlaps, branches are labelled, every way is counted."""

from itertools import combinations

from local.graph import START, place, read, spread_endings
from local.pages import drawing

CALLBACK = "arn:aws:states:::lambda:invoke.waitForTaskToken"
MACHINE = {
    "StartAt": "Ask",
    "States": {
        "Ask": {
            "Type": "Task",
            "Resource": CALLBACK,
            "Next": "Did they click?",
            "Catch": [
                {"ErrorEquals": ["States.Timeout"], "Next": "Remind"},
                {"ErrorEquals": ["States.ALL"], "Next": "Broken"},
            ],
        },
        "Did they click?": {
            "Type": "Choice",
            "Choices": [{"Condition": "{% $answer.decision = 'happened' %}", "Next": "Thank"}],
            "Default": "Left",
        },
        "Thank": {"Type": "Pass", "Next": "A rather long name of an ending, 40 lett"},
        "Remind": {"Type": "Pass", "Next": "Ask"},
        "A rather long name of an ending, 40 lett": {"Type": "Succeed"},
        "Left": {"Type": "Succeed"},
        "Broken": {"Type": "Fail"},
    },
}
FLOWS = {
    (START, "Ask"): 10,
    ("Ask", "Did they click?"): 9,
    ("Ask", "Remind"): 4,
    ("Did they click?", "Thank"): 6,
    ("Did they click?", "Left"): 3,
    ("Remind", "Ask"): 4,
}


def test_branches_are_labelled_yes_and_no_and_a_timeout_is_a_branch() -> None:
    labels = {edge.ends: (edge.label, edge.kind) for edge in read(MACHINE).edges}
    assert labels["Did they click?", "Thank"] == ("yes", "branch")
    assert labels["Did they click?", "Left"] == ("no", "branch")
    assert labels["Ask", "Remind"] == ("time is up", "branch")
    assert labels["Ask", "Broken"] == ("States.ALL", "error")


def test_two_branches_to_one_state_are_one_way_with_both_labels() -> None:
    choice = MACHINE["States"]["Did they click?"] | {"Default": "Thank"}
    states = MACHINE["States"] | {"Did they click?": choice}
    choice["Choices"] = [{**choice["Choices"][0], "Comment": "yes"}]
    choice["Choices"][0]["Comment"] = "goal reached"
    labels = {edge.ends: edge.label for edge in read({**MACHINE, "States": states}).edges}
    assert labels["Did they click?", "Thank"] == "goal reached, otherwise"


def test_a_way_back_stands_beside_the_way_there() -> None:
    graph = spread_endings(read(MACHINE))
    placed = place(graph, {state.name: (150.0, 50.0) for state in graph.states}, {})
    there, back = placed.routes["Ask", "Remind"], placed.routes["Remind", "Ask"]
    assert abs(there[0][0] - back[-1][0]) > 15
    assert abs(there[-1][0] - back[0][0]) > 15


def test_no_two_boxes_overlap_and_all_lie_within_the_picture() -> None:
    graph = spread_endings(read(MACHINE))
    sizes = {state.name: (150.0, 50.0) for state in graph.states}
    placed = place(graph, sizes, {})
    for (x, y), (other_x, other_y) in combinations(placed.boxes.values(), 2):
        assert abs(x - other_x) >= 150 or abs(y - other_y) >= 50
    for x, y in placed.boxes.values():
        assert 75 <= x <= placed.width - 75
        assert 25 <= y <= placed.height - 25
    assert set(placed.routes) == {edge.ends for edge in graph.edges}


def test_names_break_between_words_and_keep_every_letter() -> None:
    name = "A rather long name of an ending, 40 lett"
    assert " ".join(drawing.wrap(name)) == name
    assert max(map(len, drawing.wrap(name))) <= 21
    assert drawing.wrap("x" * 50) == ["x" * 21, "x" * 21, "x" * 8]


def test_the_picture_shows_the_counts_and_leaves_out_errors_nobody_met() -> None:
    graph, lost = drawing.taken(read(MACHINE), FLOWS)
    svg = drawing.svg(graph, {"Ask": 14}, FLOWS)
    assert lost == ("Broken",)
    assert "Broken" not in svg
    assert ">14<" in svg
    assert ">yes</tspan> · " in svg
    assert svg == drawing.svg(graph, {"Ask": 14}, FLOWS)


def test_every_label_has_a_ground_below_every_box() -> None:
    graph = read(MACHINE)
    svg = drawing.svg(graph, {}, FLOWS)
    labels, grounds = svg.count('<text class="label'), svg.count('<rect class="ground"')
    assert labels == grounds > 0
    assert svg.rindex('class="ground"') < svg.index('<g class="start')
