-- Who may do what in the gateway, and who did what.
CREATE TABLE users (
    user_id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name                 text NOT NULL,
    role                 text NOT NULL CHECK (role IN ('admin', 'operator', 'viewer')),
    password_hash        text NOT NULL,
    must_change_password boolean NOT NULL DEFAULT false,
    disabled             boolean NOT NULL DEFAULT false,
    created_at           timestamptz NOT NULL DEFAULT now(),
    signed_in_at         timestamptz
);
CREATE UNIQUE INDEX users_name ON users (lower(name));

-- The cookie holds the token, the database only its SHA-256: a stolen copy of this table signs nobody in.
CREATE TABLE sessions (
    session_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    token_hash bytea NOT NULL UNIQUE,
    user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    seen_at    timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    address    text NOT NULL DEFAULT '',
    user_agent text NOT NULL DEFAULT ''
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- The same for keys; revoked keys stay, so that the audit log's names keep their meaning.
CREATE TABLE api_keys (
    key_id     uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name       text NOT NULL,
    scopes     text[] NOT NULL CHECK (cardinality(scopes) > 0 AND scopes <@ ARRAY['admin', 'read', 'ingest']),
    key_hash   bytea NOT NULL UNIQUE,
    hint       text NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz,
    used_at    timestamptz
);
CREATE INDEX api_keys_order ON api_keys (created_at, key_id);

-- Written in the transaction of the change it tells of. Only ever added to.
CREATE TABLE audit_log (
    audit_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at          timestamptz NOT NULL DEFAULT now(),
    actor_kind  text NOT NULL CHECK (actor_kind IN ('user', 'key', 'system', 'anonymous')),
    actor_id    text NOT NULL DEFAULT '',
    actor_name  text NOT NULL DEFAULT '',
    action      text NOT NULL,
    object_kind text NOT NULL,
    object_id   text NOT NULL DEFAULT '',
    before      jsonb,
    after       jsonb,
    address     text NOT NULL DEFAULT '',
    request_id  text NOT NULL DEFAULT ''
);
CREATE INDEX audit_log_actor ON audit_log (actor_id, audit_id);
CREATE INDEX audit_log_object ON audit_log (object_kind, object_id, audit_id);
CREATE INDEX audit_log_at ON audit_log (at);
