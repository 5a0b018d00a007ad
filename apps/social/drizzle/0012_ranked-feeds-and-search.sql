CREATE TABLE "social"."ranked_lists" (
	"name" text NOT NULL,
	"made_at" timestamp (3) with time zone NOT NULL,
	"post_ids" bigint[] NOT NULL,
	CONSTRAINT "ranked_lists_name_made_at_pk" PRIMARY KEY("name","made_at")
);
--> statement-breakpoint
CREATE TABLE "social"."post_documents" (
	"post_id" bigint PRIMARY KEY NOT NULL,
	"listed_at" timestamp (3) with time zone NOT NULL,
	"language" text NOT NULL,
	"words" "tsvector" NOT NULL
);
--> statement-breakpoint
ALTER TABLE "social"."post_counters" ADD COLUMN "listed_at" timestamp (3) with time zone;--> statement-breakpoint
UPDATE "social"."post_counters" SET "listed_at" = "posts"."listed_at" FROM "social"."posts"
	WHERE "posts"."id" = "post_counters"."post_id" AND "posts"."published" AND "posts"."removed_at" IS NULL;--> statement-breakpoint
ALTER TABLE "social"."post_counters" ADD COLUMN "hot" double precision GENERATED ALWAYS AS (log(greatest(votes, 1)::double precision) + extract(epoch from listed_at - timestamptz '2020-01-01T00:00:00Z')::double precision / 45000) STORED;--> statement-breakpoint
ALTER TABLE "social"."post_counters" ADD COLUMN "quarter" integer GENERATED ALWAYS AS (floor(extract(epoch from listed_at - timestamptz '1970-01-01T00:00:00Z') / 21600)::integer) STORED;--> statement-breakpoint
ALTER TABLE "social"."post_documents" ADD CONSTRAINT "post_documents_post_id_posts_id_fk" FOREIGN KEY ("post_id") REFERENCES "social"."posts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "post_documents_by_time" ON "social"."post_documents" USING btree ("listed_at","post_id");--> statement-breakpoint
CREATE INDEX "post_counters_by_hot" ON "social"."post_counters" USING btree ("hot","post_id") WHERE "social"."post_counters"."hot" is not null;--> statement-breakpoint
CREATE INDEX "post_counters_by_quarter" ON "social"."post_counters" USING btree ("quarter","votes","post_id") WHERE "social"."post_counters"."quarter" is not null;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION "social"."count_new_posts"() RETURNS trigger
	LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO "social"."post_counters" ("post_id", "listed_at")
		SELECT "id", CASE WHEN "published" AND "removed_at" IS NULL THEN "listed_at" END FROM "added";
	RETURN NULL;
END $$;
--> statement-breakpoint
-- A post that is published, withdrawn, removed or restored enters or leaves the ranked feeds.
CREATE FUNCTION "social"."list_changed_post"() RETURNS trigger
	LANGUAGE plpgsql AS $$
BEGIN
	UPDATE "social"."post_counters"
		SET "listed_at" = CASE WHEN NEW."published" AND NEW."removed_at" IS NULL THEN NEW."listed_at" END
		WHERE "post_id" = NEW."id";
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "posts_listed" AFTER UPDATE OF "published", "published_at", "removed_at" ON "social"."posts"
	FOR EACH ROW WHEN ((OLD."published", OLD."removed_at" IS NULL, OLD."listed_at")
		IS DISTINCT FROM (NEW."published", NEW."removed_at" IS NULL, NEW."listed_at"))
	EXECUTE FUNCTION "social"."list_changed_post"();
--> statement-breakpoint
ANALYZE "social"."post_counters";
--> statement-breakpoint
-- The languages whose words Postgres stems. Postgres 13 has them all.
CREATE FUNCTION "social"."search_languages"() RETURNS SETOF regconfig
	LANGUAGE sql IMMUTABLE AS $$ SELECT unnest('{simple,arabic,danish,dutch,english,finnish,french,german,greek,hungarian,italian,
		norwegian,portuguese,romanian,russian,spanish,swedish,turkish}'::regconfig[]) $$;
--> statement-breakpoint
-- All pairs of neighbours in a run of signs that are written without spaces, and each sign.
CREATE FUNCTION "social"."bigrams"(run text) RETURNS text
	LANGUAGE sql IMMUTABLE AS $$
	SELECT string_agg(sign || next, ' ') || ' ' || string_agg(sign, ' ') FROM (
		SELECT sign, coalesce(lead(sign) OVER (ORDER BY place), '') AS next
		FROM unnest(string_to_array(run, NULL)) WITH ORDINALITY signs(sign, place)) pairs $$;
--> statement-breakpoint
-- The words of a text as searches compare them, separated by spaces: keys as those of titles, letters and digits alone, and bigrams for
-- Chinese, Japanese, Korean, Thai, Lao, Burmese and Khmer.
CREATE FUNCTION "social"."search_words"(content text) RETURNS text
	LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	unspaced CONSTANT text := '\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3130-\u318f'
		'\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff';
	key text := "social"."title_key"(content);
BEGIN
	IF octet_length(key) = char_length(key) THEN
		RETURN regexp_replace(key COLLATE "C", '[^a-z0-9]+', ' ', 'g');
	END IF;
	key := regexp_replace(key COLLATE "und-x-icu", '[^[:alnum:]\u0300-\u036f\u0900-\u109f\u1780-\u17ff]+', ' ', 'g');
	IF key !~ ('[' || unspaced || ']') THEN
		RETURN key;
	END IF;
	RETURN (SELECT string_agg(coalesce("social"."bigrams"(part[1]), part[2]), ' ')
		FROM regexp_matches(key, '([' || unspaced || ']+)|([^' || unspaced || ']+)', 'g') part);
END $$;
--> statement-breakpoint
-- The language of a text: the one of which it has the most stop words, two at least. Texts of other scripts have theirs; others are
-- "simple": words without stems.
CREATE FUNCTION "social"."language_of"(content text) RETURNS regconfig
	LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	words text[];
	found regconfig;
BEGIN
	IF octet_length(content) > char_length(content) THEN
		IF content ~ '[\u0370-\u03ff]' THEN RETURN 'greek'; END IF;
		IF content ~ '[\u0600-\u06ff]' THEN RETURN 'arabic'; END IF;
	END IF;
	words := ARRAY(SELECT DISTINCT word FROM unnest((string_to_array("social"."search_words"(left(content, 600)), ' '))[1:80]) word
		WHERE char_length(word) BETWEEN 1 AND 12);
	SELECT language INTO found FROM (VALUES
		('danish'::regconfig, 'danish_stem'::regdictionary), ('dutch', 'dutch_stem'), ('english', 'english_stem'),
		('finnish', 'finnish_stem'), ('french', 'french_stem'), ('german', 'german_stem'), ('hungarian', 'hungarian_stem'),
		('italian', 'italian_stem'), ('norwegian', 'norwegian_stem'), ('portuguese', 'portuguese_stem'),
		('russian', 'russian_stem'), ('spanish', 'spanish_stem'), ('swedish', 'swedish_stem'), ('turkish', 'turkish_stem')
	) languages(language, stems), unnest(words) word
	WHERE ts_lexize(stems, word) = '{}'
	GROUP BY language HAVING count(*) >= 2 ORDER BY count(*) DESC, language::text LIMIT 1;
	RETURN coalesce(found, 'simple');
END $$;
--> statement-breakpoint
-- The lexemes of a post: stems of its language and, beside them, each word as it is. A word in the title counts more.
CREATE FUNCTION "social"."document_words"(language regconfig, title text, content text) RETURNS tsvector
	LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	of_title text := "social"."search_words"(title);
	of_content text := "social"."search_words"(content);
	words tsvector := setweight(to_tsvector('simple', of_title), 'A') || to_tsvector('simple', of_content);
BEGIN
	IF language = 'simple'::regconfig THEN
		RETURN words;
	END IF;
	RETURN words || setweight(to_tsvector(language, of_title), 'A') || to_tsvector(language, of_content);
END $$;
--> statement-breakpoint
-- What a text asks for in documents of a language: all of its words as they are, or all of their stems.
CREATE FUNCTION "social"."search_query"(language regconfig, words text) RETURNS tsquery
	LANGUAGE sql IMMUTABLE AS $$ SELECT plainto_tsquery('simple', words) || plainto_tsquery(language, words) $$;
--> statement-breakpoint
-- Keeps the documents of posts that are published and not removed.
CREATE FUNCTION "social"."document_posts"() RETURNS trigger
	LANGUAGE plpgsql AS $$
BEGIN
	IF NOT NEW."published" OR NEW."removed_at" IS NOT NULL THEN
		DELETE FROM "social"."post_documents" WHERE "post_id" = NEW."id";
		RETURN NULL;
	END IF;
	INSERT INTO "social"."post_documents" ("post_id", "listed_at", "language", "words")
		SELECT NEW."id", NEW."listed_at", language::text, "social"."document_words"(language, NEW."title", NEW."content")
		FROM "social"."language_of"(NEW."title" || ' ' || NEW."content") language
		ON CONFLICT ("post_id") DO UPDATE SET
			"listed_at" = excluded."listed_at", "language" = excluded."language", "words" = excluded."words";
	RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER "posts_documented" AFTER INSERT ON "social"."posts"
	FOR EACH ROW WHEN (NEW."published") EXECUTE FUNCTION "social"."document_posts"();
--> statement-breakpoint
CREATE TRIGGER "posts_documented_again" AFTER UPDATE OF "title", "content", "published", "published_at", "removed_at" ON "social"."posts"
	FOR EACH ROW WHEN ((OLD."title", OLD."content", OLD."published", OLD."removed_at", OLD."listed_at")
		IS DISTINCT FROM (NEW."title", NEW."content", NEW."published", NEW."removed_at", NEW."listed_at"))
	EXECUTE FUNCTION "social"."document_posts"();
--> statement-breakpoint
INSERT INTO "social"."post_documents" ("post_id", "listed_at", "language", "words")
	SELECT "id", "listed_at", language::text, "social"."document_words"(language, "title", "content")
	FROM "social"."posts", "social"."language_of"("title" || ' ' || "content") language
	WHERE "published" AND "removed_at" IS NULL;
--> statement-breakpoint
CREATE INDEX "post_documents_by_word" ON "social"."post_documents" USING gin ("words");
--> statement-breakpoint
CREATE INDEX "profiles_by_name" ON "social"."profiles" USING gin
	(to_tsvector('simple', "social"."search_words"(coalesce("handle", '') || ' ' || "display_name")));
--> statement-breakpoint
ANALYZE "social"."post_documents";
