import { describe, expect, it } from "vitest";
import { readStatement, StatementFault } from "./read-statement.ts";

const sent = (sql: string) => readStatement(sql).text((name) => `<${name}>`);

describe("a statement", () => {
  it.each([
    "SELECT COUNT(*), SUM( a ) FROM t WHERE b IN (1, 2) AND NOT (c = 1 OR d <> 2) GROUP BY 1 HAVING COUNT(*) > 1",
    "(SELECT 1) UNION ALL (SELECT 2) ORDER BY 1 LIMIT 5 OFFSET 1",
    "WITH RECURSIVE n (i, `j`) AS (SELECT 1, 2 UNION ALL SELECT i + 1, j FROM n WHERE i < 9), m AS (SELECT 1) SELECT * FROM n, m",
    "SELECT RANK() OVER (PARTITION BY a ORDER BY b DESC), LAG(a, 1) OVER w FROM t WINDOW w AS (ORDER BY c)",
    "SELECT CASE WHEN (a) THEN (b) ELSE (c) END, CAST(a AS DECIMAL(10, 2)), CONVERT(a, CHAR(5)), DATE_ADD(d, INTERVAL (1) DAY)",
    "SELECT `a``b`, `select`.`x(y)`, t.into_x, löschen FROM `t` JOIN u USING (id) LEFT JOIN v ON (v.a = t.a)",
    "SELECT 'it''s', 'a\\'b', \"x -- y\", \"a\"\"b\", '/* no comment */', '; @a :b ?', x'ff', 0x1F, 1.5e-3, .5",
    "SELECT a FROM t IGNORE INDEX (i) WHERE EXISTS (SELECT 1) AND a = ANY (SELECT b FROM u) AND MATCHED = 1",
    "SELECT JSON_VALUE(j, '$.a'), JSON_EXTRACT(j, '$[*]'), j->'$.b' FROM t",
  ])("%s is as it was", (sql) => {
    expect(sent(sql)).toBe(sql);
  });

  it("names its subqueries", () => {
    const sql = `WITH A AS (SELECT 1), b (x, y) AS (SELECT 1, 2) SELECT COUNT(*) AS c FROM t AS d
      JOIN (SELECT (SELECT 1) AS \`e\` FROM t) f JOIN ((SELECT 1) UNION (SELECT 2)) AS g WHERE (1 + 2) IN (3, 4)`;
    const { subqueries } = readStatement(sql);
    expect(["a", "b", "c", "d", "e", "f", "g", "t"].filter((name) => subqueries.has(name)).join("")).toBe("abefg");
  });

  it("has its parameters by name, wherever they are", () => {
    const { parameters } = readStatement("SELECT :a + :b_2, ':c', `:d` FROM t -- :e\nWHERE x = :a /* :f */ LIMIT :n");
    expect(parameters).toEqual(["a", "b_2", "a", "n"]);
    expect(sent("SELECT :a FROM t WHERE :b=1")).toBe("SELECT <a> FROM t WHERE <b>=1");
  });

  it("loses its comments and keeps its lines", () => {
    expect(sent("SELECT 1 -- ' SLEEP(1)\n, 2 # ` x\n/* \" \n */ FROM t;\n;")).toBe("SELECT 1\n, 2\n\nFROM t");
    expect(sent("SELECT 1--1, 2/**/3")).toBe("SELECT 1--1, 2 3");
    // No comment for MySQL either.
    expect(sent("SELECT 1 --\u00a0+ 2")).toBe("SELECT 1 --\u00a0+ 2");
  });

  it.each([
    ["EXPLAIN SELECT 1", "SELECT 1"],
    ["explain format=json WITH a AS (SELECT 1) SELECT * FROM a;", "WITH a AS (SELECT 1) SELECT * FROM a"],
    ["EXPLAIN (SELECT 1) UNION (SELECT 2)", "(SELECT 1) UNION (SELECT 2)"],
  ])("%s is explained", (sql, text) => {
    const statement = readStatement(sql, { explain: true });
    expect([statement.explains, statement.text(() => "?").trim()]).toEqual([true, text]);
    expect(() => readStatement(sql)).toThrow(StatementFault);
  });

  it.each([
    "EXPLAIN",
    "EXPLAIN DELETE FROM t",
    "EXPLAIN ANALYZE SELECT 1",
    "EXPLAIN FORMAT=TREE SELECT 1",
    "EXPLAIN EXPLAIN SELECT 1",
    "EXPLAIN FOR CONNECTION 5",
    "EXPLAIN t",
    "EXPLAIN SELECT SLEEP(1)",
    "`EXPLAIN` SELECT 1",
    "DESCRIBE SELECT 1",
    "ANALYZE FORMAT=JSON SELECT 1",
  ])("%s is not explained", (sql) => {
    expect(() => readStatement(sql, { explain: true })).toThrow(StatementFault);
  });

  it.each([
    "",
    ";",
    "-- x",
    "(",
    "DELETE FROM t",
    "SELECT SLEEP(1)",
    "SELECT `SLEEP` (1)",
    "SELECT a FROM t FOR\nUPDATE",
  ])("%j is refused", (sql) => expect(() => readStatement(sql)).toThrow(StatementFault));
});
