-- The operator class of the index on titles. The extension is trusted: no superuser is needed.
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;
