"""The gateway: metrics, exports, live events, access, and the pages."""
