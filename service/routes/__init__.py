"""The routes under /v1, and those that watch the service."""
