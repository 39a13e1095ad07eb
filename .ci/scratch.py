"""A stranger's first hour: a crate outside the workspace that depends on each of ours by its README's line and runs its README's
complete examples.

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


def main(crates):
    with tempfile.TemporaryDirectory() as folder:
        home = pathlib.Path(folder)
        (home / "examples").mkdir()
        (home / "src").mkdir()
        (home / "src/lib.rs").write_text("")
        dependencies, programs = {}, []
        for crate in crates:
            text = (ROOT / crate / "README.md").read_text()
            lines = re.findall(r"^```toml\n(.*?)^```", text, re.S | re.M)
            if not lines:
                sys.exit(f"{crate}/README.md has no toml block with its dependency line")
            for line in lines[0].splitlines():
                if "=" in line and not line.startswith(("#", "[")):
                    dependencies[line.split("=")[0].strip()] = line.replace("../octavo/", f"{ROOT}/")
            blocks = [block for block in re.findall(r"^```rust\n(.*?)^```", text, re.S | re.M) if re.search(r"^(async )?fn main", block, re.M)]
            if not blocks:
                sys.exit(f"{crate}/README.md has no complete example")
            for number, block in enumerate(blocks, 1):
                name = f"{crate}-{number}"
                (home / "examples" / f"{name}.rs").write_text(block)
                programs.append(name)
        manifest = '[package]\nname = "scratch"\nversion = "0.0.0"\nedition = "2024"\n\n[workspace]\n\n[dependencies]\n'
        (home / "Cargo.toml").write_text(manifest + "\n".join(dependencies.values()) + "\n")
        # The same versions as ours, and the same build folder, so that little is built twice.
        (home / "Cargo.lock").write_bytes((ROOT / "Cargo.lock").read_bytes())
        environment = dict(os.environ, CARGO_TARGET_DIR=str(ROOT / "target"))
        subprocess.run(["cargo", "build", "-q", "--examples"], cwd=home, env=environment, check=True)
        for name in programs:
            subprocess.run([ROOT / "target/debug/examples" / name], cwd=home, check=True, timeout=60, stdin=subprocess.DEVNULL)
            print(f"ran {name}")
    return 0


sys.exit(main(sys.argv[1:]))
