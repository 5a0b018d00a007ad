/** Resolves to a valid access token; fetches a new one shortly before the current one expires. */
export type TokenSource = () => Promise<string>;

/** Signing in, or refreshing the sign-in, was refused (RFC 6749 section 5.2). */
export class SignInError extends Error {
  override readonly name = "SignInError";
  /** The OAuth error code, such as `invalid_grant`. */
  readonly code: string;

  constructor(code: string, description: string) {
    super(description);
    this.code = code;
  }
}

interface TokenSet {
  access_token: string;
  expires_in: number;
  refresh_token: string;
}

const refreshEarlyMs = 30_000;

/**
 * Signs in and keeps the sign-in alive: `createClient(url, { token: await signIn(url, { username, password }) })`. `scope` limits
 * what the tokens allow. Concurrent callers share one refresh. Throws `SignInError`.
 */
export async function signIn(
  baseUrl: string,
  account: { username: string; password: string; scope?: string },
  send: typeof fetch = fetch,
): Promise<TokenSource> {
  const endpoint = `${baseUrl.replace(/\/+$/, "")}/auth/token`;
  const requestTokens = async (fields: Record<string, string>) => {
    const response = await send(endpoint, { method: "POST", body: new URLSearchParams(fields) });
    const body = (await response.json()) as TokenSet & { error?: string; error_description?: string; detail?: string };
    if (response.ok) return { ...body, expiresAt: performance.now() + body.expires_in * 1000 };
    throw new SignInError(body.error ?? String(response.status), body.error_description ?? body.detail ?? "");
  };
  let current = await requestTokens({ grant_type: "password", ...account });
  let refresh: Promise<void> | undefined;
  return async () => {
    if (current.expiresAt - refreshEarlyMs < performance.now()) {
      refresh ??= requestTokens({ grant_type: "refresh_token", refresh_token: current.refresh_token })
        .then((next) => {
          current = next;
        })
        .finally(() => {
          refresh = undefined;
        });
      await refresh;
    }
    return current.access_token;
  };
}
