-- A title as searches compare it: compatible forms alike (ﬁ and fi, full and half width), lower case, no accents, final
-- sigma as any other, composed. The marks that go are those of Latin, Greek and Cyrillic letters and the points of Hebrew,
-- Arabic and Syriac; vowel signs, viramas, Hangul and the voicing of kana are letters and stay. Independent of the
-- database's locale, in which lower() may know ASCII alone.
CREATE FUNCTION "social"."title_key"(title text) RETURNS text
	LANGUAGE sql IMMUTABLE
	RETURN CASE WHEN octet_length(title) = char_length(title) THEN lower(title COLLATE "C") ELSE
		normalize(translate(regexp_replace(lower(normalize(title, NFKD) COLLATE "und-x-icu"),
			'[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670'
			'\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u0711\u0730-\u074a\u0898-\u089f\u08ca-\u08e1\u08e3-\u08ff'
			'\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0\u2de0-\u2dff\ufe20-\ufe2f]', '', 'g'), 'ς', 'σ'), NFC) COLLATE "C" END;
--> statement-breakpoint
-- All n-grams of one, two and three characters of a title's key, each as the code points that it has, 21 bits for one. The
-- cost, many times what it is, keeps the planner from computing n-grams where the index has them.
CREATE FUNCTION "social"."title_grams"(title text) RETURNS bigint[]
	LANGUAGE plpgsql IMMUTABLE COST 10000 AS $$
DECLARE
	grams bigint[] := '{}';
	sign text;
	one bigint;
	two bigint := 0;
	three bigint;
BEGIN
	FOREACH sign IN ARRAY string_to_array("social"."title_key"(title), NULL) LOOP
		one := ascii(sign);
		three := (two << 21) | one;
		two := ((two & 2097151) << 21) | one;
		grams := grams || ARRAY[one, two, three];
	END LOOP;
	RETURN grams;
END $$;
--> statement-breakpoint
-- N-grams that every title has which contains the text: the text itself, or up to 16 of its trigrams.
CREATE FUNCTION "social"."search_grams"(search text) RETURNS bigint[]
	LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	key text := "social"."title_key"(search);
	length int := char_length(key);
	grams bigint[] := '{}';
	part text;
BEGIN
	FOR start IN 1 .. greatest(length - 2, least(length, 1)) BY greatest(1, ceil((length - 2) / 16.0)::int) LOOP
		part := substr(key, start, 3);
		grams := grams || ("social"."title_grams"(part))[3 * char_length(part)];
	END LOOP;
	RETURN grams;
END $$;
--> statement-breakpoint
SET LOCAL maintenance_work_mem = '256MB';
--> statement-breakpoint
CREATE INDEX "posts_title_grams" ON "social"."posts" USING gin (social.title_grams("title"));
--> statement-breakpoint
-- What the planner must know of the n-grams to choose well.
ANALYZE "social"."posts";
--> statement-breakpoint
-- Last, for its lock stops readers.
DROP INDEX "social"."posts_title_trigrams";
