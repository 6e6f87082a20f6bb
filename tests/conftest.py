# The example is a package of its own; tests/testing installs it and runs its tests.
collect_ignore = ["example_plugin"]
