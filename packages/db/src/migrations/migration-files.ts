import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { StartRefused } from "@quintet/http";

export interface Migration {
  name: string;
  text: string;
  checksum: string;
  /** Checksums of earlier texts of the file, from its lines `-- replaces: CHECKSUM`: a database where one of them ran needs nothing. */
  replaces: string[];
}

/** The `.sql` files of a folder, ordered by name (`0001-accounts.sql`, …). */
export async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".sql")).sort();
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(join(folder, name), "utf8");
      const replaces = [...text.matchAll(/^-- replaces: ([0-9a-f]{64})$/gm)].map(([, checksum = ""]) => checksum);
      return { name, text, checksum: createHash("sha256").update(text).digest("hex"), replaces };
    }),
  );
}

/** The tables of one app in one database, as error messages name them. */
export interface MigratedTables {
  store: "MySQL" | "Postgres";
  app: string;
  database: string;
}

/**
 * The migrations of `all` that have not been applied; `applied` are checksums by name. Throws `StartRefused` if the
 * database has a migration that this version does not have, or one that was changed after it ran.
 */
export function pendingMigrations(
  { store, app, database }: MigratedTables,
  all: Migration[],
  applied: Map<string, string>,
): Migration[] {
  const known = new Set(all.map(({ name }) => name));
  const unknown = [...applied.keys()].filter((name) => !known.has(name)).sort();
  if (unknown.length > 0) {
    throw new StartRefused(
      `The ${store} database "${database}" has tables of ${app} of a later version, by its migration ${unknown.at(-1)}; ` +
        `this version ends with ${all.at(-1)?.name ?? "none"}. Start that version or a newer one, or restore a backup from before ` +
        `(docs/operations.md, "Going back to an older version").`,
    );
  }
  return all.filter(({ name, checksum, replaces }) => {
    const before = applied.get(name);
    if (before !== undefined && before !== checksum && !replaces.includes(before)) {
      throw new StartRefused(
        `Migration ${app}/${name} was changed after it had run in the ${store} database "${database}"; ` +
          "undo that, and add a new one instead.",
      );
    }
    return before === undefined;
  });
}

/** The error of a failed migration, with its name. */
export function failedMigration({ store, app, database }: MigratedTables, name: string, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Error(`Migration ${app}/${name} failed in the ${store} database "${database}": ${reason}`, { cause });
}
