#!/bin/sh
# Run once, by the image, when the database's folder is new: a role for the services that owns their database and is no
# superuser. The extension is there already; only a superuser could have made it.
set -eu

psql -v ON_ERROR_STOP=1 -v password="$(cat /run/secrets/wk_database_password)" -U postgres -d watchkeeper <<'SQL'
CREATE ROLE watchkeeper LOGIN PASSWORD :'password';
ALTER DATABASE watchkeeper OWNER TO watchkeeper;
ALTER SCHEMA public OWNER TO watchkeeper;
SQL
