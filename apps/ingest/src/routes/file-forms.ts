import type { AccountEnv } from "@quintet/auth";
import { Problem } from "@quintet/http";
import type { Texts } from "@quintet/pages";
import type { Context } from "hono";
import { z } from "zod";
import type { Deps } from "../deps.ts";
import type { FileBytes } from "../loads/file-bytes.ts";
import type { LoadOptions } from "../loads/load.ts";
import { prepareLoad } from "../loads/load-file.ts";
import { loadKey } from "../loads/start-load.ts";
import type { Table } from "../tables/table.ts";
import { attachLoadToRequest } from "./csv.ts";
import { bodyFile } from "./source-file.ts";

/** The key of a form that loads a file. */
export const formKey = z.uuid().describe("The key of the form; a form that is sent again continues its load");

/** The body of a form with a file: what each of its fields is, the file last. */
export function fileForm(fields: Record<string, string> & { file: string }) {
  const { file, ...others } = fields;
  const texts = Object.entries(others).map(([name, description]) => [name, { type: "string" as const, description }]);
  const schema = {
    type: "object" as const,
    properties: {
      ...Object.fromEntries(texts),
      file: { type: "string" as const, format: "binary", description: file },
    },
    required: [...Object.keys(others), "file"],
  };
  return { body: { required: true as const, content: { "multipart/form-data": { schema } } } };
}

/** Reads the fields of a form into `texts`, up to the first bytes of its file, which it returns. */
export async function arrivingFile(c: Context<AccountEnv>, texts: Texts): Promise<FileBytes> {
  const fields = new Map<string, string>();
  try {
    return await bodyFile(c, { fields });
  } finally {
    Object.assign(texts, Object.fromEntries(fields));
  }
}

/** Reads a file to its end: a browser shows no response before it has sent all of the form. */
export async function skipRest(file: FileBytes): Promise<void> {
  while (!(await file.next()).done);
}

/** Loads the file of the form at `path`; returns the id of the load, which a form with the same key continues. */
export async function loadByForm(
  c: Context<AccountEnv>,
  deps: Deps,
  table: Table,
  options: LoadOptions,
  form: { path: string; key: string | undefined; file: FileBytes },
): Promise<number> {
  const key = formKey.safeParse(form.key);
  if (!key.success) throw new Problem("bad-request", "The form has no key: open it again.");
  const { id: accountId, username } = c.var.account;
  const requester = { accountId, username, key: loadKey(accountId, form.path, key.data) };
  const prepared = await prepareLoad(deps.loads, table, options, requester, form.file);
  attachLoadToRequest(c, prepared);
  const done = await prepared.run((counts) => attachLoadToRequest(c, prepared, counts));
  return done.id;
}
