"""Configuration of the `gridwright` command, importable so that it travels in the wheel."""
