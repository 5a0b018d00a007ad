import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

export interface Migration {
  name: string;
  text: string;
  checksum: string;
}

/** The `.sql` files of a folder in the order of their names (`0001-accounts.sql`, …). */
export async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".sql")).sort();
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(join(folder, name), "utf8");
      return { name, text, checksum: createHash("sha256").update(text).digest("hex") };
    }),
  );
}

/** The migrations that are still to run; throws when one that ran was changed afterwards. */
export function pendingMigrations(app: string, all: Migration[], applied: Map<string, string>): Migration[] {
  return all.filter((migration) => {
    const checksum = applied.get(migration.name);
    if (checksum !== undefined && checksum !== migration.checksum) {
      throw new Error(`Migration ${app}/${migration.name} was changed after it had run; add a new one instead.`);
    }
    return checksum === undefined;
  });
}
