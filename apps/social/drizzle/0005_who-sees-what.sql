CREATE TABLE "social"."follows" (
	"follower_id" bigint NOT NULL,
	"followee_id" bigint NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "follows_follower_id_followee_id_pk" PRIMARY KEY("follower_id","followee_id"),
	CONSTRAINT "follows_another" CHECK ("social"."follows"."follower_id" <> "social"."follows"."followee_id")
);
--> statement-breakpoint
CREATE TABLE "social"."hidden" (
	"viewer_id" bigint NOT NULL,
	"author_id" bigint NOT NULL,
	"reason" smallint NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "hidden_viewer_id_author_id_reason_pk" PRIMARY KEY("viewer_id","author_id","reason"),
	CONSTRAINT "hidden_reason_known" CHECK ("social"."hidden"."reason" between 1 and 6)
);
--> statement-breakpoint
CREATE TABLE "social"."post_counters" (
	"post_id" bigint PRIMARY KEY NOT NULL,
	"votes" integer DEFAULT 0 NOT NULL,
	"comments" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "post_counters_counted" CHECK ("social"."post_counters"."votes" >= 0 and "social"."post_counters"."comments" >= 0)
);
--> statement-breakpoint
DROP INDEX "social"."posts_published_by_time";--> statement-breakpoint
DROP INDEX "social"."posts_drafts_by_time";--> statement-breakpoint
ALTER TABLE "social"."posts" ADD COLUMN "published_at" timestamp (3) with time zone;--> statement-breakpoint
UPDATE "social"."posts" SET "published_at" = "created_at" WHERE "published";--> statement-breakpoint
ALTER TABLE "social"."posts" ADD COLUMN "listed_at" timestamp (3) with time zone GENERATED ALWAYS AS (coalesce(published_at, created_at)) STORED NOT NULL;--> statement-breakpoint
ALTER TABLE "social"."posts" ADD COLUMN "edited_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "social"."posts" ADD COLUMN "version" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "social"."posts" ADD COLUMN "removed_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "social"."profiles" ADD COLUMN "handle" text;--> statement-breakpoint
ALTER TABLE "social"."profiles" ADD COLUMN "handle_key" text;--> statement-breakpoint
ALTER TABLE "social"."profiles" ADD COLUMN "handle_changed_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "social"."profiles" ADD COLUMN "display_name" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "social"."profiles" ADD COLUMN "bio" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "social"."profiles" ADD COLUMN "suspended_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "social"."profiles" ADD COLUMN "deactivated_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "social"."profiles" ADD COLUMN "deleted_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "social"."follows" ADD CONSTRAINT "follows_follower_id_profiles_id_fk" FOREIGN KEY ("follower_id") REFERENCES "social"."profiles"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "social"."follows" ADD CONSTRAINT "follows_followee_id_profiles_id_fk" FOREIGN KEY ("followee_id") REFERENCES "social"."profiles"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "social"."hidden" ADD CONSTRAINT "hidden_author_id_profiles_id_fk" FOREIGN KEY ("author_id") REFERENCES "social"."profiles"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "social"."post_counters" ADD CONSTRAINT "post_counters_post_id_posts_id_fk" FOREIGN KEY ("post_id") REFERENCES "social"."posts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
INSERT INTO "social"."post_counters" ("post_id", "votes") SELECT "id", "votes" FROM "social"."posts";--> statement-breakpoint
CREATE FUNCTION "social"."count_new_posts"() RETURNS trigger
	LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO "social"."post_counters" ("post_id") SELECT "id" FROM "added";
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "posts_counted" AFTER INSERT ON "social"."posts"
	REFERENCING NEW TABLE AS "added" FOR EACH STATEMENT EXECUTE FUNCTION "social"."count_new_posts"();--> statement-breakpoint
CREATE INDEX "follows_of" ON "social"."follows" USING btree ("follower_id","created_at","followee_id");--> statement-breakpoint
CREATE INDEX "followers_of" ON "social"."follows" USING btree ("followee_id","created_at","follower_id");--> statement-breakpoint
CREATE INDEX "hidden_by_author" ON "social"."hidden" USING btree ("author_id");--> statement-breakpoint
CREATE INDEX "hidden_by_time" ON "social"."hidden" USING btree ("viewer_id","reason","created_at","author_id");--> statement-breakpoint
CREATE INDEX "posts_of_owner_by_time" ON "social"."posts" USING btree ("owner_id","listed_at","id") WHERE "social"."posts"."published";--> statement-breakpoint
CREATE INDEX "posts_published_by_time" ON "social"."posts" USING btree ("listed_at","id") WHERE "social"."posts"."published";--> statement-breakpoint
CREATE INDEX "posts_drafts_by_time" ON "social"."posts" USING btree ("owner_id","listed_at","id") WHERE not "social"."posts"."published";--> statement-breakpoint
ALTER TABLE "social"."profiles" ADD CONSTRAINT "profiles_handle_key" UNIQUE("handle_key");--> statement-breakpoint
ALTER TABLE "social"."profiles" ADD CONSTRAINT "profiles_handle_keyed" CHECK (("social"."profiles"."handle" is null) = ("social"."profiles"."handle_key" is null));
--> statement-breakpoint
-- What the planner must know of the new columns.
ANALYZE "social"."posts", "social"."post_counters";
