import { encodingFaults, formType, mediaTypeOf } from "@quintet/http";

/** An error of the token, revocation and introspection endpoints (RFC 6749 section 5.2). */
export class OAuthError extends Error {
  readonly code:
    | "invalid_request"
    | "invalid_client"
    | "invalid_grant"
    | "invalid_scope"
    | "unauthorized_client"
    | "unsupported_grant_type";

  /** `description` becomes `error_description`; characters that are not allowed there are replaced. */
  constructor(code: OAuthError["code"], description: string) {
    super(description.replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, "?"));
    this.name = "OAuthError";
    this.code = code;
  }
}

/**
 * The parameters of an OAuth request (RFC 6749 section 3.2). One without a value counts as missing; a repeated one is an error, as
 * are parameters in the URL. Unknown parameters are kept, for the caller to ignore. `read` is called only if the headers are valid.
 * Throws an `OAuthError`.
 */
export async function oauthForm(
  contentType: string | undefined,
  query: URLSearchParams,
  read: () => Promise<string>,
): Promise<Map<string, string>> {
  const inUrl = query.keys().next();
  if (!inUrl.done) throw new OAuthError("invalid_request", `${inUrl.value.slice(0, 50)} must not be in the URL.`);
  if (mediaTypeOf(contentType) !== formType) {
    throw new OAuthError("invalid_request", `The body must be ${formType}.`);
  }
  const body = await read();
  const [fault] = encodingFaults(body);
  if (fault) throw new OAuthError("invalid_request", `${fault.path.slice(0, 50)} ${fault.message}.`);
  const form = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(body)) {
    if (value === "") continue;
    if (form.has(name)) throw new OAuthError("invalid_request", `${name.slice(0, 50)} must not be repeated.`);
    form.set(name, value);
  }
  return form;
}

/** The value of a required parameter; throws an `OAuthError` when it is missing. */
export function requiredParameter(form: Map<string, string>, name: string): string {
  const value = form.get(name);
  if (value === undefined) throw new OAuthError("invalid_request", `${name} is missing.`);
  return value;
}
