CREATE SCHEMA IF NOT EXISTS "social";
--> statement-breakpoint
CREATE TABLE "social"."posts" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "social"."posts_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"title" text NOT NULL,
	"content" text NOT NULL,
	"published" boolean DEFAULT true NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"owner_id" bigint NOT NULL,
	"votes" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "posts_title_length" CHECK (char_length("social"."posts"."title") between 1 and 300),
	CONSTRAINT "posts_content_length" CHECK (char_length("social"."posts"."content") between 1 and 40000),
	CONSTRAINT "posts_votes_counted" CHECK ("social"."posts"."votes" >= 0)
);
--> statement-breakpoint
CREATE TABLE "social"."profiles" (
	"id" bigint PRIMARY KEY NOT NULL,
	"email" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "social"."votes" (
	"post_id" bigint NOT NULL,
	"user_id" bigint NOT NULL,
	CONSTRAINT "votes_post_id_user_id_pk" PRIMARY KEY("post_id","user_id")
);
--> statement-breakpoint
ALTER TABLE "social"."posts" ADD CONSTRAINT "posts_owner_id_profiles_id_fk" FOREIGN KEY ("owner_id") REFERENCES "social"."profiles"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "social"."votes" ADD CONSTRAINT "votes_post_id_posts_id_fk" FOREIGN KEY ("post_id") REFERENCES "social"."posts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "social"."votes" ADD CONSTRAINT "votes_user_id_profiles_id_fk" FOREIGN KEY ("user_id") REFERENCES "social"."profiles"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "posts_published_by_time" ON "social"."posts" USING btree ("created_at","id") WHERE "social"."posts"."published";--> statement-breakpoint
CREATE INDEX "posts_drafts_by_time" ON "social"."posts" USING btree ("owner_id","created_at","id") WHERE not "social"."posts"."published";--> statement-breakpoint
CREATE INDEX "posts_title_trigrams" ON "social"."posts" USING gin ("title" gin_trgm_ops);