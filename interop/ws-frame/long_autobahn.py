"""All 517 Autobahn cases, as server and as client: none FAILED, UNIMPLEMENTED or NON-STRICT."""

import asyncio

from autobahn import run
from check import finish

asyncio.run(run([], 517, 3000))
finish()
