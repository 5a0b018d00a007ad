ALTER TABLE "social"."done_requests" ADD COLUMN "fingerprint" text;
--> statement-breakpoint
-- A vote that was refused was recorded as if it had been done, and would be refused for two days whatever has changed since.
DELETE FROM "social"."done_requests" WHERE "result" IN ('"no change"', '"unknown post"');
