"""The routers of the gateway; ``app.py`` includes them in this order."""

from fastapi import APIRouter

ROUTERS: tuple[APIRouter, ...] = ()
"""All routers; a new package is one line here."""
