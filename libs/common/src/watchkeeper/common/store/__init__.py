"""The store: a pool of connections to PostgreSQL, and its numbered migrations. Only here is asyncpg's pool made."""

from watchkeeper.common.store.migrate import SCHEMA_NEWER, NewerSchemaError, migrate
from watchkeeper.common.store.pool import Connection, DatabaseKind, DatabaseSettings, Store, is_transient, open_store

__all__ = [
    "SCHEMA_NEWER",
    "Connection",
    "DatabaseKind",
    "DatabaseSettings",
    "NewerSchemaError",
    "Store",
    "is_transient",
    "migrate",
    "open_store",
]
