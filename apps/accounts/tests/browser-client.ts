/** What somebody does at a browser without JavaScript: follows links, fills forms, keeps cookies. */
export function personAtBrowser(origin: string) {
  const cookies = new Map<string, string>();
  const send = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { ...(cookie ? { Cookie: cookie } : {}), Accept: "text/html", ...init.headers };
    const answer = await fetch(new URL(path, origin), { ...init, headers, redirect: "manual" });
    for (const line of answer.headers.getSetCookie()) {
      const [pair = "", ...rest] = line.split("; ");
      const at = pair.indexOf("=");
      if (rest.some((part) => /^max-age=0$/i.test(part))) cookies.delete(pair.slice(0, at));
      else cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return answer;
  };
  const post = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
    send(path, { method: "POST", body: new URLSearchParams(fields), headers: { Origin: origin, ...headers } });
  /** As `open` and `post`, going where the answer says as browsers do: 307 keeps method and body, 303 makes it a GET. */
  const walk = async (path: string, init: RequestInit = {}) => {
    let [at, sent] = [path, init];
    const way: string[] = [];
    for (;;) {
      const answer = await send(at, sent);
      const location = answer.headers.get("location");
      if (location === null || way.length === 10) return { answer, text: await answer.text(), way };
      if (answer.status !== 307) sent = {};
      at = location;
      way.push(location);
    }
  };
  return {
    cookies,
    open: (path: string, headers: Record<string, string> = {}) => send(path, { headers }),
    walk: (path: string) => walk(path),
    submit: (path: string, fields: Record<string, string>) =>
      walk(path, { method: "POST", body: new URLSearchParams(fields), headers: { Origin: origin } }),
    post,
    signIn: (username: string, password: string, next = "/auth/account") =>
      post("/auth/sign-in", { username, password, next }),
    /** Signs in where that is asked for and answers the consent page; answers the address that the client hears. */
    async consent(address: URL, username: string, password: string, decision = "allow"): Promise<URL> {
      let page = await send(address.href);
      if (page.status === 303 && page.headers.get("location")?.startsWith("/auth/sign-in")) {
        const next = new URL(page.headers.get("location") ?? "", origin).searchParams.get("next") ?? "";
        const signedIn = await post("/auth/sign-in", { username, password, next });
        page = await send(signedIn.headers.get("location") ?? "");
      }
      if (page.status !== 200) return new URL(page.headers.get("location") ?? "about:blank", origin);
      const answer = await post("/auth/authorize", { ...hiddenFields(await page.text()), decision });
      return new URL(answer.headers.get("location") ?? "about:blank");
    },
  };
}

/** The hidden fields of the (last) form of a page. */
export function hiddenFields(page: string): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [, name = "", value = ""] of page.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)) {
    fields[name] = value
      .replaceAll("&quot;", '"')
      .replaceAll("&#39;", "'")
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">")
      .replaceAll("&amp;", "&");
  }
  return fields;
}
