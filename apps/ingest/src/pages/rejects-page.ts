import { counted, faultSummary, type Html, type Refusal, uploadForm } from "@quintet/pages";
import { html } from "hono/html";
import { CsvReader } from "../csv/csv-reader.ts";
import type { Dialect } from "../csv/dialect.ts";
import { fieldTexts } from "../csv/header.ts";
import type { FileFacts, Load } from "../loads/load.ts";
import type { StoredReject } from "../loads/reject-queries.ts";
import { loadPath } from "./frame.ts";
import { grid, pageLinks } from "./lists.ts";

export interface RejectsShown {
  load: Load;
  /** How the file was read; null for loads of earlier versions. */
  facts: FileFacts | null;
  /** Names in the header, and the columns that they stand for. */
  map: Readonly<Record<string, string>>;
  rejects: readonly StoredReject[];
  pages: { first?: string | undefined; next?: string | undefined };
  isStaff: boolean;
}

/** The path of the page on which mended rows are sent. */
export const retryPath = (id: number) => `${loadPath(id)}/actions/retry`;

/** The rejected rows of a load in the columns of its file, each with the reason at the cell. */
export function rejectsPage({ load, facts, map, rejects, pages, isStaff }: RejectsShown): Html {
  const { id, rejected, rejectsUrl } = load;
  return html`<p class="back"><a href="${loadPath(id)}">Load ${id}</a></p>
      <h1>Rejected rows</h1>
      <p class="lead">${counted(rejected)} rows of load ${id} were not stored.</p>
      ${rejects.length === 0 ? html`<p class="empty">There are no such rows.</p>` : rejectGrid(facts, map, rejects)}
      ${pageLinks("rejected rows", pages)}
      ${
        rejected === 0
          ? ""
          : html`<p class="actions">${isStaff ? html`<a class="button" href="${retryPath(id)}">Mend the rows</a>` : ""}
        <a class="button quiet" href="${rejectsUrl}?format=list" download>List of reasons</a></p>`
      }`;
}

function rejectGrid(facts: FileFacts | null, map: RejectsShown["map"], rejects: readonly StoredReject[]): Html {
  const { dialect, header = [], width = header.length } = facts ?? { dialect: null };
  const names = header.map((name) => (map[name] ?? name).trim().toLowerCase());
  return grid({
    caption: "Rejected rows",
    columns: ["Line", ...(header.length > 0 ? header : ["Row"])],
    rows: rejects.map((reject) => {
      const fields = dialect && header.length > 0 ? fieldsOf(reject.raw, dialect, width) : undefined;
      const at = fields === undefined ? -1 : names.indexOf(reject.column.toLowerCase());
      const reason = html`<br /><span class="fault">${reject.reason}</span>`;
      const about = reject.column === "" ? "" : html`<br /><span class="hint">${reject.column}</span>`;
      const cells =
        fields === undefined
          ? html`<td class="long" colspan="${Math.max(1, header.length)}">${shortened(reject.raw.toString())}</td>`
          : fields.map(
              (text, field) =>
                html`<td class="${field === at ? "wrong" : ""}">${shortened(text)}${field === at ? reason : ""}</td>`,
            );
      return html`<tr><th scope="row">${reject.line}${at < 0 ? html`${about}${reason}` : ""}</th>${cells}</tr>`;
    }),
  });
}

/** The fields of a rejected row in its dialect; undefined when it has another number of them than the header. */
function fieldsOf(raw: Buffer, dialect: Dialect, width: number): string[] | undefined {
  const reader = new CsvReader(width, { dialect, width });
  reader.push(raw);
  reader.end();
  if (reader.next() !== "record") return undefined;
  const fields = fieldTexts(reader);
  return fields.length === width ? fields : undefined;
}

const shownLength = 300;

function shortened(text: string): string {
  return text.length > shownLength ? `${text.slice(0, shownLength)}…` : text;
}

/** How rejected rows are mended, and the form that sends them. */
export function retryPage({ id, rejected, rejectsUrl }: Load, key: string, refusal?: Refusal): Html {
  return html`<p class="back"><a href="${rejectsUrl}">Rejected rows</a></p>
      <h1>Mend rejected rows</h1>
      ${refusal ? faultSummary(refusal.heading, refusal.faults, { file: "File" }) : ""}
      <ol>
        <li><a href="${rejectsUrl}?format=file" download>Download the ${counted(rejected)} rejected rows</a>, in the form of your file. The line, the column and the reason are in front.</li>
        <li>Mend what is wrong. The columns in front may stay.</li>
        <li>Send the file. It is read like the first one, and is a load of its own.</li>
      </ol>
      ${uploadForm({
        action: retryPath(id),
        name: "file",
        label: "File",
        hint: "The mended rows, with the header.",
        fields: { key },
        submit: "Load the mended rows",
      })}`;
}
