"""Configuration groups that this plugin adds."""
