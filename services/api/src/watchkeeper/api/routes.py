"""The routers of the gateway; ``app.py`` includes them in this order."""

from fastapi import APIRouter

from watchkeeper.api.access import audit_routes, key_routes, session_routes, user_routes

ROUTERS: tuple[APIRouter, ...] = (
    session_routes.router,
    user_routes.router,
    key_routes.router,
    audit_routes.router,
)
"""All routers; a new package is one line here."""
