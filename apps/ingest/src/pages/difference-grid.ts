import { counted, type Html, plural } from "@quintet/pages";
import { html } from "hono/html";
import type { Differences, ShownDifference } from "../store/differences.ts";
import { grid } from "./lists.ts";

/** What a dry run has found: how many rows would differ, and the first of them with the difference at its cell. */
export function differenceGrid({ added, changed, deleted, rows }: Differences, columns: readonly string[]): Html {
  const all = added + changed + deleted;
  const names =
    columns.length > 0
      ? columns
      : [...new Set(rows.flatMap(({ key, old, new: after }) => Object.keys({ ...key, ...old, ...after })))];
  return html`<section class="below" aria-labelledby="differences">
          <h2 id="differences">What would change</h2>
          <p>${all === 0 ? "Nothing: the table has these rows already." : html`${plural(added, "row")} added, ${counted(changed)} changed, ${counted(deleted)} deleted.${all > rows.length ? html` The first ${rows.length} are shown.` : ""}`}</p>
          ${rows.length === 0 ? "" : grid({ caption: "Rows that would change", columns: ["", ...names], rows: rows.map((row) => differenceRow(row, names)) })}
        </section>`;
}

function differenceRow({ kind, key, old, new: after }: ShownDifference, names: readonly string[]): Html {
  const cells = names.map((name) => {
    if (kind === "added") return html`<td>${shown(after?.[name])}</td>`;
    if (kind === "deleted") return html`<td><del>${shown(old?.[name])}</del></td>`;
    if (after === null || !Object.hasOwn(after, name))
      return html`<td>${Object.hasOwn(key, name) ? shown(key[name]) : ""}</td>`;
    return html`<td class="changed"><del>${shown(old?.[name])}</del> <ins>${shown(after[name])}</ins></td>`;
  });
  return html`<tr><th scope="row"><span class="state ${looks[kind]}">${kind}</span></th>${cells}</tr>`;
}

const looks: Record<ShownDifference["kind"], string> = { added: "ok", changed: "degraded", deleted: "failing" };

/** A value; a dash where there is none. */
function shown(value: string | null | undefined): string {
  return value ?? "–";
}
