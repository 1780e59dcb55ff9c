"""The table of all routes with what each of them declares, made once at start.

A route without a declaration ends the start.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

from watchkeeper.api.access.permissions import Access, Permission
from watchkeeper.api.problems import Problem
from watchkeeper.api.settings import ApiSettings

PUBLIC_BODY_BYTES_MAX = 8192
"""Everybody may send it, so it is small; the longest sign-in, all of it escaped, fits."""


class UndeclaredRouteError(Exception):
    """A route that declares neither a permission nor that it is public."""


@dataclass(frozen=True)
class Rule:
    """One route: its template, its methods, and who may use it."""

    template: str
    pattern: re.Pattern[str]
    methods: frozenset[str]
    permissions: frozenset[Permission]
    session: bool
    json_body: bool
    body_bytes_max: int
    body_timeout_s: float

    @property
    def public(self) -> bool:
        """Whether everybody may use it."""
        return not self.permissions and not self.session


class RouteTable:
    """All routes in the order in which the application matches them."""

    def __init__(self, rules: list[Rule]) -> None:
        """Keep the rules; paths without parameters are found without a search."""
        self.rules = tuple(rules)
        self._exact = {
            (rule.template, method): rule for rule in rules if "{" not in rule.template for method in rule.methods
        }

    def find(self, method: str, path: str) -> Rule:
        """The route of ``path``; raises the 404 problem, or the 405 problem with all methods that the path takes."""
        found = self._exact.get((path, method))
        if found is not None:
            return found
        allowed: set[str] = set()
        for rule in self.rules:
            if rule.pattern.match(path):
                if method in rule.methods:
                    return rule
                allowed |= rule.methods
        if not allowed:
            raise Problem(404, "There is nothing at this address.")
        methods = ", ".join(sorted(allowed))
        raise Problem(405, f"This address takes {methods} only.", headers={"Allow": methods})


def route_table(app: FastAPI, settings: ApiSettings) -> RouteTable:
    """The table of ``app``'s routes; raises ``UndeclaredRouteError``."""
    rules = []
    for route in iter_route_contexts(app.routes):
        dependant: Dependant | None = getattr(route, "dependant", None)
        declared = [] if dependant is None else list(_declarations(dependant))
        if not declared:
            raise UndeclaredRouteError(f"{route.path}: declare needs(Permission.X), needs_session() or public()")
        permissions = frozenset(access.permission for access in declared if access.permission is not None)
        session = any(access.session for access in declared)
        bytes_max, timeout_s = _body_limits(permissions, settings, public=not permissions and not session)
        rules.append(
            Rule(
                template=route.path_format or "",
                pattern=route.path_regex,
                methods=frozenset(route.methods or ()),
                permissions=permissions,
                session=session,
                json_body=route.body_field is not None,
                body_bytes_max=bytes_max,
                body_timeout_s=timeout_s,
            )
        )
    return RouteTable(rules)


def _body_limits(permissions: frozenset[Permission], settings: ApiSettings, *, public: bool) -> tuple[int, float]:
    """The bytes of a body at most, and the seconds in which it must have come."""
    if Permission.INGEST in permissions:
        return settings.intake_bytes_max, settings.intake_timeout_s
    bytes_max = min(settings.body_bytes_max, PUBLIC_BODY_BYTES_MAX) if public else settings.body_bytes_max
    return bytes_max, settings.body_timeout_s


def _declarations(dependant: Dependant) -> Iterator[Access]:
    if isinstance(dependant.call, Access):
        yield dependant.call
    for inner in dependant.dependencies:
        yield from _declarations(inner)
