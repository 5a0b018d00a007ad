import { formType, type InputFault, mediaTypeOf, Problem, readFormText } from "@quintet/http";
import type { Context } from "hono";

/**
 * The fields of a form, each once; those that are absent are empty. Those in `lists` may come several times and are joined by spaces.
 * A field that nobody asked for is a 422 that names it.
 */
export async function readForm<N extends string>(
  c: Context,
  names: readonly N[],
  lists: readonly N[] = [],
): Promise<Record<N, string>> {
  if (mediaTypeOf(c.req.header("content-type")) !== formType) {
    throw new Problem("unsupported-media-type", `The body must be ${formType}.`);
  }
  const form = readFormText(await c.req.text());
  const known: readonly string[] = names;
  const errors = [...new Set(form.keys())].flatMap((path): InputFault[] => {
    if (!known.includes(path)) return [{ path, message: "unknown field" }];
    const isList = (lists as readonly string[]).includes(path);
    return isList || form.getAll(path).length === 1 ? [] : [{ path, message: "must not be repeated" }];
  });
  if (errors.length > 0) {
    const detail = errors.map(({ path, message }) => `${path}: ${message}`).join("; ");
    throw new Problem("unprocessable", detail, { errors: errors.slice(0, 20) });
  }
  return Object.fromEntries(names.map((name) => [name, form.getAll(name).join(" ")])) as Record<N, string>;
}

/** Statuses with which a form is shown again. */
export type RefusedStatus = 400 | 403 | 409 | 422 | 429 | 503;

/** Why a form was refused, as it is shown above and in it. */
export interface Refusal {
  heading: string;
  faults: InputFault[];
  status: RefusedStatus;
}

/**
 * What a capability refused, to be shown at the form with what was typed; the problem's headers (`Retry-After`) are set. Anything that is
 * not the form's to show is thrown again.
 */
export function refusalOf(c: Context, error: unknown, heading: string): Refusal {
  if (!(error instanceof Problem)) throw error;
  const { status, errors = [] } = error;
  if (status !== 403 && status !== 409 && status !== 422 && status !== 429 && status !== 503) throw error;
  for (const [name, value] of Object.entries(error.headers)) c.header(name, value);
  return { heading: errors.length > 0 ? heading : error.message, faults: errors, status };
}
