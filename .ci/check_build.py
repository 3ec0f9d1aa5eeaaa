"""Say how large the built layers are, and refuse a build that must not be deployed.

Usage: ``python .ci/check_build.py .aws-sam/build``. Exits with 1 and one sentence per finding when

- the dependencies layer is not under 30 MB unzipped (every cold start pays for it),
- all layers together are not under 250 MB, the most that Lambda takes for a function,
- it carries boto3 or botocore (the runtime has them), or
- a shared library in it is not for 64-bit ARM, the architecture of the functions.
"""

import sys
from pathlib import Path

LIMIT_MB = 30.0
LAMBDA_LIMIT_MB = 250.0
FROM_THE_RUNTIME = ("boto3", "botocore", "s3transfer")
# ELF header: magic, then at byte 18 the machine; 0xB7 is AArch64 (System V ABI, e_machine).
ELF, MACHINE_AT, AARCH64 = b"\x7fELF", 18, 0xB7


def size_mb(folder: Path) -> float:
    """Return the unzipped size of all files below `folder`, in megabytes of 10^6 bytes."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def findings(layer: Path) -> list[str]:
    """Return one sentence for everything that keeps the dependencies layer from being deployed."""
    found = [
        f"{name} is in the dependencies layer, but the Lambda runtime brings it: take it out of "
        f"[project] dependencies in pyproject.toml and run make lock."
        for name in FROM_THE_RUNTIME
        if (layer / "python" / name).exists()
    ]
    size = size_mb(layer)
    if size >= LIMIT_MB:
        found.append(f"The dependencies layer is {size:.1f} MB; it must stay under {LIMIT_MB} MB.")
    for library in layer.rglob("*.so*"):
        head = library.read_bytes()[: MACHINE_AT + 1]
        if head.startswith(ELF) and head[MACHINE_AT] != AARCH64:
            found.append(f"{library.name} is not built for arm64, on which the functions run.")
    if not any(layer.rglob("*.so*")):
        found.append("The dependencies layer has no shared library: pydantic_core is missing.")
    return found


def main(build: Path) -> int:
    """Print the sizes and the findings of the build in folder `build`; return the exit status."""
    for name in ("DependenciesLayer", "PublisherLayer", "RelanceLayer", "ContentLayer"):
        print(f"{name}: {size_mb(build / name):.2f} MB unzipped")
    found = findings(build / "DependenciesLayer")
    together = sum(size_mb(each) for each in build.iterdir() if each.is_dir())
    if together >= LAMBDA_LIMIT_MB:
        found.append(f"All layers are {together:.0f} MB; Lambda takes {LAMBDA_LIMIT_MB:.0f} MB.")
    for sentence in found:
        print(sentence, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
