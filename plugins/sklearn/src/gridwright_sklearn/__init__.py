"""The classifiers and regressors of scikit-learn: a Gridwright model plugin.

    gridwright -m dataset=iris model=sklearn model.estimator=RandomForest model.params.max_depth=2,4

`catalogue.py` is the list of what `model.estimator` may name; nothing else is ever imported
because a configuration or a stored model says so.
"""
