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
  const known = new Map<string, Result<T>>();
  return {
    get name() {
      return router.name;
    },
    add(method, path, handler) {
      known.clear();
      router.add(method, path, handler);
    },
    match(method, path) {
      const key = `${method} ${path}`;
      let result = known.get(key);
      if (result === undefined) {
        result = router.match(method, path);
        if (known.size >= mostRemembered) known.clear();
        if (key.length <= 200) known.set(key, result);
      }
      return result;
    },
  };
}
