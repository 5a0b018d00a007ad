import { connectPostgres, type PostgresSql } from "@quintet/db";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Installation, openDirectory } from "./installation.ts";

let directory: Installation;
/** Holds locks and looks on. */
let other: PostgresSql;
/** Writes what has to wait. */
let writer: PostgresSql;
beforeAll(async () => {
  directory = await openDirectory();
  other = connectPostgres(directory.postgresUrl, { connections: 3 });
  writer = connectPostgres(directory.postgresUrl, { connections: 1 });
});
afterAll(async () => {
  await Promise.all([other.end(), writer.end()]);
  await directory[Symbol.asyncDispose]();
});

const tables = ["last_names", "last_name_prefixes", "first_names"] as const;
type Table = (typeof tables)[number];

/** Whether nobody has locked a row of the counts. */
async function isFree(table: Table, name: string): Promise<boolean> {
  const column = table === "last_name_prefixes" ? "prefix" : "name";
  const rows = await other`
    SELECT FROM directory.${other.unsafe(table)} WHERE ${other(column)} = ${name} FOR UPDATE SKIP LOCKED`;
  return rows.count === 1;
}

/** Locks one row of the counts, waits until `write` waits for it, and calls `look` then. */
async function whileHeld(table: Table, name: string, write: () => Promise<unknown>, look: () => Promise<void>) {
  const column = table === "last_name_prefixes" ? "prefix" : "name";
  let written: Promise<unknown> = Promise.resolve();
  await other.begin(async (tx) => {
    const [holder] = await tx<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
    await tx`SELECT FROM directory.${tx.unsafe(table)} WHERE ${tx(column)} = ${name} FOR UPDATE`;
    written = Promise.all([write()]);
    await expect
      .poll(
        async () => {
          const waiting =
            await other`SELECT pid FROM pg_stat_activity WHERE ${holder?.pid ?? 0} = ANY(pg_blocking_pids(pid))`;
          return waiting.count;
        },
        { timeout: 10_000 },
      )
      .toBe(1);
    await look();
  });
  await written;
}

describe("the counts of names are locked in one order, so that no two writes wait for each other", () => {
  beforeEach(async () => {
    await other`DELETE FROM directory.users`;
    await other`
      INSERT INTO directory.users (first_name, last_name, email)
      SELECT CASE n % 2 WHEN 0 THEN 'Ada' ELSE 'Zoe' END, CASE n / 2 % 2 WHEN 0 THEN 'Abel' ELSE 'Zorn' END, n || '@example.com'
      FROM generate_series(0, 7) AS n`;
  });
  const rename = (from: string, to: string) => () =>
    writer`UPDATE directory.users SET last_name = ${to} WHERE id = (SELECT min(id) FROM directory.users WHERE last_name = ${from})`;
  const call = (from: string, to: string) => () =>
    writer`UPDATE directory.users SET first_name = ${to} WHERE id = (SELECT min(id) FROM directory.users WHERE first_name = ${from})`;

  it.each([
    ["last_names", "abel", "zorn", rename("Abel", "Zorn")],
    ["last_names", "abel", "zorn", rename("Zorn", "Abel")],
    ["last_name_prefixes", "ab", "zo", rename("Abel", "Zorn")],
    ["last_name_prefixes", "ab", "zo", rename("Zorn", "Abel")],
    ["first_names", "ada", "zoe", call("Ada", "Zoe")],
    ["first_names", "ada", "zoe", call("Zoe", "Ada")],
  ] as const)("%s: %s before %s (%#)", async (table, earlier, later, write) => {
    await whileHeld(table, earlier, write, async () => {
      expect(await isFree(table, later)).toBe(true);
    });
  });

  it("last names before prefixes before first names", async () => {
    const write = () => writer`
      UPDATE directory.users SET last_name = 'Zorn', first_name = 'Zoe'
      WHERE id = (SELECT min(id) FROM directory.users WHERE last_name = 'Abel' AND first_name = 'Ada')`;
    await whileHeld("last_names", "abel", write, async () => {
      for (const prefix of ["ab", "zo"]) expect(await isFree("last_name_prefixes", prefix)).toBe(true);
      for (const name of ["ada", "zoe"]) expect(await isFree("first_names", name)).toBe(true);
    });
    await other`UPDATE directory.users SET last_name = 'Abel', first_name = 'Ada'`;
    await other`INSERT INTO directory.users (first_name, last_name, email) VALUES ('Zoe', 'Zorn', 'z@example.com')`;
    await whileHeld("last_name_prefixes", "ab", write, async () => {
      for (const name of ["ada", "zoe"]) expect(await isFree("first_names", name)).toBe(true);
    });
  });
});

describe("the spelling of a suggestion", () => {
  const suggested = async (typed: string) =>
    (JSON.parse((await directory.anyone("GET", `/directory/suggest?name=${typed}`)).text) as { names: string[] }).names;
  const add = async (lastName: string, firstName = "Ana") => {
    const email = `${lastName}.${Math.random()}@example.com`.toLowerCase();
    const made = await directory.staff("POST", "/directory/users", {
      firstName,
      lastName,
      email: email.normalize("NFD").replace(/[^\w.@]/g, ""),
    });
    expect(made.status, made.text).toBe(201);
    return `/directory/users/${(JSON.parse(made.text) as { id: number }).id}`;
  };

  it("follows the users with the name: created, changed and deleted ones", async () => {
    const first = await add("MULLER");
    expect(await suggested("mull")).toEqual(["MULLER"]);
    await add("Müller");
    const third = await add("Müller");
    expect(await suggested("mull")).toEqual(["Müller"]);
    await directory.staff("PATCH", third, { lastName: "muller" }, { "If-Match": "*" });
    await directory.staff("DELETE", first);
    const fourth = await add("muller");
    expect(await suggested("mull")).toEqual(["muller"]);
    await directory.staff("DELETE", third);
    await directory.staff("DELETE", fourth);
    expect(await suggested("mull")).toEqual(["Müller"]);
  });

  it("is of first names too", async () => {
    const one = await add("Quux", "CHLOË");
    await add("Quux", "Chloé");
    await directory.staff("DELETE", one);
    expect(await suggested("chloe")).toEqual(["Chloé"]);
  });
});
