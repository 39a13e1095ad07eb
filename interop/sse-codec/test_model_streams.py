"""Model streams beside the Python libraries of OpenAI and Anthropic, written by us and read by us.

One driver for both: to import the two libraries, some three thousand modules, takes longer than a short run of all that is checked.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))

import ai_read  # noqa: E402
import check  # noqa: E402
import llm_clients  # noqa: E402

llm_clients.run()
ai_read.run()
check.finish()
