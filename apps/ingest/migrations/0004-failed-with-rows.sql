-- Loads that failed by the end of their body after rows were stored, which is what being cut off means now: their keys go on.
UPDATE ingest_loads SET status = 'cut off', problem = NULL
  WHERE status = 'failed' AND mode <> 'replace' AND NOT dry_run AND max_rejects IS NULL AND on_error = 'skip'
    AND inserted + updated > 0;
