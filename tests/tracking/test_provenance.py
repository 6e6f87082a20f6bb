"""Which code a run came from."""

import subprocess

import pytest

from gridwright.tracking.provenance import capture


@pytest.fixture
def repository(tmp_path):
    def git(*arguments):
        identity = ("-c", "user.name=n", "-c", "user.email=e@example.org")
        subprocess.run(
            ["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True
        )

    git("init", "-q")
    (tmp_path / "file").write_text("1")
    git("add", "file")
    git("commit", "-q", "-m", "first")
    return tmp_path


def test_a_commit_and_whether_files_differ(repository):
    clean = capture(repository)
    assert len(clean.commit) == 40
    assert not clean.dirty
    (repository / "untracked").write_text("")
    assert capture(repository) == clean
    (repository / "file").write_text("2")
    assert capture(repository).dirty


def test_outside_of_a_repository_or_without_git(tmp_path, repository, monkeypatch):
    outside = repository / ".git"
    assert capture(outside / "hooks").dirty is False
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    bare = tmp_path.parent
    assert capture(bare).commit == ""
    monkeypatch.setenv("PATH", "")
    assert capture(repository).commit == ""
