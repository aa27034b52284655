"""Prints the path of a Python with PyTorch, transformers, safetensors and numpy: what references and benchmarks call `HEED_PYTHON`.

    HEED_PYTHON=$(python3 tooling/golden/reference_python.py) npx pnpm@12 golden:verify

Made once, about 600 MB, in Heed's cache folder; nothing is changed outside of it. PyPI's torch for Linux is built for GPUs and asks for 3 GB
of their libraries before it loads. Here it is installed without them, and stand-ins take their place: every function of theirs answers "no
device" (error 100), so that torch computes on the CPU. That needs gcc and nm. Where it cannot be had, one line on stderr says why, the exit
code is 1.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

TORCH = "torch==2.15.0"
OTHERS = "transformers==5.23.0 safetensors numpy filelock typing-extensions sympy networkx jinja2 fsspec".split()
WORKS = "import torch, transformers, safetensors.torch, numpy; torch.ones(2, requires_grad=True).sum().backward()"
GPU_FUNCTION = re.compile(r"^(__cuda|cu|nccl|nv)\w+$")
GPU_LIBRARY = re.compile(r"\[(lib(?:cu|nccl|nv)[\w-]*\.so[.\d]*)\]")
STAND_IN = """
long no_device(void) { return 100; }
const char *no_device_text(void) { return "no device"; }
"""
DEADLINE = time.monotonic() + 240


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=DEADLINE - time.monotonic()).stdout


def symbols(libraries, kind):
    """Names with their versions, which are empty where there is none."""
    names = (line.split()[-1] for line in run("nm", "-D", kind, *libraries).splitlines() if line and not line.endswith(":"))
    return {(name, version) for name, _, version in (part.replace("@@", "@").partition("@") for part in names)}


def answer(function):
    return "no_device_text" if re.search("Error(Name|String)", function) else "no_device"


def stand_in_for_gpu_libraries(folder):
    """One library under the names of all, beside torch's own, where those look first."""
    libraries = [str(path) for path in folder.glob("*.so*")]
    needed = set(GPU_LIBRARY.findall(run("readelf", "-d", *libraries)))
    own = {name for name, _ in symbols(libraries, "--defined-only")}
    missing = {name: version for name, version in symbols(libraries, "--undefined-only") if GPU_FUNCTION.match(name) and name not in own}
    source, versions, stand_in = (folder / name for name in ("no-gpu.c", "no-gpu.map", "libno-gpu.so"))
    source.write_text(STAND_IN + "".join(f"long {name}(void) __attribute__((alias(\"{answer(name)}\")));\n" for name in sorted(missing)))
    groups = {version: [name for name in missing if missing[name] == version] for version in set(missing.values()) - {""}}
    versions.write_text("".join(f"{version} {{ {'; '.join(names)}; }};\n" for version, names in groups.items()))
    run("gcc", "-w", "-fno-builtin", "-shared", "-fPIC", f"-Wl,--version-script={versions}", "-o", str(stand_in), str(source))
    for name in needed:
        if not (folder / name).exists():
            (folder / name).symlink_to(stand_in.name)


def make(home):
    run(sys.executable, "-m", "venv", str(home))
    python = str(home / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check", "--only-binary=:all:"]
    run(*pip, "--no-deps", TORCH)
    run(*pip, *OTHERS)
    if sys.platform == "linux":
        packages = run(python, "-c", "import sysconfig; print(sysconfig.get_path('platlib'))").strip()
        stand_in_for_gpu_libraries(Path(packages, "torch", "lib"))
    run(python, "-c", WORKS)


def cache_folder():
    platform = Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    return Path(os.environ.get("HEED_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or platform, "heed")).resolve()


def main():
    if os.environ.get("HEED_PYTHON"):
        return os.environ["HEED_PYTHON"]
    wanted = hashlib.sha256(f"{sys.version} {TORCH} {OTHERS} {Path(__file__).read_text()}".encode()).hexdigest()[:12]
    home = cache_folder() / "python" / wanted
    if not home.exists():
        unfinished = home.with_name(f"{wanted}-{os.getpid()}")
        try:
            make(unfinished)
            unfinished.rename(home)  # a Python finds its packages from where it stands
        except Exception as error:
            shutil.rmtree(unfinished, ignore_errors=True)
            told = (getattr(error, "stderr", "") or str(error)).strip().splitlines()[-1]
            sys.exit(f"skipped: no Python with torch can be made here ({told})")
    return str(home / "bin" / "python")


print(main())
