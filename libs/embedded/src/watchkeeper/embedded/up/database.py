"""The schema, brought up to date before any service starts, so that a newer one is told in one line."""

import asyncio

from pydantic import SecretStr

from watchkeeper.common.store import DatabaseSettings, NewerSchemaError, is_transient, migrate, open_store
from watchkeeper.embedded.engine import EngineError
from watchkeeper.embedded.up.data_folder import CannotStartError


def bring_up_to_date(url: str) -> None:
    """Run the migrations that are missing.

    Raises ``CannotStartError`` if the data are of a newer Watchkeeper, ``EngineError`` if trying again may help.
    """
    try:
        asyncio.run(_migrate(url))
    except NewerSchemaError as error:
        raise CannotStartError(str(error)) from error
    except Exception as error:
        if not is_transient(error):
            raise
        raise EngineError(f"the schema: {type(error).__name__}: {error}") from error


async def _migrate(url: str) -> None:
    async with open_store(DatabaseSettings(url=SecretStr(url), pool_max=1), application="wk up") as store:
        await migrate(store)
