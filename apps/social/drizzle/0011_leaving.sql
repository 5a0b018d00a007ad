CREATE TABLE "social"."removals" (
	"profile_id" bigint PRIMARY KEY NOT NULL,
	"keep_posts" boolean NOT NULL,
	"requested_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"removed" integer DEFAULT 0 NOT NULL,
	"finished_at" timestamp (3) with time zone
);
--> statement-breakpoint
ALTER TABLE "social"."profiles" ADD COLUMN "checked_at" timestamp (3) with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
ALTER TABLE "social"."removals" ADD CONSTRAINT "removals_profile_id_profiles_id_fk" FOREIGN KEY ("profile_id") REFERENCES "social"."profiles"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "removals_unfinished" ON "social"."removals" USING btree ("requested_at") WHERE "social"."removals"."finished_at" is null;--> statement-breakpoint
CREATE INDEX "profiles_by_check" ON "social"."profiles" USING btree ("checked_at") WHERE "social"."profiles"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "profiles_deactivated" ON "social"."profiles" USING btree ("checked_at") WHERE "social"."profiles"."deactivated_at" is not null;--> statement-breakpoint
CREATE INDEX "votes_of_user" ON "social"."votes" USING btree ("user_id","post_id");