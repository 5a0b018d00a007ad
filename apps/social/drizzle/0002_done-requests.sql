CREATE TABLE "social"."done_requests" (
	"request_key" text PRIMARY KEY NOT NULL,
	"result" text NOT NULL,
	"done_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE INDEX "done_requests_by_time" ON "social"."done_requests" USING btree ("done_at");