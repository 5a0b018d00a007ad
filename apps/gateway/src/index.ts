export { mountedUpstream } from "./mounted.ts";
export { remoteUpstream } from "./remote.ts";
export { route } from "./routing.ts";
export { type Gateway, run } from "./run.ts";
export type { Upstream } from "./upstream.ts";
