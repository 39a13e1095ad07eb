"""The Autobahn cases of groups 1 to 7, 9, 10, 12.1 and 13.1; a smoke runs groups 1 to 5 and 7. Each must be OK or INFORMATIONAL.

All cases of groups 12 and 13 are in `interop/run ws-frame autobahn`.
"""

import asyncio

from autobahn import run
from check import SMOKE, finish

if SMOKE:
    asyncio.run(run([f"{group}.*" for group in (1, 2, 3, 4, 5, 7)], 101, 280))
else:
    asyncio.run(run([f"{group}.*" for group in (1, 2, 3, 4, 5, 6, 7, 9, 10, 12.1, 13.1)], 337, 280))
finish()
