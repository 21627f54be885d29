"""The pipeline of a session: it follows the ring, and tells of electrodes and plates that can't be trusted."""

from processing.live.live_pipeline import LivePipeline

__all__ = ["LivePipeline"]
