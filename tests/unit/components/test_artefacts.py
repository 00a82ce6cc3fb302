import json
from pathlib import Path

import pytest

from components.artefacts import Artefact, ArtefactError, read_manifest

DIGEST = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
ENTRY = {"path": "dist/aws/api.zip", "sha256": DIGEST, "handler": "api.handler.handler", "bytes": 1, "files": 2}


def write(folder: Path, content: object) -> Path:
    path = folder / "manifest.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_a_manifest_names_absolute_path_digest_and_handler_of_each_function(tmp_path: Path) -> None:
    path = write(tmp_path, {"target": "aws", "functions": {"api": ENTRY}})
    absolute = str(tmp_path / "dist/aws/api.zip")
    expected = Artefact("api", absolute, DIGEST, "api.handler.handler")
    assert read_manifest(path, tmp_path) == {"api": expected}


@pytest.mark.parametrize(
    "content",
    ["not json", "[]", "{}", {"functions": []}, {"functions": {"api": {"path": "x"}}}, {"functions": {"api": 1}}],
)
def test_what_is_no_manifest_is_refused_by_name(tmp_path: Path, content: object) -> None:
    with pytest.raises(ArtefactError, match=r"manifest\.json is not a manifest"):
        read_manifest(write(tmp_path, content), tmp_path)


def test_a_manifest_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match="cannot be read"):
        read_manifest(tmp_path / "manifest.json", tmp_path)


@pytest.mark.parametrize("digest", ["", "abc", "a" * 64, DIGEST[:-1], f"{DIGEST}\n"])
def test_a_digest_is_the_base64_of_a_sha256(tmp_path: Path, digest: str) -> None:
    """Lambda reports base64; a hexadecimal digest would differ from it for ever."""
    path = write(tmp_path, {"functions": {"api": {**ENTRY, "sha256": digest}}})
    with pytest.raises(ArtefactError, match="base64"):
        read_manifest(path, tmp_path)
