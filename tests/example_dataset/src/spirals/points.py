"""The points themselves."""

import numpy as np


def points(samples, arms, noise, seed):
    """Return points `(samples, 2)` and the names of their arms `(samples,)`."""
    generator = np.random.default_rng(seed)
    arm = np.arange(samples) % arms
    turned = generator.uniform(0.5, 2.0, samples)  # along the arm, in half turns
    angle = np.pi * turned + 2 * np.pi * arm / arms
    x = turned[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    names = np.array([f"arm {number}" for number in range(arms)])
    return x + generator.normal(0, noise, x.shape), names[arm]
