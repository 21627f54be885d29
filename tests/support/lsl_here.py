"""The one network that LSL has in a test run: this machine, and a session that nobody else has."""

from __future__ import annotations

import uuid

from hardware.lsl.settings import LslNetwork

NETWORK = LslNetwork(session_id=f"test-{uuid.uuid4().hex[:8]}")
