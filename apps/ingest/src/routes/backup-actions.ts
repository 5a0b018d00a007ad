import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { Problem, type ServiceEnv } from "@quintet/http";
import { counted, type PageFrame } from "@quintet/pages";
import { findBackup } from "../backups/backup-files.ts";
import { readBackupName } from "../backups/backup-name.ts";
import { createBackup } from "../backups/create-backup.ts";
import { restoreBackup } from "../backups/restore.ts";
import type { Deps } from "../deps.ts";
import { backupsPath, rowsPath } from "../pages/frame.ts";
import { addAction } from "./actions.ts";
import { backupNameParam } from "./backups.ts";
import { tableInPath } from "./paths.ts";

const notFound = () => new Problem("not-found", "Backup not found.");
const back = () => ({ label: "Backups", href: backupsPath });

/** Adds the forms by which staff makes, restores and deletes backups. */
export function addBackupActions(app: OpenAPIHono<ServiceEnv>, deps: Deps, frame: PageFrame): void {
  const storage = deps.backups;
  const find = async (text: string) => {
    const name = readBackupName(text);
    const backup = name && (await findBackup(storage, name));
    if (!name || !backup) throw notFound();
    return { name, backup };
  };

  addAction(app, deps, frame, {
    path: "/backups/actions/new",
    params: z.strictObject({}),
    summary: "Make a backup",
    description: "Writes all rows of a table to a file.",
    fields: [{ name: "table", label: "Table" }],
    title: () => "Make a backup",
    text: () => "A copy of all rows of a table as they are now. Others can write to the table meanwhile.",
    label: "Make the backup",
    back,
    async run(_, __, { table = "" }) {
      await createBackup(deps.bulk, storage, await tableInPath(deps, table));
      return { to: backupsPath, notice: "added" };
    },
  });

  addAction(app, deps, frame, {
    path: "/backups/{name}/actions/restore",
    params: backupNameParam,
    summary: "Restore a table from a backup",
    description: "The whole table becomes the backup, in one step: all rows or none.",
    title: () => "Restore this backup?",
    text: async ({ name }) => {
      const { backup } = await find(name);
      const rows = backup.rows === null ? "its rows" : `the ${counted(backup.rows)} rows`;
      return `The table ${backup.table} becomes ${rows} of ${name}. Rows that were added or changed since then are lost.`;
    },
    label: "Restore",
    danger: true,
    back,
    async run(_, { name }) {
      const { backup } = await find(name);
      await restoreBackup(deps.loads.bulk, storage, await tableInPath(deps, backup.table), { name });
      return { to: rowsPath(backup.table), notice: "restored" };
    },
  });

  addAction(app, deps, frame, {
    path: "/backups/{name}/actions/delete",
    params: backupNameParam,
    summary: "Delete a backup",
    description: "Deletes the file.",
    title: () => "Delete this backup?",
    text: async ({ name }) => {
      await find(name);
      return `${name} is deleted. This cannot be undone.`;
    },
    label: "Delete",
    danger: true,
    back,
    async run(_, { name }) {
      const found = await find(name);
      if (!(await storage.remove(found.name))) throw notFound();
      return { to: backupsPath, notice: "deleted" };
    },
  });
}
