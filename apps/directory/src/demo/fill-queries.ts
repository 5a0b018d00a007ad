import type { PostgresSql } from "@quintet/db";
import type { TransactionSql } from "postgres";
import type { bios } from "./bios.ts";
import { type Group, withSlugs } from "./cultures.ts";

/**
 * Puts the names into temporary tables; false when there are users already or another process is filling the directory. The
 * transaction does not count names while it writes: it calls directory.recount_names() at its end.
 */
export async function prepareDemo(tx: TransactionSql, groups: Group[]): Promise<boolean> {
  const [state] = await tx<{ wanted: boolean }[]>`
    SELECT pg_try_advisory_xact_lock(hashtext('directory demo')) AND NOT EXISTS (SELECT FROM directory.users) AS wanted`;
  if (!state?.wanted) return false;
  const rows = groups.flatMap(({ first, last }, group) => [
    ...withSlugs(first).map(([name, slug], rank) => ({ group, part: "first", rank, name, slug })),
    ...withSlugs(last).map(([name, slug], rank) => ({ group, part: "last", rank, name, slug })),
  ]);
  await tx`SELECT set_config('directory.bulk', 'on', true)`;
  await tx`
    CREATE TEMPORARY TABLE demo_names ON COMMIT DROP AS
    SELECT * FROM unnest(
      ${rows.map((row) => row.group)}::int[], ${rows.map((row) => row.part)}::text[], ${rows.map((row) => row.rank)}::int[],
      ${rows.map((row) => row.name)}::text[], ${rows.map((row) => row.slug)}::text[]
    ) AS names ("group", part, rank, name, slug)`;
  const slots = groups.flatMap(({ share, first, last }, group) =>
    Array.from({ length: share }, () => ({ group, first: first.length, last: last.length })),
  );
  await tx`
    CREATE TEMPORARY TABLE demo_groups ON COMMIT DROP AS
    SELECT * FROM unnest(
      ${slots.map((slot) => slot.group)}::int[], ${slots.map((slot) => slot.first)}::float8[], ${slots.map((slot) => slot.last)}::float8[]
    ) WITH ORDINALITY AS slots ("group", first_names, last_names, slot)`;
  await tx`ANALYZE demo_names, demo_groups`;
  return true;
}

/**
 * Inserts the users `from` to `to`. All fields of user n are derived from hashes of n. Names are drawn by rank, with a frequency of
 * about 1 / (20 + r) at rank r: the Zipf–Mandelbrot law, which real names follow.
 */
export async function insertDemoUsers(tx: TransactionSql, from: number, to: number, texts: typeof bios): Promise<void> {
  await tx`
    INSERT INTO directory.users (first_name, last_name, email, bio, created_at, updated_at)
    SELECT first.name, last.name,
      concat_ws('.', nullif(first.slug, ''), nullif(last.slug, ''), drawn.n) || (ARRAY['@example.com', '@example.net', '@example.org'])[1 + drawn.n % 3],
      texts.work[1 + drawn.bio % cardinality(texts.work)]
        || ' ' || texts.place[1 + (drawn.bio >> 8) % cardinality(texts.place)]
        || '. ' || texts.pastime[1 + (drawn.bio >> 16) % cardinality(texts.pastime)] || '.',
      drawn.made, drawn.made
    FROM (
      SELECT n, groups."group", '2021-01-01T00:00:00Z'::timestamptz + n * interval '2 minutes' AS made,
        floor(20 * power((20 + groups.first_names) / 20, (hashint8extended(n, 1) & 4294967295) / 4294967296.0::float8) - 20)::int AS first_rank,
        floor(20 * power((20 + groups.last_names) / 20, (hashint8extended(n, 2) & 4294967295) / 4294967296.0::float8) - 20)::int AS last_rank,
        (hashint8extended(n, 3) & 2147483647)::int AS bio
      FROM generate_series(${from}::bigint, ${to}::bigint) AS n
      JOIN demo_groups AS groups ON groups.slot = 1 + (hashint8extended(n, 0) & 2147483647) % 200
    ) AS drawn
    JOIN demo_names AS first ON first."group" = drawn."group" AND first.part = 'first' AND first.rank = drawn.first_rank
    JOIN demo_names AS last ON last."group" = drawn."group" AND last.part = 'last' AND last.rank = drawn.last_rank
    CROSS JOIN (SELECT ${texts.work}::text[] AS work, ${texts.place}::text[] AS place, ${texts.pastime}::text[] AS pastime) AS texts
    ORDER BY drawn.n`;
}

/** Updates the planner's statistics and the visibility maps, so that index-only scans work. */
export async function tidyUp(sql: PostgresSql): Promise<void> {
  await sql`VACUUM (ANALYZE) directory.users, directory.last_names, directory.first_names, directory.last_name_prefixes`;
}
