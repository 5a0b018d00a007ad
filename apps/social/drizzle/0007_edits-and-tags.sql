CREATE TABLE "social"."post_edits" (
	"post_id" bigint NOT NULL,
	"version" integer NOT NULL,
	"title" text NOT NULL,
	"content" text NOT NULL,
	"written_at" timestamp (3) with time zone NOT NULL,
	"replaced_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "post_edits_post_id_version_pk" PRIMARY KEY("post_id","version")
);
--> statement-breakpoint
CREATE TABLE "social"."post_tags" (
	"post_id" bigint NOT NULL,
	"tag" text NOT NULL,
	"listed_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "post_tags_post_id_tag_pk" PRIMARY KEY("post_id","tag")
);
--> statement-breakpoint
ALTER TABLE "social"."post_edits" ADD CONSTRAINT "post_edits_post_id_posts_id_fk" FOREIGN KEY ("post_id") REFERENCES "social"."posts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "social"."post_tags" ADD CONSTRAINT "post_tags_post_id_posts_id_fk" FOREIGN KEY ("post_id") REFERENCES "social"."posts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "post_tags_by_time" ON "social"."post_tags" USING btree ("tag","listed_at","post_id");--> statement-breakpoint
CREATE FUNCTION "social"."record_edit"() RETURNS trigger
	LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO "social"."post_edits" ("post_id", "version", "title", "content", "written_at", "replaced_at")
		VALUES (OLD."id", OLD."version", OLD."title", OLD."content", coalesce(OLD."edited_at", OLD."published_at"), now());
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "posts_edited" AFTER UPDATE OF "title", "content" ON "social"."posts" FOR EACH ROW
	WHEN (OLD."published_at" IS NOT NULL AND (OLD."title", OLD."content") IS DISTINCT FROM (NEW."title", NEW."content"))
	EXECUTE FUNCTION "social"."record_edit"();
