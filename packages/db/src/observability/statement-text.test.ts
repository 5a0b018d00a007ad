import { describe, expect, it } from "vitest";
import { statementText } from "./statement-text.ts";

describe("the text of a statement in a trace", () => {
  it.each([
    ["mysql", "SELECT a FROM `t-1` WHERE b = 'it''s' AND c = 12.5", "SELECT a FROM `t-1` WHERE b = ? AND c = ?"],
    ["mysql", 'SELECT "x\\"y", 0xff, t2.c1 FROM t2 LIMIT :limit', "SELECT ?, ?, t2.c1 FROM t2 LIMIT :limit"],
    ["mysql", "SELECT 1 -- secret\n/* secret */ FROM a # secret", "SELECT ? FROM a"],
    ["mysql", "INSERT INTO t VALUES (?, 'a\\'b', -3e5)", "INSERT INTO t VALUES (?, ?, -?)"],
    ["postgresql", `SELECT "Name 1" FROM t WHERE x = $1 AND y = 'z'`, `SELECT "Name 1" FROM t WHERE x = $1 AND y = ?`],
    ["postgresql", "SELECT $tag$ it's secret $tag$, E'a\\'b' FROM t", "SELECT ?, ? FROM t"],
    ["postgresql", "SELECT 'a\\', 'secret', b FROM t", "SELECT ?, ?, b FROM t"],
    ["postgresql", "SELECT b, 'cut off", "SELECT b, ?"],
    ["mysql", "SELECT b, 'cut off", "SELECT b, ?"],
    ["postgresql", "SELECT 'a', $$b$$, 7::int", "SELECT ?, ?, ?::int"],
  ] as const)("%s: %s", (dialect, statement, expected) => {
    expect(statementText(statement, dialect).text).toBe(expected);
  });

  it("sums up what it does and to which table", () => {
    expect(statementText("  select a\nfrom social.posts p join b", "postgresql").summary).toBe("SELECT social.posts");
    expect(statementText('insert into "social"."votes" values ($1)', "postgresql").summary).toBe("INSERT social.votes");
    expect(statementText("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "mysql").summary).toBe("SET");
  });
});
