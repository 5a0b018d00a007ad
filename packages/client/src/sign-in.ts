/** An access token that is good just now; a new one is fetched when the last one ends soon. */
export type TokenSource = () => Promise<string>;

/** Signing in, or staying signed in, was refused (RFC 6749 section 5.2). */
export class SignInError extends Error {
  override readonly name = "SignInError";
  /** `invalid_grant` and the like. */
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

const earlyMs = 30_000;

/**
 * Signs in and keeps the sign-in going: `createClient(url, { token: await signIn(url, { username, password }) })`. `scope` narrows
 * what the tokens are good for. Callers that need a new token at once share one refresh. Throws `SignInError`.
 */
export async function signIn(
  baseUrl: string,
  account: { username: string; password: string; scope?: string },
  send: typeof fetch = fetch,
): Promise<TokenSource> {
  const endpoint = `${baseUrl.replace(/\/+$/, "")}/auth/token`;
  const ask = async (fields: Record<string, string>) => {
    const answer = await send(endpoint, { method: "POST", body: new URLSearchParams(fields) });
    const body = (await answer.json()) as TokenSet & { error?: string; error_description?: string; detail?: string };
    if (answer.ok) return { ...body, endsAt: performance.now() + body.expires_in * 1000 };
    throw new SignInError(body.error ?? String(answer.status), body.error_description ?? body.detail ?? "");
  };
  let current = await ask({ grant_type: "password", ...account });
  let refresh: Promise<void> | undefined;
  return async () => {
    if (current.endsAt - earlyMs < performance.now()) {
      refresh ??= ask({ grant_type: "refresh_token", refresh_token: current.refresh_token })
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
