import { request as send } from "node:http";
import { behind } from "../edge.ts";

/** A server in front of Quintet that sends all that it gets as a signed-in browser would, for a scanner that cannot stay signed in. */
export interface SignedInFront extends AsyncDisposable {
  origin: string;
  /** Every 5xx that came back. */
  faults: Set<string>;
}

/** Whoever makes an account in a browser leaves the sign-in that was there, so the scanner does that as nobody. */
const leavesSignIn = /^POST \/auth\/sign-up/;

/** Serves on a free port of the loopback. `cookies` gives the browser's own; requests that `never` names get no further. */
export async function signedInFront(
  origin: string,
  cookies: () => Promise<string>,
  never: RegExp,
): Promise<SignedInFront> {
  const faults = new Set<string>();
  const front = await behind(async (request, response) => {
    const { method = "GET", url = "/", headers } = request;
    if (never.test(`${method} ${url}`)) {
      request.resume();
      response.writeHead(404).end();
      return;
    }
    const cookie = leavesSignIn.test(`${method} ${url}`) ? "" : await cookies();
    const own = { cookie, origin: `http://${headers.host}` };
    const options = { method, path: url, headers: { ...headers, ...own } };
    const passed = send(origin, options, (answer) => {
      if ((answer.statusCode ?? 0) >= 500) faults.add(`${method} ${url}: ${answer.statusCode}`);
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(response);
    });
    passed.on("error", (error) => {
      faults.add(`${method} ${url}: ${error.message}`);
      response.destroy();
    });
    request.pipe(passed);
  });
  return { origin: front.origin, faults, [Symbol.asyncDispose]: () => front[Symbol.asyncDispose]() };
}
