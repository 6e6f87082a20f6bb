from gridwright.testing import ModelPluginConformance

QUICK = {"hidden_layer": [8, 8], "activation": "Tanh", "epoch": 4, "eta": 0.05, "batch_size": 16}


class TestOnTables(ModelPluginConformance):
    plugin_name = "numpy-mlp"
    frameworks = ("numpy", "scipy", "sklearn")
    parameters = QUICK
    diverging_parameters = {"eta": 1e38, "activation": "ReLU"}
    invalid_parameters = [
        {"hidden_layer": "wide"},
        {"epoch": 0},
        {"eta": -1},
        {"activation": "Cosine"},
        {"mu": 2, "dropout": "much"},
    ]


class TestOnPictures(ModelPluginConformance):
    plugin_name = "numpy-mlp"
    frameworks = ("numpy", "scipy", "sklearn")
    parameters = QUICK
    sample_shape = (6, 5, 3)
    dtype = "uint8"
