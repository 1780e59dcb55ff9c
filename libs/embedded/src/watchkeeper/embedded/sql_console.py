"""``wk sql``: psql, from the same package as the server."""

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from watchkeeper.embedded.postgres import DATABASE, Postgres, program
from watchkeeper.embedded.up.data_folder import DataFolder


def sql(data: Path, statement: str | None, *, admin: bool) -> int:
    """Become psql on the database of ``data``, with ``statement`` to run it and end; answers where none runs."""
    postgres = Postgres(DataFolder(data).postgres)
    if not postgres.find():
        print("wk sql: PostgreSQL does not run; ./wk up starts it", file=sys.stderr)
        return 1
    address = urlsplit(postgres.admin_url if admin else postgres.url)
    without_password = address._replace(
        netloc=f"{address.username}@{address.hostname}:{address.port}", path=f"/{DATABASE}"
    )
    psql = str(program("psql"))
    arguments = [psql, "-X", "-d", urlunsplit(without_password), *(["-c", statement] if statement else [])]
    return os.execve(psql, arguments, {**os.environ, "PGPASSWORD": address.password or ""})
