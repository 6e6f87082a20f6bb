from gridwright.tracking.distinction import distinguished, share_all_settings

NETWORK = {"hidden_layer": "[64]", "eta": "0.1", "model": "numpy-mlp"}
FOREST = {"estimator": "RandomForest", "params.n_estimators": "100", "model": "sklearn"}
MACHINE = {"estimator": "SVM", "params.C": "1", "model": "sklearn"}


def test_trials_of_one_model_by_what_differs():
    runs = [NETWORK, NETWORK | {"eta": "0.2"}]
    assert share_all_settings(runs)
    assert distinguished(runs) == ["eta=0.1", "eta=0.2"]


def test_trials_of_several_models_by_model_and_then_among_themselves():
    runs = [NETWORK, FOREST, FOREST | {"params.n_estimators": "300"}, MACHINE]
    assert not share_all_settings(runs)
    assert distinguished(runs) == [
        "numpy-mlp",
        "sklearn RandomForest n_estimators=100",
        "sklearn RandomForest n_estimators=300",
        "sklearn SVM",
    ]


def test_nothing_differs():
    assert distinguished([NETWORK, NETWORK]) == ["", ""]
    assert distinguished([]) == []
