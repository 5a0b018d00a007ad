import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { Problem, type ServiceEnv } from "@quintet/http";
import { counted, type PageFrame } from "@quintet/pages";
import { html } from "hono/html";
import { findBackup } from "../backups/backup-files.ts";
import { readBackupName } from "../backups/backup-name.ts";
import { createBackup } from "../backups/create-backup.ts";
import { createBackupSet } from "../backups/create-set.ts";
import { previewRestore, restoreBackup } from "../backups/restore.ts";
import { findSet, restoreSet } from "../backups/restore-set.ts";
import { verifyBackup } from "../backups/verify-backup.ts";
import type { Deps } from "../deps.ts";
import { restorePreview, setPreview } from "../pages/backups-page.ts";
import { backupPath, backupsPath, home, rowsPath, setPath } from "../pages/frame.ts";
import { addAction } from "./actions.ts";
import { restoreDeps } from "./backup-sets.ts";
import { backupNameParam, scratchDeps } from "./backups.ts";
import { tableInPath } from "./paths.ts";

/** The choice of all tables; no table has such a name. */
const allTables = "*";
const setParam = z.strictObject({
  set: z
    .string()
    .max(64)
    .openapi({ param: { name: "set", in: "path" }, description: "Id of the set" }),
});
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
    description: "Writes all rows of a table to a file, or those of all tables as one set.",
    fields: [{ name: "table", label: "Table" }],
    choices: async () => ({
      table: [
        ...(await deps.tables.list()).map(({ name }) => [name, name] as const),
        [allTables, "All tables, as one set"] as const,
      ],
    }),
    title: () => "Make a backup",
    text: () => "A copy of all rows of a table as they are now. Others can write to the table meanwhile.",
    label: "Make the backup",
    back,
    async run(_, __, { table = "" }) {
      if (table === allTables) await createBackupSet(deps.bulk, storage);
      else await createBackup(deps.bulk, storage, await tableInPath(deps, table));
      return { to: backupsPath, notice: "added" };
    },
  });

  addAction(app, deps, frame, {
    path: "/backups/{name}/actions/verify",
    params: backupNameParam,
    summary: "Verify a backup",
    description: "Restores the backup into a scratch table, and compares all rows.",
    title: () => "Verify this backup?",
    text: async ({ name }) => {
      const { backup } = await find(name);
      return `${name} is restored into a scratch table, and all its rows are compared. The table ${backup.table} is neither read nor changed.`;
    },
    label: "Verify",
    back,
    async run(_, { name }) {
      const found = await find(name);
      await verifyBackup(scratchDeps(deps), await tableInPath(deps, found.backup.table), found.name);
      return { to: backupsPath, notice: "verified" };
    },
  });

  addAction(app, deps, frame, {
    path: "/backups/{name}/actions/preview",
    params: backupNameParam,
    summary: "Count what a restore would change",
    description: "Restores the table and takes that back.",
    title: () => "Count what a restore would change",
    text: async ({ name }) => {
      const { backup } = await find(name);
      return `The rows of ${name} are compared with those of ${backup.table}. Nothing is changed; until it has ended, others wait who want to write to the table.`;
    },
    label: "Count",
    back,
    async run(_, { name }) {
      const { backup } = await find(name);
      const table = await tableInPath(deps, backup.table);
      return { page: restorePreview(backup, await previewRestore(deps.loads.bulk, storage, table, { name })) };
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
      return html`The table ${backup.table} becomes ${rows} of ${name}. Rows that were added or changed since then are lost.
        <a href="${backupPath(name)}/actions/preview">Count what would change</a>`;
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

  const findSetOf = async (set: string) => {
    const found = await findSet(storage, { set });
    if (!found) throw notFound();
    return found.backups.map(({ table }) => table).join(", ");
  };

  addAction(app, deps, frame, {
    path: "/backups/sets/{set}/actions/preview",
    params: setParam,
    summary: "Count what a restore of a set would change",
    description: "Restores all tables of the set and takes that back.",
    title: () => "Count what a restore would change",
    text: async ({ set }) =>
      `The backups of the set are compared with ${await findSetOf(set)}. Nothing is changed; until it has ended, others wait who want to write to these tables.`,
    label: "Count",
    back,
    async run(_, { set }) {
      return { page: setPreview(await restoreSet(restoreDeps(deps), { set }, { dryRun: true })) };
    },
  });

  addAction(app, deps, frame, {
    path: "/backups/sets/{set}/actions/restore",
    params: setParam,
    summary: "Restore all tables of a set",
    description: "Every table of the set becomes its backup, in one step: all of them or none.",
    title: () => "Restore all tables of this set?",
    text: async ({ set }) =>
      html`${await findSetOf(set)}: each becomes its backup, all of them or none. Rows that were added or changed since then are lost.
        <a href="${setPath(set)}/actions/preview">Count what would change</a>`,
    label: "Restore",
    danger: true,
    back,
    async run(_, { set }) {
      await restoreSet(restoreDeps(deps), { set }, { dryRun: false });
      return { to: home, notice: "restored" };
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
