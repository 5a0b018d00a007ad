import type { Result, Router } from "hono/router";
import { RegExpRouter } from "hono/router/reg-exp-router";
import { SmartRouter } from "hono/router/smart-router";
import { TrieRouter } from "hono/router/trie-router";

const mostRemembered = 1000;

/**
 * Hono's default router with a cache of its results. A fixed path beside a parameter (`/loads` and `/:table`) makes that router choose
 * the slow TrieRouter for the whole app; most requests are for few paths, though.
 */
export function cachedRouter<T>(): Router<T> {
  const router = new SmartRouter<T>({ routers: [new RegExpRouter(), new TrieRouter()] });
  /** By method, then by path. */
  const known = new Map<string, Map<string, Result<T>>>();
  let remembered = 0;
  const forget = () => {
    known.clear();
    remembered = 0;
  };
  return {
    get name() {
      return router.name;
    },
    add(method, path, handler) {
      forget();
      router.add(method, path, handler);
    },
    match(method, path) {
      const found = known.get(method)?.get(path);
      if (found !== undefined) return found;
      const result = router.match(method, path);
      if (path.length > 200) return result;
      if (remembered >= mostRemembered) forget();
      remembered++;
      const byPath = known.get(method) ?? new Map<string, Result<T>>();
      known.set(method, byPath.set(path, result));
      return result;
    },
  };
}
