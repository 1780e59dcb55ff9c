"""Routes and what they declare."""

import pytest
from fastapi import APIRouter, FastAPI

from watchkeeper.api.access.permissions import Permission, needs, needs_session, public
from watchkeeper.api.offline import offline_app
from watchkeeper.api.problems import Problem
from watchkeeper.api.settings import ApiSettings
from watchkeeper.api.web.rules import RouteTable, UndeclaredRouteError, route_table

SETTINGS: ApiSettings = offline_app().state.context.settings


def table_of(router: APIRouter) -> RouteTable:
    """The table of an application that has ``router`` only."""
    app = FastAPI(openapi_url=None)
    app.include_router(router)
    return route_table(app, SETTINGS)


async def nothing() -> None:
    """Do nothing."""


def test_a_route_without_a_declaration_ends_the_start() -> None:
    """Nobody forgets to say who may use a route."""
    router = APIRouter()
    router.get("/api/open")(nothing)
    with pytest.raises(UndeclaredRouteError, match="/api/open"):
        table_of(router)


def test_a_route_of_another_kind_ends_the_start_too() -> None:
    """Mounted applications and bare Starlette routes have no declaration."""
    app = FastAPI()  # with its own /docs and /openapi.json
    with pytest.raises(UndeclaredRouteError):
        route_table(app, SETTINGS)


def test_a_router_and_its_route_both_count() -> None:
    """Who declares more on a route does not lose what the router declares."""
    router = APIRouter(dependencies=[needs(Permission.READ)])
    router.get("/api/thing", dependencies=[needs(Permission.ADMIN)])(nothing)
    (rule,) = table_of(router).rules
    assert rule.permissions == {Permission.READ, Permission.ADMIN}
    assert not rule.public


def test_public_is_a_declaration_and_a_session_another() -> None:
    """Both are told from each other."""
    router = APIRouter()
    router.get("/api/all", dependencies=[public()])(nothing)
    router.get("/api/own", dependencies=[needs_session()])(nothing)
    everybody, own = table_of(router).rules
    assert everybody.public
    assert own.session
    assert not own.public


def test_the_intake_takes_larger_bodies() -> None:
    """Who pushes metrics pushes many."""
    router = APIRouter()
    router.post("/api/push", dependencies=[needs(Permission.INGEST)])(nothing)
    router.post("/api/change", dependencies=[needs(Permission.ADMIN)])(nothing)
    push, change = table_of(router).rules
    assert push.body_bytes_max == SETTINGS.intake_bytes_max
    assert change.body_bytes_max == SETTINGS.body_bytes_max
    assert push.body_timeout_s == SETTINGS.intake_timeout_s
    assert change.body_timeout_s == SETTINGS.body_timeout_s


def test_without_a_login_bodies_are_small() -> None:
    """Everybody may send them."""
    router = APIRouter()
    router.post("/api/open", dependencies=[public()])(nothing)
    (rule,) = table_of(router).rules
    assert rule.body_bytes_max == 8192


def test_a_method_that_a_path_does_not_take_is_told_all_that_it_takes() -> None:
    """405 with a whole Allow header, though each method is a route of its own."""
    router = APIRouter(dependencies=[public()])
    router.get("/api/things/{id}")(nothing)
    router.delete("/api/things/{id}")(nothing)
    table = table_of(router)
    assert table.find("DELETE", "/api/things/7").methods == {"DELETE"}
    with pytest.raises(Problem) as refused:
        table.find("PUT", "/api/things/7")
    assert refused.value.status_code == 405
    assert refused.value.headers == {"Allow": "DELETE, GET"}
    with pytest.raises(Problem) as unknown:
        table.find("GET", "/api/nothing")
    assert unknown.value.status_code == 404
