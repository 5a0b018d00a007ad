import { type InputFault, Problem } from "../errors/problem.ts";

/**
 * The faults of a query or a form (application/x-www-form-urlencoded): fields that are not percent-encoded UTF-8 (RFC 3986 section 2.1),
 * which decoders leave as they are or silently put right; U+FFFD is what they put. A percent sign that ends a field (`maxRejects=5%`) can
 * only mean itself. At most 20 are named.
 */
export function encodingFaults(encoded: string): InputFault[] {
  if (!/[%\ufffd]/.test(encoded)) return [];
  return faultsOf(encoded, (field) =>
    decoded(field.replace(/%$/, "%25")) === undefined || field.includes("\ufffd") ? misencoded : undefined,
  );
}

/** Rejects a URL whose path or query is not percent-encoded UTF-8, or contains NUL, which no store accepts: a 400 that names the parameters. */
export function rejectMisencodedUrl(url: string): void {
  if (!url.includes("%")) return;
  const [beforeQuery = "", ...query] = url.split("?");
  if (decoded(beforeQuery) === undefined) throw new Problem("bad-request", `The path ${misencoded}.`);
  const encoded = query.join("?");
  rejectFaults(encodingFaults(encoded));
  rejectFaults(
    faultsOf(encoded, (field) => (field.includes("%00") ? "must not contain the NUL character" : undefined)),
  );
}

/** The fields of a form; a 400 that names those that are not percent-encoded UTF-8. */
export function readFormText(text: string): URLSearchParams {
  rejectFaults(encodingFaults(text));
  return new URLSearchParams(text);
}

const misencoded = "must be percent-encoded UTF-8";

function rejectFaults(errors: InputFault[]): void {
  if (errors.length === 0) return;
  const detail = errors.map(({ path, message }) => `${path}: ${message}`).join("; ");
  throw new Problem("bad-request", detail, { errors });
}

function faultsOf(encoded: string, messageFor: (field: string) => string | undefined): InputFault[] {
  const faults = encoded.split("&").flatMap((field): InputFault[] => {
    const message = messageFor(field);
    return message === undefined ? [] : [{ path: nameOf(field), message }];
  });
  return faults.slice(0, 20);
}

/** The name of a field, undecoded when it cannot be decoded. */
function nameOf(field: string): string {
  const name = field.split("=", 1)[0] ?? "";
  return (decoded(name) ?? name).slice(0, 100);
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}
