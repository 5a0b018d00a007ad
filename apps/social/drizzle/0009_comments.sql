CREATE TABLE "social"."comment_counters" (
	"comment_id" bigint PRIMARY KEY NOT NULL,
	"post_id" bigint NOT NULL,
	"parent_id" bigint NOT NULL,
	"votes" integer DEFAULT 0 NOT NULL,
	"replies" integer DEFAULT 0 NOT NULL,
	"children" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "comment_counters_counted" CHECK ("social"."comment_counters"."votes" >= 0 and "social"."comment_counters"."replies" between 0 and "social"."comment_counters"."children")
);
--> statement-breakpoint
CREATE TABLE "social"."comment_votes" (
	"comment_id" bigint NOT NULL,
	"user_id" bigint NOT NULL,
	CONSTRAINT "comment_votes_comment_id_user_id_pk" PRIMARY KEY("comment_id","user_id")
);
--> statement-breakpoint
CREATE TABLE "social"."comments" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "social"."comments_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"post_id" bigint NOT NULL,
	"parent_id" bigint,
	"depth" smallint NOT NULL,
	"author_id" bigint NOT NULL,
	"content" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"edited_at" timestamp (3) with time zone,
	"deleted_at" timestamp (3) with time zone,
	"removed_at" timestamp (3) with time zone,
	CONSTRAINT "comments_depth" CHECK ("social"."comments"."depth" between 0 and 50),
	CONSTRAINT "comments_nested" CHECK (("social"."comments"."parent_id" is null) = ("social"."comments"."depth" = 0)),
	CONSTRAINT "comments_content_length" CHECK (char_length("social"."comments"."content") <= 10000 and ("social"."comments"."content" <> '') = ("social"."comments"."deleted_at" is null))
);
--> statement-breakpoint
CREATE TABLE "social"."bookmarks" (
	"user_id" bigint NOT NULL,
	"post_id" bigint NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "bookmarks_user_id_post_id_pk" PRIMARY KEY("user_id","post_id")
);
--> statement-breakpoint
CREATE TABLE "social"."mentions" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "social"."mentions_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"post_id" bigint NOT NULL,
	"comment_id" bigint,
	"author_id" bigint NOT NULL,
	"user_id" bigint NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "social"."comment_counters" ADD CONSTRAINT "comment_counters_comment_id_comments_id_fk" FOREIGN KEY ("comment_id") REFERENCES "social"."comments"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "social"."comment_votes" ADD CONSTRAINT "comment_votes_comment_id_comments_id_fk" FOREIGN KEY ("comment_id") REFERENCES "social"."comments"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "social"."comment_votes" ADD CONSTRAINT "comment_votes_user_id_profiles_id_fk" FOREIGN KEY ("user_id") REFERENCES "social"."profiles"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "social"."comments" ADD CONSTRAINT "comments_post_id_posts_id_fk" FOREIGN KEY ("post_id") REFERENCES "social"."posts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "social"."comments" ADD CONSTRAINT "comments_author_id_profiles_id_fk" FOREIGN KEY ("author_id") REFERENCES "social"."profiles"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "social"."bookmarks" ADD CONSTRAINT "bookmarks_user_id_profiles_id_fk" FOREIGN KEY ("user_id") REFERENCES "social"."profiles"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "social"."bookmarks" ADD CONSTRAINT "bookmarks_post_id_posts_id_fk" FOREIGN KEY ("post_id") REFERENCES "social"."posts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "social"."mentions" ADD CONSTRAINT "mentions_post_id_posts_id_fk" FOREIGN KEY ("post_id") REFERENCES "social"."posts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "social"."mentions" ADD CONSTRAINT "mentions_comment_id_comments_id_fk" FOREIGN KEY ("comment_id") REFERENCES "social"."comments"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "social"."mentions" ADD CONSTRAINT "mentions_author_id_profiles_id_fk" FOREIGN KEY ("author_id") REFERENCES "social"."profiles"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "social"."mentions" ADD CONSTRAINT "mentions_user_id_profiles_id_fk" FOREIGN KEY ("user_id") REFERENCES "social"."profiles"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "comment_counters_by_id" ON "social"."comment_counters" USING btree ("post_id","parent_id","comment_id");--> statement-breakpoint
CREATE INDEX "comment_counters_by_votes" ON "social"."comment_counters" USING btree ("post_id","parent_id","votes","comment_id");--> statement-breakpoint
CREATE INDEX "comment_votes_by_user" ON "social"."comment_votes" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "comments_by_author" ON "social"."comments" USING btree ("author_id","id");--> statement-breakpoint
CREATE INDEX "comments_of_post" ON "social"."comments" USING btree ("post_id","author_id");--> statement-breakpoint
CREATE INDEX "bookmarks_by_time" ON "social"."bookmarks" USING btree ("user_id","created_at","post_id");--> statement-breakpoint
CREATE INDEX "bookmarks_of_post" ON "social"."bookmarks" USING btree ("post_id");--> statement-breakpoint
CREATE UNIQUE INDEX "mentions_in_post" ON "social"."mentions" USING btree ("post_id","user_id") WHERE "social"."mentions"."comment_id" is null;--> statement-breakpoint
CREATE UNIQUE INDEX "mentions_in_comment" ON "social"."mentions" USING btree ("comment_id","user_id") WHERE "social"."mentions"."comment_id" is not null;--> statement-breakpoint
CREATE INDEX "mentions_of_user" ON "social"."mentions" USING btree ("user_id","id");--> statement-breakpoint
CREATE INDEX "mentions_by_author" ON "social"."mentions" USING btree ("author_id");--> statement-breakpoint
CREATE FUNCTION "social"."count_new_comments"() RETURNS trigger
	LANGUAGE plpgsql AS $$
BEGIN
	PERFORM FROM "social"."post_counters"
		WHERE "post_id" IN (SELECT "post_id" FROM "added") ORDER BY "post_id" FOR NO KEY UPDATE;
	INSERT INTO "social"."comment_counters" ("comment_id", "post_id", "parent_id")
		SELECT "id", "post_id", coalesce("parent_id", 0) FROM "added";
	UPDATE "social"."post_counters" c SET "comments" = c."comments" + n."count"
		FROM (SELECT "post_id", count(*) AS "count" FROM "added" GROUP BY 1) n WHERE c."post_id" = n."post_id";
	UPDATE "social"."comment_counters" c SET "replies" = c."replies" + n."count", "children" = c."children" + n."count"
		FROM (SELECT "parent_id", count(*) AS "count" FROM "added" WHERE "parent_id" IS NOT NULL GROUP BY 1) n
		WHERE c."comment_id" = n."parent_id";
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "comments_counted" AFTER INSERT ON "social"."comments"
	REFERENCING NEW TABLE AS "added" FOR EACH STATEMENT EXECUTE FUNCTION "social"."count_new_comments"();
--> statement-breakpoint
CREATE FUNCTION "social"."count_changed_comments"() RETURNS trigger
	LANGUAGE plpgsql AS $$
DECLARE
	-- Posts and parents of the comments that were deleted, removed or restored, each with how many more there are now.
	"posts" jsonb;
	"parents" jsonb;
BEGIN
	WITH changed AS (
		SELECT n."post_id", n."parent_id",
			(n."deleted_at" IS NULL AND n."removed_at" IS NULL)::int - (o."deleted_at" IS NULL AND o."removed_at" IS NULL)::int AS "more"
		FROM "after" n JOIN "before" o USING ("id")
	)
	SELECT
		(SELECT jsonb_object_agg("post_id", "sum") FROM
			(SELECT "post_id", sum("more") AS "sum" FROM changed WHERE "more" <> 0 GROUP BY 1) p),
		(SELECT jsonb_object_agg("parent_id", "sum") FROM
			(SELECT "parent_id", sum("more") AS "sum" FROM changed WHERE "more" <> 0 AND "parent_id" IS NOT NULL GROUP BY 1) p)
	INTO "posts", "parents";
	IF "posts" IS NULL THEN RETURN NULL; END IF;
	PERFORM FROM "social"."post_counters"
		WHERE "post_id" IN (SELECT key::bigint FROM jsonb_object_keys("posts") key) ORDER BY "post_id" FOR NO KEY UPDATE;
	UPDATE "social"."post_counters" c SET "comments" = c."comments" + n.value::int
		FROM jsonb_each_text("posts") n WHERE c."post_id" = n.key::bigint;
	IF "parents" IS NULL THEN RETURN NULL; END IF;
	PERFORM FROM "social"."comment_counters"
		WHERE "comment_id" IN (SELECT key::bigint FROM jsonb_object_keys("parents") key) ORDER BY "comment_id" FOR NO KEY UPDATE;
	UPDATE "social"."comment_counters" c SET "replies" = c."replies" + n.value::int
		FROM jsonb_each_text("parents") n WHERE c."comment_id" = n.key::bigint;
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "comments_changed" AFTER UPDATE ON "social"."comments"
	REFERENCING OLD TABLE AS "before" NEW TABLE AS "after"
	FOR EACH STATEMENT EXECUTE FUNCTION "social"."count_changed_comments"();
