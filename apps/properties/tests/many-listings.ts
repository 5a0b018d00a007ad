import { inMysqlTransaction, type MysqlPool } from "@quintet/db";
import type { Database } from "../src/database.ts";
import { buildNextBlock } from "../src/listings/build.ts";
import { indexAll } from "../src/term-index/term-index.ts";

const digit = `(SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4
  UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)`;
/** 1 to 10,000. */
const tenThousand = `(SELECT 1 + a.d + 10 * b.d + 100 * c.d + 1000 * e.d AS n
  FROM ${digit} AS a, ${digit} AS b, ${digit} AS c, ${digit} AS e) AS first`;

/** `CASE` of the texts of `fillMany`. */
const texts = `CASE WHEN n MOD 500 = 0 THEN 'Casa con helipuerto.' WHEN n MOD 700 = 0 THEN 'House with lake.'
  ELSE 'Casa con jardín.' END`;

/**
 * Properties with three statuses and a like each, made by the server: 10,000 are more than the bounded steps of a search
 * look at. Every 500th has a helipad, every 700th an English text. `description` is an expression of their number `n`.
 */
export async function fillMany(db: Database, count = 10_000, description = texts): Promise<void> {
  for (let first = 0; first < count; first += 10_000) {
    await insertMany(db.pool, first, Math.min(10_000, count - first), description);
  }
  await db.pool.query("UPDATE listing_build SET next_id = 0, complete = 0");
  while (await buildNextBlock(db));
  await inMysqlTransaction(db.pool, (on) => indexAll(db, on));
  await db.pool.query("TRUNCATE listing_change");
  await db.pool.query("ANALYZE TABLE property, status_history, listing, liked_properties");
}

async function insertMany(pool: MysqlPool, first: number, count: number, description: string): Promise<void> {
  const numbers = `(SELECT ${first} + n AS n FROM ${tenThousand} WHERE n <= ${count}) AS numbers`;
  await pool.query(`INSERT INTO property (id, address, city, price, description, year, lat, lon)
    SELECT n, CONCAT('Calle ', n MOD 180, ' # ', n MOD 97),
      ELT(1 + CRC32(CONCAT('c', n)) MOD 5, 'Bogotá', 'Bogotá', 'Cali', 'Pereira', 'Medellín'),
      1000000 * (CRC32(CONCAT('p', n)) MOD 5000),
      ${description},
      1980 + CRC32(CONCAT('y', n)) MOD 40, 4.5 + CRC32(CONCAT('a', n)) MOD 3000 / 10000, -74.2 + CRC32(CONCAT('o', n)) MOD 3000 / 10000
    FROM ${numbers}`);
  await pool.query(`INSERT INTO status_history (property_id, status_id, update_date)
    SELECT n, 1 + CRC32(CONCAT('s', n, k.d)) MOD 5, '2024-01-01' + INTERVAL CRC32(CONCAT('t', n, k.d)) MOD 30000000 SECOND
    FROM ${numbers}, (SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2) AS k`);
  await pool.query(`INSERT INTO liked_properties (id_user, id_property, date_liked)
    SELECT n MOD 10, n, '2024-01-01' + INTERVAL CRC32(n) MOD 30000000 SECOND FROM ${numbers}`);
}
