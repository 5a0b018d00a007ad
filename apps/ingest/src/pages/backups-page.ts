import { counted, filterBar, type Html, plural, shownTime, size } from "@quintet/pages";
import { html } from "hono/html";
import type { Backup } from "../backups/backup.ts";
import type { ScheduleState } from "../backups/backup-schedule.ts";
import type { RestoredSet } from "../backups/restore-set.ts";
import { backupPath, backupsPath, rowsPath, setPath } from "./frame.ts";
import { cell, listTable, pageLinks } from "./lists.ts";

export interface BackupsShown {
  backups: readonly Backup[];
  /** When sets are made, and how the last one ended; null without a schedule. */
  schedule: ScheduleState | null;
  pages: { first?: string | undefined; next?: string | undefined };
  /** The names of the tables, and the one whose backups are shown; empty: all. */
  tables: readonly string[];
  table: string;
  isStaff: boolean;
}

/** All backups, newest first; those of a set below its own line. */
export function backupsPage({ backups, schedule, pages, tables, table, isStaff }: BackupsShown): Html {
  return html`<h1>Backups</h1>
      ${schedule ? scheduleText(schedule) : ""}
      ${
        isStaff
          ? html`<p class="actions above"><a class="button" href="${backupsPath}/actions/new">Make a backup</a>
        <a class="button quiet" href="${backupsPath}/actions/upload">Upload a backup</a></p>`
          : ""
      }
      ${backups.length === 0 && table === "" ? "" : tableFilter(tables, table)}
      ${
        backups.length === 0
          ? html`<p class="empty">There are no backups yet.${isStaff ? " A backup is a copy of all rows of a table, from which the table can be restored." : ""}</p>`
          : listTable({
              caption: "Backups",
              columns: ["Table", "Rows", "Created", ...(isStaff ? [""] : [])],
              rows: backups.flatMap((backup, at) => [
                ...(table === "" && backup.set !== undefined && backup.set !== backups[at - 1]?.set
                  ? [setRow(backup, isStaff)]
                  : []),
                row(backup, isStaff),
              ]),
            })
      }
      ${pageLinks("backups", pages)}`;
}

function tableFilter(tables: readonly string[], table: string): Html {
  const options = ["", ...new Set([...tables, ...(table === "" ? [] : [table])])];
  const shown = options.map((name) => [name, name === "" ? "All tables" : name] as const);
  return filterBar({
    action: backupsPath,
    filters: [{ name: "table", label: "Table", value: table, options: shown }],
    submit: "Show",
  });
}

/** When the next set is made, and how the last one ended. */
function scheduleText({ cron, nextAt, lastAt, lastSet, lastProblem }: ScheduleState): Html {
  const last =
    lastAt === null
      ? ""
      : lastSet === null
        ? html` <span class="state failing">The last one failed</span> on ${shownTime(lastAt)}: ${lastProblem ?? ""}`
        : html` <span class="state ok">The last one was made</span> on ${shownTime(lastAt)}.`;
  return html`<p>All tables are backed up by schedule (<code>${cron}</code>), next on ${shownTime(nextAt)}.${last}</p>`;
}

/** The line of a set above its backups. */
function setRow({ set = "", createdAt }: Backup, isStaff: boolean): Html {
  return html`<tr class="set-line"><th scope="rowgroup" colspan="3">All tables as of ${shownTime(createdAt)} <span class="hint">set ${set}</span></th>${
    isStaff
      ? html`<td class="act"><a class="button quiet small" href="${setPath(set)}/actions/restore">Restore all<span class="hidden"> tables of set ${set}</span></a></td>`
      : ""
  }</tr>
            `;
}

function row(
  { name, table, rows, bytes, createdAt, verified, unverifiedReason = "", lastVerifiedAt }: Backup,
  isStaff: boolean,
): Html {
  const action = (what: string, label: string, look: string) =>
    html` <a class="button quiet small ${look}" href="${backupPath(name)}/actions/${what}">${label}<span class="hidden"> ${name}</span></a>`;
  return html`<tr>
              <th scope="row"><a href="${rowsPath(table)}">${table}</a><br /><a class="hint" href="${backupPath(name)}" download>${name}</a>${verified ? "" : html`<br /><span class="hint">Not verified. ${unverifiedReason}</span>`}${lastVerifiedAt === undefined ? "" : html`<br /><span class="hint">Verified on ${shownTime(lastVerifiedAt)}</span>`}</th>
              ${cell("Rows", html`${rows === null ? "–" : counted(rows)}<br /><span class="hint">${size(bytes)}</span>`)}
              ${cell("Created", shownTime(createdAt))}
              ${isStaff ? html`<td class="act together">${action("verify", "Verify", "")}${action("restore", "Restore", "")}${action("delete", "Delete", "danger")}</td>` : ""}
            </tr>
            `;
}

/** What a restore would change, and the button that restores. */
export function restorePreview(
  { table, name }: Pick<Backup, "table" | "name">,
  { rows, added, removed, changed }: { rows: number; added: number; removed: number; changed: number },
): Html {
  const facts: [string, number][] = [
    ["Rows of the backup", rows],
    ["Added to the table", added],
    ["Removed from the table", removed],
    ["Changed in the table", changed],
  ];
  const same = added + removed + changed === 0;
  return html`<p class="back"><a href="${backupsPath}">Backups</a></p>
      <h1>What would change</h1>
      <p>A restore of <a href="${rowsPath(table)}">${table}</a> from ${name}. ${same ? "The table has the same rows already." : "Nothing has been changed yet."}</p>
      <dl class="facts">${facts.map(([fact, value]) => html`<dt>${fact}</dt><dd>${counted(value)}</dd>`)}</dl>
      ${restoreButton(backupPath(name))}`;
}

/** What a restore of all tables of a set would change, and the button that restores. */
export function setPreview({ set, tables }: RestoredSet): Html {
  const same = tables.every(({ added, removed, changed }) => added + removed + changed === 0);
  return html`<p class="back"><a href="${backupsPath}">Backups</a></p>
      <h1>What would change</h1>
      <p>A restore of ${plural(tables.length, "table")}. ${same ? "They have the same rows already." : "Nothing has been changed yet."}</p>
      ${listTable({
        caption: "What would change",
        columns: ["Table", "Rows of the backup", "Added", "Removed", "Changed"],
        rows: tables.map(
          ({ table, rows, added, removed, changed }) => html`<tr>
              <th scope="row"><a href="${rowsPath(table)}">${table}</a></th>
              ${cell("Rows of the backup", counted(rows))}${cell("Added", counted(added))}${cell("Removed", counted(removed))}${cell("Changed", counted(changed))}
            </tr>
            `,
        ),
      })}
      ${restoreButton(setPath(set))}`;
}

function restoreButton(path: string): Html {
  return html`<form method="post" action="${path}/actions/restore">
        <p class="actions"><button type="submit" class="danger">Restore</button> <a class="button quiet" href="${backupsPath}">Cancel</a></p>
      </form>`;
}
