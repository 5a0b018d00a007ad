import { counted, type Html, shownTime, size } from "@quintet/pages";
import { html } from "hono/html";
import type { Backup } from "../backups/backup.ts";
import { backupPath, backupsPath, rowsPath } from "./frame.ts";
import { cell, listTable, pageLinks } from "./lists.ts";

export interface BackupsShown {
  backups: readonly Backup[];
  pages: { first?: string | undefined; next?: string | undefined };
  isStaff: boolean;
}

/** All backups, newest first. */
export function backupsPage({ backups, pages, isStaff }: BackupsShown): Html {
  return html`<h1>Backups</h1>
      ${
        backups.length === 0
          ? html`<p class="empty">There are no backups yet.${isStaff ? " A backup is a copy of all rows of a table, from which the table can be restored." : ""}</p>`
          : listTable({
              caption: "Backups",
              columns: ["Backup", "Table", "Rows", "Created", ...(isStaff ? [""] : [])],
              rows: backups.map((backup) => row(backup, isStaff)),
            })
      }
      ${pageLinks("backups", pages)}
      ${isStaff ? html`<p class="actions"><a class="button" href="${backupsPath}/actions/new">Make a backup</a></p>` : ""}`;
}

function row(
  { name, table, rows, bytes, createdAt, verified, unverifiedReason = "", lastVerifiedAt }: Backup,
  isStaff: boolean,
): Html {
  const action = (what: string, label: string, look: string) =>
    html` <a class="button quiet small ${look}" href="${backupPath(name)}/actions/${what}">${label}<span class="hidden"> ${name}</span></a>`;
  return html`<tr>
              <th scope="row"><a href="${backupPath(name)}" download>${name}</a>${verified ? "" : html`<br /><span class="hint">Not verified. ${unverifiedReason}</span>`}${lastVerifiedAt === undefined ? "" : html`<br /><span class="hint">Verified on ${shownTime(lastVerifiedAt)}</span>`}</th>
              ${cell("Table", html`<a href="${rowsPath(table)}">${table}</a>`)}
              ${cell("Rows", html`${rows === null ? "–" : counted(rows)}<br /><span class="hint">${size(bytes)}</span>`)}
              ${cell("Created", shownTime(createdAt))}
              ${isStaff ? html`<td class="act">${action("verify", "Verify", "")}${action("restore", "Restore", "")}${action("delete", "Delete", "danger")}</td>` : ""}
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
      <form method="post" action="${backupPath(name)}/actions/restore">
        <p class="actions"><button type="submit" class="danger">Restore</button> <a class="button quiet" href="${backupsPath}">Cancel</a></p>
      </form>`;
}
