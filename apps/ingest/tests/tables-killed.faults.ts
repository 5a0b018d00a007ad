import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { testMysql } from "@quintet/db/testing";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { expect, inject, it } from "vitest";
import { chief, ownProcessEnv, startIngest } from "./own-process.ts";

const kills = 40;
const names = ["alpha", "beta", "gamma"];

/** Definitions that differ in columns, unique columns, references and the key; a change of the key needs a table without rows. */
const versions = [
  { columns: ["id", "a"], unique: [] as string[], key: "id", parent: false },
  { columns: ["id", "a", "b"], unique: ["b"], key: "id", parent: false },
  { columns: ["id", "c"], unique: [], key: "c", parent: true },
];
const schemaOf = ({ columns, unique, key, parent }: (typeof versions)[number]) => ({
  fields: [
    ...columns.map((name) => ({
      name,
      type: name === "id" ? "integer" : "string",
      constraints: name === "id" ? {} : { maxLength: 20, unique: unique.includes(name) },
    })),
    ...(parent ? [{ name: "job", type: "integer" }] : []),
  ],
  primaryKey: key,
  foreignKeys: parent ? [{ fields: "job", reference: { resource: "jobs", fields: "id" } }] : [],
});

it("a process that is killed while it makes, changes and deletes tables leaves each of them whole or gone", async () => {
  await using database = await testMysql(inject("mysqlUrl"));
  const db = await createConnection(database.url);
  const env = ownProcessEnv(database.url);
  const witness = await startIngest(env);
  const call = async (url: string, method: string, name: string, body?: object) => {
    const response = await fetch(`${url}/ingest/tables/${name}`, {
      method,
      headers: { Authorization: chief, "Content-Type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, text: await response.text() };
  };
  const columnsOf = async (table: string) => {
    const [rows] = await db.query<RowDataPacket[]>(
      `SELECT column_name AS name FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = ? AND column_name NOT IN ('_load', '_of_load')`,
      [table],
    );
    return rows.map(({ name }) => String(name)).toSorted();
  };
  const seen = new Set<string>();
  try {
    for (let kill = 0; kill < kills; kill++) {
      const victim = await startIngest(env);
      let stopped = false;
      const working = names.map(async (name, at) => {
        for (let step = at; !stopped; step++) {
          const method = step % 4 === 3 ? "DELETE" : "PUT";
          const body = method === "PUT" ? schemaOf(versions[step % 3]!) : undefined;
          await call(victim.url, method, name, body).catch(() => {});
        }
      });
      await pause(100 + kill * 7);
      stopped = true;
      victim.child.kill("SIGKILL");
      await once(victim.child, "exit");
      await Promise.all(working);
      const [states] = await db.query<RowDataPacket[]>("SELECT state FROM ingest_tables WHERE name IN (?)", [names]);
      for (const { state } of states) seen.add(String(state));
      for (const name of names) {
        const tables = [name, `staged_${name}`, `before_${name}`];
        const settled = async () => {
          // The server may still be at the statement of the killed process.
          for (;;) {
            const answer = await call(witness.url, "GET", name);
            const [rows] = await db.query<RowDataPacket[]>("SELECT state FROM ingest_tables WHERE name = ?", [name]);
            if (rows.length === 0 || ["ready", "dropped"].includes(String(rows[0]?.state))) return answer;
          }
        };
        const { status, text } = await settled();
        const defined =
          status === 404
            ? []
            : (JSON.parse(text) as { schema: { fields: { name: string }[] } }).schema.fields.map((field) => field.name);
        for (const table of tables)
          expect([kill, table, await columnsOf(table)]).toEqual([kill, table, defined.toSorted()]);
        const { status: again, text: why } = await call(witness.url, "PUT", name, schemaOf(versions[0]!));
        expect([200, 201], why).toContain(again);
        for (const table of tables) expect(await columnsOf(table)).toEqual(["a", "id"]);
      }
    }
    expect([...seen]).toEqual(expect.arrayContaining(["making", "changing"]));
  } finally {
    witness.child.kill("SIGKILL");
    await db.end();
  }
});
