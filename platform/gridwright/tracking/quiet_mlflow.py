"""MLflow's models, without what MLflow says about its own type hints while they are imported.

Import these names from here: a user of Gridwright can do nothing about those warnings.
"""

import warnings

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", category=UserWarning)
    # `from mlflow import pyfunc` would only import it later, with its warnings.
    import mlflow.pyfunc
    from mlflow.models import Model, ModelSignature

pyfunc = mlflow.pyfunc

__all__ = ["Model", "ModelSignature", "pyfunc"]
