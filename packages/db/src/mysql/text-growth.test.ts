import { expect, it } from "vitest";
import { readStatement, StatementFault } from "./read-statement.ts";

it.each([
  "SELECT CONCAT(address, ', ', city), CONCAT(city, ' ', year), UPPER(CONCAT(a, b, c)) FROM property",
  "WITH a AS (SELECT CONCAT(city, ' ', year) AS c FROM t) SELECT CONCAT(c, '!'), GROUP_CONCAT(c) FROM a GROUP BY c",
  "SELECT REPLACE(REPLACE(city, 'á', 'a'), 'é', 'e'), LPAD(month, 2, '0'), REPEAT('-', 40), SPACE(10) FROM t",
  "SELECT city FROM property WHERE description LIKE '%jardín%' OR address REGEXP '^Calle' OR LOCATE('x', city) > 0",
  "SELECT DATE_FORMAT(d, '%Y-%m'), CAST(x AS CHAR(20)), CONVERT(a, CHAR(5)), TRIM(BOTH ' ' FROM a) FROM t",
  "WITH RECURSIVE d (day) AS (SELECT :from UNION ALL SELECT day + INTERVAL 1 DAY FROM d WHERE day < :to) SELECT CONCAT(day, 'T') FROM d",
  `SELECT id FROM t WHERE city IN (${Array.from({ length: 5000 }, (_, i) => `'city ${i}'`).join()})`,
  "SELECT JSON_OBJECT('id', id, 'city', city), JSON_ARRAYAGG(id) FROM t GROUP BY city",
  "SELECT INSERT(a, 1, 0, 'x'), CHAR(65, 66), ELT(2, a, b), IF(a LIKE 'x%', CONCAT(a, b), c) FROM t",
])("%.60s is run", (sql) => {
  expect(() => readStatement(sql)).not.toThrow();
});

it.each([
  "SELECT REPEAT('a', 64000000)",
  "SELECT CRC32(REPLACE(REPEAT('a', 30000000), 'a', 'aa'))",
  "SELECT REPEAT(address, 100) FROM property",
  "SELECT REPEAT('a', :n)",
  "SELECT REPEAT('a', 1000 * 1000)",
  "SELECT SPACE(60000000), 1",
  "SELECT LPAD('a', 60000000, 'ab')",
  "SELECT RPAD('a', (SELECT MAX(price) FROM property), 'ab')",
  "SELECT `REPEAT` ('a', 64000000)",
  "SELECT CAST('a' AS BINARY(60000000))",
  "SELECT CONCAT(CONCAT(CONCAT(a, a, a, a), CONCAT(a, a, a, a)), REPEAT('x', 100000)) FROM t",
  `WITH a AS (SELECT CONCAT(${Array(20).fill("city")}) AS s FROM t), b AS (SELECT CONCAT(${Array(20).fill("s")}) AS s FROM a) SELECT CRC32(s) FROM b`,
  "SELECT REPLACE(s, 'a', s) FROM t",
  `SELECT REPLACE(s, 'a', '${"b".repeat(100)}') FROM t`,
  "SELECT REGEXP_REPLACE(REGEXP_REPLACE(REGEXP_REPLACE(s, 'a', 'bb'), 'b', 'cc'), 'c', 'dd') FROM t",
  "WITH RECURSIVE n (i, s) AS (SELECT 1, description FROM property UNION ALL SELECT i + 1, CONCAT(s, s) FROM n) SELECT i FROM n",
  `SELECT JSON_OVERLAPS('[${"1,".repeat(30000)}1]', '[${"2,".repeat(30000)}2]')`,
  "SELECT HEX(HEX(HEX(HEX(HEX(HEX(a)))))) FROM t",
])("%.60s is refused", (sql) => {
  expect(() => readStatement(sql)).toThrow(StatementFault);
});

it.each(["WITH a AS (SELECT 1) DELETE FROM t", "WITH a AS (SELECT 1) UPDATE t SET b = 1", "SELECT NEXT VALUE FOR s"])(
  "%s is refused",
  (sql) => {
    expect(() => readStatement(sql)).toThrow(StatementFault);
  },
);
