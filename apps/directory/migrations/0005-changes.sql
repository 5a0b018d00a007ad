-- What writes have changed, by which a cached response is known to hold or not. Why it is so: docs/decisions/directory-cache.md.

CREATE TABLE directory.changes (
  -- The transaction that made the change. Numbers are not in the order of commits: whether one is in a snapshot is asked of it.
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  -- Null: anything may have changed.
  user_id bigint,
  -- The user's keys before and after; null where there was or is none.
  old_last text COLLATE "C",
  old_first text COLLATE "C",
  new_last text COLLATE "C",
  new_first text COLLATE "C",
  -- Whether a name changed, as it is written or as it is folded; so it did when the user was created or deleted.
  renamed boolean NOT NULL DEFAULT true,
  bio_changed boolean NOT NULL DEFAULT true
);
CREATE INDEX changes_by_transaction ON directory.changes (xid);

-- Changes of transactions below `removed_below` were removed. All of them had ended by the time `removed_at` of the row before,
-- five minutes earlier at least: who has looked since then has seen them, who has not sees here that something is missing.
CREATE TABLE directory.removed_changes (
  removed_below xid8 NOT NULL,
  next_below xid8 NOT NULL,
  removed_at timestamptz NOT NULL
);
INSERT INTO directory.removed_changes VALUES ('0', pg_snapshot_xmin(pg_current_snapshot()), clock_timestamp());

-- Notes what a statement has changed, within its transaction. One that changes more than 1000 users may have changed anything.
CREATE FUNCTION directory.note_changes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  is_large boolean;
BEGIN
  IF TG_OP = 'INSERT' THEN
    is_large := EXISTS (SELECT FROM new_users OFFSET 1000);
  ELSIF TG_OP IN ('UPDATE', 'DELETE') THEN
    is_large := EXISTS (SELECT FROM old_users OFFSET 1000);
  END IF;

  IF TG_OP = 'TRUNCATE' OR is_large THEN
    INSERT INTO directory.changes DEFAULT VALUES;
  ELSIF TG_OP = 'INSERT' THEN
    INSERT INTO directory.changes (user_id, new_last, new_first) SELECT id, last_key, first_key FROM new_users;
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO directory.changes (user_id, old_last, old_first) SELECT id, last_key, first_key FROM old_users;
  ELSE
    INSERT INTO directory.changes (user_id, old_last, old_first, new_last, new_first, renamed, bio_changed)
      SELECT id, o.last_key, o.first_key, n.last_key, n.first_key,
        (o.last_name, o.first_name, o.last_key, o.first_key)
          IS DISTINCT FROM (n.last_name, n.first_name, n.last_key, n.first_key),
        o.bio IS DISTINCT FROM n.bio
      FROM old_users AS o FULL JOIN new_users AS n USING (id)
      WHERE o IS DISTINCT FROM n;
  END IF;

  PERFORM FROM directory.removed_changes
    WHERE removed_at < clock_timestamp() - interval '5 minutes' FOR UPDATE SKIP LOCKED;
  IF FOUND THEN
    UPDATE directory.removed_changes SET
      removed_below = next_below,
      next_below = pg_snapshot_xmin(pg_current_snapshot()),
      removed_at = clock_timestamp();
    DELETE FROM directory.changes WHERE xid < (SELECT removed_below FROM directory.removed_changes);
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER note_inserts AFTER INSERT ON directory.users REFERENCING NEW TABLE AS new_users
  FOR EACH STATEMENT EXECUTE FUNCTION directory.note_changes();
CREATE TRIGGER note_updates AFTER UPDATE ON directory.users REFERENCING OLD TABLE AS old_users NEW TABLE AS new_users
  FOR EACH STATEMENT EXECUTE FUNCTION directory.note_changes();
CREATE TRIGGER note_deletes AFTER DELETE ON directory.users REFERENCING OLD TABLE AS old_users
  FOR EACH STATEMENT EXECUTE FUNCTION directory.note_changes();
CREATE TRIGGER note_truncate AFTER TRUNCATE ON directory.users
  FOR EACH STATEMENT EXECUTE FUNCTION directory.note_changes();
