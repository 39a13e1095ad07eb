"""The stubs of `users.proto`, as protoc and its Python plug-in make them, in `interop/.cache`."""

import pathlib
import subprocess
import sys

INTEROP = pathlib.Path(__file__).resolve().parent.parent
PROTO = INTEROP.parent / "examples" / "proto"
FILE = "octavo/users/v1/users.proto"
OUT = INTEROP / ".cache" / "grpc-stubs"
DESCRIPTORS = OUT / "users.binpb"


def make():
    """Makes stubs and descriptor set when the .proto file is newer."""
    made = DESCRIPTORS.exists() and DESCRIPTORS.stat().st_mtime > (PROTO / FILE).stat().st_mtime
    if not made:
        OUT.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{PROTO}", f"--python_out={OUT}", f"--grpc_python_out={OUT}"]
        subprocess.run([*command, f"--descriptor_set_out={DESCRIPTORS}", "--include_imports", FILE], check=True)
    sys.path.insert(0, str(OUT))


if __name__ == "__main__":
    make()
    print(DESCRIPTORS)
