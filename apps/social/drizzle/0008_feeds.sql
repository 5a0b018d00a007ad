DROP INDEX "social"."posts_published_by_time";--> statement-breakpoint
DROP INDEX "social"."posts_of_owner_by_time";--> statement-breakpoint
CREATE INDEX "posts_published_by_time" ON "social"."posts" USING btree ("listed_at","id") WHERE "social"."posts"."published" and "social"."posts"."removed_at" is null;--> statement-breakpoint
CREATE INDEX "posts_of_owner_by_time" ON "social"."posts" USING btree ("owner_id","listed_at","id") WHERE "social"."posts"."published" and "social"."posts"."removed_at" is null;--> statement-breakpoint
-- A moment before which all posts are committed that ever will be, two seconds ago or when the oldest transaction that writes began: a
-- post has the time at which its transaction began. A transaction of more than a minute does not hold up the readers.
CREATE FUNCTION "social"."settled_at"() RETURNS timestamp (3) with time zone
	LANGUAGE sql STABLE PARALLEL RESTRICTED
	RETURN date_trunc('milliseconds', least(now() - interval '2 seconds', (SELECT greatest(min("xact_start"), now() - interval '1 minute')
		FROM pg_stat_get_activity(NULL) WHERE "backend_xid" IS NOT NULL HAVING count(*) > 0)));
