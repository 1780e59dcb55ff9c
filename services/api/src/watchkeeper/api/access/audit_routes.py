"""The audit log, for administrators."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from watchkeeper.api.access import audit
from watchkeeper.api.access.permissions import Permission, needs
from watchkeeper.api.access.schemas import USER_ID, AuditEntries, AuditEntry
from watchkeeper.api.context import Context, get_context
from watchkeeper.api.fields import Moment, RequestModel, Text

router = APIRouter(prefix="/api/audit", tags=["audit"], dependencies=[needs(Permission.ADMIN)])

ID_MAX = 2**63 - 1


class AuditQuery(RequestModel):
    """Which entries are asked for."""

    actor: Annotated[Text | None, Query(description="Name or id of who did it.", examples=["admin"])] = None
    action: Annotated[Text | None, Query(description="What was done.", examples=["user.update"])] = None
    object_kind: Annotated[Text | None, Query(description="To what kind of object.", examples=["user"])] = None
    object_id: Annotated[Text | None, Query(description="To which object.", examples=[USER_ID])] = None
    since: Annotated[Moment | None, Query(description="At this time or later.", examples=["2026-11-24T00:00:00Z"])] = (
        None
    )
    until: Annotated[Moment | None, Query(description="Before this time.", examples=["2026-11-25T00:00:00Z"])] = None
    limit: Annotated[int, Query(ge=1, le=1000, description="Entries on a page at most.")] = 100
    cursor: Annotated[int | None, Query(ge=1, le=ID_MAX, description="`next` of the page before.", examples=[4711])] = (
        None
    )


@router.get("", summary="Read the audit log")
async def read_audit(
    context: Annotated[Context, Depends(get_context)], query: Annotated[AuditQuery, Query()]
) -> AuditEntries:
    """Answer who changed what, and who signed in or was refused, newest first, a page at a time."""
    filters = audit.Filters(
        below=query.cursor,
        actor=query.actor,
        action=query.action,
        object_kind=query.object_kind,
        object_id=query.object_id,
        since=query.since,
        until=query.until,
    )
    async with context.require_store().connection() as connection:
        found = await audit.entries(connection, filters, query.limit + 1)
    page = [AuditEntry.model_validate(row | {"id": row["audit_id"]}) for row in found[: query.limit]]
    return AuditEntries(entries=page, next=page[-1].id if len(found) > query.limit else None)
