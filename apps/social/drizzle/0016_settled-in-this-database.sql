-- A transaction in another database of the server holds up no feed of this one.
CREATE OR REPLACE FUNCTION "social"."settled_at"() RETURNS timestamp (3) with time zone
	LANGUAGE sql STABLE PARALLEL RESTRICTED
	RETURN date_trunc('milliseconds', least(now() - interval '2 seconds', (SELECT greatest(min("xact_start"), now() - interval '1 minute')
		FROM pg_stat_get_activity(NULL) WHERE "backend_xid" IS NOT NULL
			AND "datid" = (SELECT "oid" FROM "pg_database" WHERE "datname" = current_database()) HAVING count(*) > 0)));
