import type { Deps } from "./deps.ts";
export async function fillDemo(_deps: Deps, _progress: (line: string) => void): Promise<void> {}
