from gridwright.search_preview import kind, space_text
from gridwright.sweep import SearchSettings, SearchSpace


def test_a_space_and_its_ends_are_told():
    space = SearchSpace.of(
        ["dataset=iris", "model.eta=tag(log, interval(0.001, 0.5))", "model.mu=0,0.8",
         "model.batch_size=int(interval(8, 64))"], {},
    )  # fmt: skip
    settings = SearchSettings(
        "tpe", "asha", max_trials=40, time_budget=60, stop_score=0.9, grace_epochs=2
    )
    assert kind(settings) == "tpe with asha search"
    lines = space_text(space, settings, "test_score").split("\n")
    assert lines == [
        "",
        "  model.eta                from 0.001 to 0.5, spread over logarithms",
        "  model.mu                    2 values: 0  0.8",
        "  model.batch_size         whole numbers from 8 to 64",
        "",
        "It ends after 40 trials.",
        "After 60 s no trial begins, and those under way end with their epoch.",
        "It ends once a trial has a test_score of at least 0.9.",
        "Trials that lag behind are stopped after 2, 6, 18, 54, 162, 486 ... epochs.",
    ]


def test_a_space_of_lists_has_so_many_cells():
    space = SearchSpace.of(["a=1,2,3", "b=x,y"], {})
    assert kind(SearchSettings("random")) == "random search"
    assert space_text(space, SearchSettings("random"), "test_score").endswith(
        "The space has 6 cells."
    )
