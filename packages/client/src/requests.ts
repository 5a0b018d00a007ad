/** An access token or a function that returns one; or a username and password. */
export interface Credentials {
  token?: string | (() => string | Promise<string>);
  basic?: { username: string; password: string };
}

/**
 * The `fetch` of a client: adds the credentials, sends a form without files as
 * `application/x-www-form-urlencoded`, and allows a stream as a body.
 */
export function fetchWith({ token, basic }: Credentials, send: typeof fetch): typeof fetch {
  const authorization = async () => {
    if (token !== undefined) return `Bearer ${typeof token === "string" ? token : await token()}`;
    return basic && `Basic ${base64(`${basic.username}:${basic.password}`)}`;
  };
  return async (input, init = {}) => {
    const headers = new Headers(init.headers);
    if (!headers.has("authorization")) {
      const value = await authorization();
      if (value !== undefined) headers.set("authorization", value);
    }
    const body = init.body instanceof FormData ? plainForm(init.body) : init.body;
    const streaming = body instanceof ReadableStream ? { duplex: "half" as const } : {};
    return send(input, { ...init, headers, ...(body === undefined ? {} : { body }), ...streaming });
  };
}

/** The form as URL-encoded fields, unless it has a file. */
function plainForm(form: FormData): FormData | URLSearchParams {
  const fields = [...form].filter((field): field is [string, string] => typeof field[1] === "string");
  return fields.length === [...form].length ? new URLSearchParams(fields) : form;
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
