CREATE TABLE "social"."former_handles" (
	"handle_key" text PRIMARY KEY NOT NULL,
	"handle" text NOT NULL,
	"profile_id" bigint NOT NULL,
	"until" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "social"."former_handles" ADD CONSTRAINT "former_handles_profile_id_profiles_id_fk" FOREIGN KEY ("profile_id") REFERENCES "social"."profiles"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "former_handles_of" ON "social"."former_handles" USING btree ("profile_id");