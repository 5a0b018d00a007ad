export { mountedUpstream } from "./mounted.ts";
export { remoteUpstream } from "./remote/remote-upstream.ts";
export { route } from "./routing/route.ts";
export { type Gateway, run } from "./run.ts";
