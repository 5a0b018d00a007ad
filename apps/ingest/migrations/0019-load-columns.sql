-- The tables of staged rows and of rows as they were before have their load in `_of_load`, which was `load_id`: a column of a table may be
-- called that. Which tables these are is in the rows of `ingest_tables`, so that `src/migrate.ts` renames the column after this file.
-- Its entry among the migrations keeps earlier versions, which look for `load_id`, from this database.
DO 0;
