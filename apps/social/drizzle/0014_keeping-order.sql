CREATE TABLE "social"."appeals" (
	"action_id" bigint PRIMARY KEY NOT NULL,
	"author_id" bigint NOT NULL,
	"content" text NOT NULL,
	"state" text DEFAULT 'open' NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"decided_by" bigint,
	"decided_at" timestamp (3) with time zone,
	"answer" text DEFAULT '' NOT NULL
);
--> statement-breakpoint
CREATE TABLE "social"."moderation_actions" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "social"."moderation_actions_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"staff_id" bigint NOT NULL,
	"action" text NOT NULL,
	"subject" text NOT NULL,
	"subject_id" bigint NOT NULL,
	"author_id" bigint NOT NULL,
	"reason" text NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "social"."reports" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "social"."reports_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"reporter_id" bigint,
	"subject" text NOT NULL,
	"subject_id" bigint NOT NULL,
	"author_id" bigint NOT NULL,
	"reason" text NOT NULL,
	"note" text DEFAULT '' NOT NULL,
	"said" text NOT NULL,
	"state" text DEFAULT 'open' NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"handled_by" bigint,
	"handled_at" timestamp (3) with time zone,
	"outcome" text DEFAULT '' NOT NULL
);
--> statement-breakpoint
CREATE TABLE "social"."word_filters" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "social"."word_filters_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"phrase" text NOT NULL,
	"key" text NOT NULL,
	"action" text NOT NULL,
	"created_by" bigint NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "word_filters_key" UNIQUE("key")
);
--> statement-breakpoint
CREATE TABLE "social"."write_counts" (
	"profile_id" bigint NOT NULL,
	"kind" text NOT NULL,
	"hour" timestamp with time zone NOT NULL,
	"used" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "write_counts_profile_id_kind_hour_pk" PRIMARY KEY("profile_id","kind","hour"),
	CONSTRAINT "write_counts_positive" CHECK ("social"."write_counts"."used" > 0)
);
--> statement-breakpoint
ALTER TABLE "social"."appeals" ADD CONSTRAINT "appeals_action_id_moderation_actions_id_fk" FOREIGN KEY ("action_id") REFERENCES "social"."moderation_actions"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "social"."appeals" ADD CONSTRAINT "appeals_author_id_profiles_id_fk" FOREIGN KEY ("author_id") REFERENCES "social"."profiles"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "social"."appeals" ADD CONSTRAINT "appeals_decided_by_profiles_id_fk" FOREIGN KEY ("decided_by") REFERENCES "social"."profiles"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "social"."moderation_actions" ADD CONSTRAINT "moderation_actions_staff_id_profiles_id_fk" FOREIGN KEY ("staff_id") REFERENCES "social"."profiles"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "social"."moderation_actions" ADD CONSTRAINT "moderation_actions_author_id_profiles_id_fk" FOREIGN KEY ("author_id") REFERENCES "social"."profiles"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "social"."reports" ADD CONSTRAINT "reports_reporter_id_profiles_id_fk" FOREIGN KEY ("reporter_id") REFERENCES "social"."profiles"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "social"."reports" ADD CONSTRAINT "reports_author_id_profiles_id_fk" FOREIGN KEY ("author_id") REFERENCES "social"."profiles"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "social"."reports" ADD CONSTRAINT "reports_handled_by_profiles_id_fk" FOREIGN KEY ("handled_by") REFERENCES "social"."profiles"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "social"."word_filters" ADD CONSTRAINT "word_filters_created_by_profiles_id_fk" FOREIGN KEY ("created_by") REFERENCES "social"."profiles"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "social"."write_counts" ADD CONSTRAINT "write_counts_profile_id_profiles_id_fk" FOREIGN KEY ("profile_id") REFERENCES "social"."profiles"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "appeals_by_state" ON "social"."appeals" USING btree ("state","action_id");--> statement-breakpoint
CREATE INDEX "moderation_actions_of_author" ON "social"."moderation_actions" USING btree ("author_id","id");--> statement-breakpoint
CREATE INDEX "moderation_actions_of_subject" ON "social"."moderation_actions" USING btree ("subject","subject_id","id");--> statement-breakpoint
CREATE UNIQUE INDEX "reports_open_once" ON "social"."reports" USING btree ("subject","subject_id",coalesce("reporter_id", 0)) WHERE "social"."reports"."state" = 'open';--> statement-breakpoint
CREATE INDEX "reports_by_state" ON "social"."reports" USING btree ("state","id");--> statement-breakpoint
CREATE INDEX "write_counts_by_hour" ON "social"."write_counts" USING btree ("hour");