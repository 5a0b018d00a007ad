-- Users, and how many of them bear each name. Why it is so: docs/decisions/name-search.md.

CREATE EXTENSION IF NOT EXISTS unaccent WITH SCHEMA public;
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;
CREATE SCHEMA directory;

-- A name as it is compared, searched and sorted: without accents, in lower case. Names come in Unicode's form NFC.
-- The dictionary of unaccent is taken as fixed; who changes it writes the names anew.
CREATE FUNCTION directory.name_key(name text) RETURNS text
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN lower(public.unaccent('public.unaccent'::regdictionary, name));

-- The LIKE pattern that finds a word as it stands in any part of a key.
CREATE FUNCTION directory.name_pattern(word text) RETURNS text
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN '%' || regexp_replace(directory.name_key(word), '([\\%_])', '\\\1', 'g') || '%';

CREATE TABLE directory.users (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  first_name text NOT NULL CHECK (char_length(first_name) BETWEEN 1 AND 100),
  last_name text NOT NULL CHECK (char_length(last_name) BETWEEN 1 AND 100),
  email text NOT NULL CHECK (char_length(email) BETWEEN 3 AND 254),
  bio text NOT NULL DEFAULT '' CHECK (char_length(bio) <= 2000),
  first_key text COLLATE "C" NOT NULL GENERATED ALWAYS AS (directory.name_key(first_name)) STORED,
  last_key text COLLATE "C" NOT NULL GENERATED ALWAYS AS (directory.name_key(last_name)) STORED
);

CREATE UNIQUE INDEX users_email ON directory.users (lower(email) COLLATE "C");
CREATE INDEX users_by_last_name ON directory.users (last_key, first_key, id);
CREATE INDEX users_by_first_name ON directory.users (first_key, last_key, id);

-- Every name that somebody bears, how many do, and how some of them write it.
CREATE TABLE directory.last_names (
  name text COLLATE "C" PRIMARY KEY,
  users bigint NOT NULL,
  spelling text NOT NULL
);
CREATE TABLE directory.first_names (
  name text COLLATE "C" PRIMARY KEY,
  users bigint NOT NULL,
  spelling text NOT NULL
);
CREATE INDEX last_names_parts ON directory.last_names USING gin (name public.gin_trgm_ops);
CREATE INDEX first_names_parts ON directory.first_names USING gin (name public.gin_trgm_ops);

-- How many users have a last name that begins with these two characters: the total, and where a numbered page begins.
CREATE TABLE directory.last_name_prefixes (
  prefix text COLLATE "C" PRIMARY KEY,
  users bigint NOT NULL
);

-- Keeps the counts within the transaction of each write. The rows are always taken in one order (last names, prefixes,
-- first names; each by name), so that two writes cannot wait for each other.
CREATE FUNCTION directory.count_names() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.last_key IS DISTINCT FROM NEW.last_key THEN
    INSERT INTO directory.last_names AS kept (name, users, spelling)
      SELECT key, change, spelling
      FROM (VALUES (NEW.last_key, 1, NEW.last_name), (OLD.last_key, -1, OLD.last_name)) AS c (key, change, spelling)
      WHERE key IS NOT NULL ORDER BY key
      ON CONFLICT (name) DO UPDATE SET users = kept.users + excluded.users;
    DELETE FROM directory.last_names WHERE name = OLD.last_key AND users = 0;
    INSERT INTO directory.last_name_prefixes AS kept (prefix, users)
      SELECT left(key, 2), sum(change)
      FROM (VALUES (NEW.last_key, 1), (OLD.last_key, -1)) AS c (key, change)
      WHERE key IS NOT NULL GROUP BY 1 HAVING sum(change) <> 0 ORDER BY 1
      ON CONFLICT (prefix) DO UPDATE SET users = kept.users + excluded.users;
    DELETE FROM directory.last_name_prefixes WHERE prefix = left(OLD.last_key, 2) AND users = 0;
  END IF;
  IF OLD.first_key IS DISTINCT FROM NEW.first_key THEN
    INSERT INTO directory.first_names AS kept (name, users, spelling)
      SELECT key, change, spelling
      FROM (VALUES (NEW.first_key, 1, NEW.first_name), (OLD.first_key, -1, OLD.first_name)) AS c (key, change, spelling)
      WHERE key IS NOT NULL ORDER BY key
      ON CONFLICT (name) DO UPDATE SET users = kept.users + excluded.users;
    DELETE FROM directory.first_names WHERE name = OLD.first_key AND users = 0;
  END IF;
  RETURN NULL;
END $$;

-- A bulk load sets directory.bulk to 'on' in its transaction, writes, and calls directory.recount_names() at its end.
CREATE TRIGGER count_names AFTER INSERT OR UPDATE OR DELETE ON directory.users
  FOR EACH ROW WHEN (current_setting('directory.bulk', true) IS DISTINCT FROM 'on')
  EXECUTE FUNCTION directory.count_names();

-- Counts all names anew. Other writers wait; readers do not.
CREATE FUNCTION directory.recount_names() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  LOCK TABLE directory.users IN SHARE ROW EXCLUSIVE MODE;
  DELETE FROM directory.last_names;
  DELETE FROM directory.first_names;
  DELETE FROM directory.last_name_prefixes;
  INSERT INTO directory.last_names (name, users, spelling)
    SELECT last_key, sum(users), (array_agg(last_name ORDER BY users DESC))[1]
    FROM (SELECT last_key, last_name, count(*) AS users FROM directory.users GROUP BY 1, 2) AS spellings
    GROUP BY last_key;
  INSERT INTO directory.first_names (name, users, spelling)
    SELECT first_key, sum(users), (array_agg(first_name ORDER BY users DESC))[1]
    FROM (SELECT first_key, first_name, count(*) AS users FROM directory.users GROUP BY 1, 2) AS spellings
    GROUP BY first_key;
  INSERT INTO directory.last_name_prefixes (prefix, users)
    SELECT left(name, 2), sum(users) FROM directory.last_names GROUP BY 1;
END $$;
