"""The fingerprint of the models."""

import os

from virtctl import models
from virtctl.local.api import fingerprint


def test_it_changes_with_the_models(tmp_path, monkeypatch):
    file = tmp_path / "pods.py"
    file.write_text("a = 1\n")
    monkeypatch.setattr(models, "__path__", [str(tmp_path)])
    fingerprint.models_fingerprint.cache_clear()
    first = fingerprint.models_fingerprint()
    assert first == fingerprint.models_fingerprint()
    os.utime(file, (1, 1))
    fingerprint.models_fingerprint.cache_clear()
    assert fingerprint.models_fingerprint() != first
    fingerprint.models_fingerprint.cache_clear()
