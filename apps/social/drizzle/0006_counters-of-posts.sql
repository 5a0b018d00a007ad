ALTER TABLE "social"."posts" DROP CONSTRAINT "posts_votes_counted";--> statement-breakpoint
ALTER TABLE "social"."posts" DROP COLUMN "votes";