"""A stranger's first hour: packages outside the workspace that depend on each of ours by its README's lines and run its README's
complete examples, and one that depends on all of them.

Usage: scratch.py CRATE...
A README has one ```toml block with the dependency lines; every ```rust block with a `fn main` is a program that must run and end.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent


MANIFEST = """[package]
name = "scratch-{name}"
version = "0.0.0"
edition = "2024"

[dependencies]
{dependencies}
"""


def package(home, name, dependencies, programs):
    """A member of the scratch workspace, with its programs as examples."""
    folder = home / name
    (folder / "src").mkdir(parents=True)
    (folder / "src/lib.rs").write_text("")
    (folder / "Cargo.toml").write_text(MANIFEST.format(name=name, dependencies="\n".join(dependencies)))
    (folder / "examples").mkdir()
    for number, program in enumerate(programs, 1):
        (folder / "examples" / f"{name}-{number}.rs").write_text(program)
    return [f"{name}-{number}" for number in range(1, len(programs) + 1)]


def main(crates):
    with tempfile.TemporaryDirectory() as folder:
        home = pathlib.Path(folder)
        ours, programs = [], []
        for crate in crates:
            text = (ROOT / crate / "README.md").read_text()
            blocks = re.findall(r"^```toml\n(.*?)^```", text, re.S | re.M)
            if not blocks:
                sys.exit(f"{crate}/README.md has no toml block with its dependency line")
            lines = [line.replace("../octavo/", f"{ROOT}/") for line in blocks[0].splitlines() if "=" in line and not line.startswith("#")]
            ours += [line for line in lines if line.startswith(f"{crate} ")]
            examples = [block for block in re.findall(r"^```rust\n(.*?)^```", text, re.S | re.M) if re.search(r"^(async )?fn main", block, re.M)]
            if not examples:
                sys.exit(f"{crate}/README.md has no complete example")
            programs += package(home, crate, lines, examples)
        package(home, "all", ours, [])
        (home / "Cargo.toml").write_text(f'[workspace]\nresolver = "3"\nmembers = {[*crates, "all"]}\n'.replace("'", '"'))
        # The same versions as ours, and the same build folder, so that little is built twice.
        (home / "Cargo.lock").write_bytes((ROOT / "Cargo.lock").read_bytes())
        environment = dict(os.environ, CARGO_TARGET_DIR=str(ROOT / "target"))
        subprocess.run(["cargo", "build", "-q", "--workspace", "--lib", "--examples"], cwd=home, env=environment, check=True)
        for name in programs:
            subprocess.run([ROOT / "target/debug/examples" / name], cwd=home, check=True, timeout=60, stdin=subprocess.DEVNULL)
            print(f"ran {name}")
    return 0


sys.exit(main(sys.argv[1:]))
