import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectPostgres, migratePostgres } from "@quintet/db";
import { testPostgres } from "@quintet/db/testing";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { directory as definition } from "../src/index.ts";
import { type Installation, listOf, openDirectory, someone } from "./installation.ts";

let directory: Installation;
beforeAll(async () => {
  directory = await openDirectory();
});
afterAll(() => directory[Symbol.asyncDispose]());

/** Whether a new user of that last name is found by what is typed. */
async function finds(name: string, typed: string): Promise<boolean> {
  const made = await directory.staff("POST", "/directory/users", someone({ lastName: name }));
  const { id } = JSON.parse(made.text) as { id: number };
  const found = listOf(await directory.anyone("GET", `/directory/users?name=${encodeURIComponent(typed)}&limit=100`));
  await directory.staff("DELETE", `/directory/users/${id}`);
  return found.users.some((user) => user.id === id);
}

describe("equal names, whichever is stored and whichever is searched", () => {
  it.each([
    ["ΠΑΠΑΔΌΠΟΥΛΟΣ", "Παπαδόπουλος"],
    ["Παπαδόπουλος", "παπαδοπουλοσ"],
    ["ΣΊΣΥΦΟΣ", "σίσυφος"],
    ["Андрей", "АНДРЕИ"],
    ["Королёв", "КОРОЛЕВ"],
    ["Їжакевич", "іжакевич"],
    ["مُحَمَّد", "محمد"],
    ["محـــمد", "محمد"],
    ["أحمد", "احمد"],
    ["שָׁלוֹם", "שלום"],
    ["Straße", "STRASSE"],
    ["GROẞ", "groß"],
    ["Işık", "ISIK"],
    ["İnönü", "inonu"],
    ["Nguyễn", "NGUYEN"],
    ["Đỗ", "do"],
    ["Łukasiewicz", "LUKASIEWICZ"],
    ["Ørsted", "orsted"],
    ["Æbelø", "aebelo"],
    ["Þórðarson", "thordarson"],
    ["ﬁtzgerald", "fitzgerald"],
    ["Ｓｍｉｔｈｗｉｄｅ", "smithwide"],
    ["ｶﾞﾗ", "ガラ"],
    ["한글", "한글".normalize("NFD")],
    ["葛\u{E0100}城", "葛城"],
    ["می‌خواهم", "میخواهم"],
    ["O’Brien", "o'brien"],
    ["D´Angelo", "d'angelo"],
    ["Ångström", "Ångström".normalize("NFD")],
  ])("%s and %s", async (one, other) => {
    expect([await finds(one, other), await finds(other, one), await finds(one, one)]).toEqual([true, true, true]);
    expect(await finds(one, other.normalize("NFD"))).toBe(true);
  });
});

describe("other names", () => {
  it.each([
    ["कि", "क"],
    ["कि", "कु"],
    ["が", "か"],
    ["한", "ᄒ"],
    ["Ivan", "Ілля"],
  ])("%s is not what %s means alone", async (one, other) => {
    // A vowel sign or a voicing mark is no accent: what has it does not equal what has another.
    const [keys] = await directory.deps.postgres<{ same: boolean }[]>`
      SELECT directory.name_key(${one}) = directory.name_key(${other}) AS same`;
    expect(keys?.same).toBe(false);
  });

  it("are found as a whole: half a syllable of Hangul finds nobody", async () => {
    expect([await finds("한글", "하"), await finds("がく", "かく")]).toEqual([false, false]);
  });
});

it("finds all users by a word that folds to nothing", async () => {
  expect([await finds("Lund", "\u0301"), await finds("Lund", "lu \u200d \u0301")]).toEqual([true, true]);
  const { total } = listOf(await directory.anyone("GET", "/directory/users?name=%CC%81"));
  expect(total).toBe(listOf(await directory.anyone("GET", "/directory/users")).total);
});

it("folds the names of a database that an earlier version wrote", async () => {
  await using database = await testPostgres(inject("postgresUrl"));
  const folder = await mkdtemp(join(tmpdir(), "migrations-"));
  const sql = connectPostgres(database.url);
  try {
    for (const name of ["0001-users.sql", "0002-done-requests.sql"]) {
      await cp(new URL(`../migrations/${name}`, import.meta.url), join(folder, name));
    }
    await migratePostgres(database.url, "directory", folder);
    const names = ["Андрей", "АНДРЕИ", "ΣΟΦΌΣ", "Σοφός", "أحمد", "Smith", "Müller", "Mueller"];
    for (const [i, name] of names.entries()) {
      await sql`
        INSERT INTO directory.users (first_name, last_name, email)
        VALUES (${names[names.length - 1 - i] ?? ""}, ${name}, ${`${i}@example.com`})`;
    }
    await definition.migrate({ POSTGRES_URL: database.url });
    const wrong = await sql`
      SELECT id FROM directory.users
      WHERE last_key <> directory.name_key(last_name) OR first_key <> directory.name_key(first_name)`;
    expect([...wrong]).toEqual([]);
    const counts = () => sql`
      SELECT name, users FROM directory.last_names UNION ALL SELECT name, users FROM directory.first_names
      UNION ALL SELECT prefix, users FROM directory.last_name_prefixes ORDER BY 1, 2`;
    const kept = [...(await counts())];
    expect(kept).toContainEqual({ name: "андреи", users: "2" });
    await sql`SELECT directory.recount_names()`;
    expect([...(await counts())]).toEqual(kept);
    expect([...(await sql`SELECT DISTINCT version FROM directory.users`)]).toEqual([{ version: 1 }]);
  } finally {
    await sql.end();
    await rm(folder, { recursive: true });
  }
});
