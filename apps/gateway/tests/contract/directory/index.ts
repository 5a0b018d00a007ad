import type { Installation } from "../../harness/installation.ts";
import { oneUser } from "./one-user.ts";
import { pages } from "./pages.ts";
import { searching } from "./searching.ts";

export function directory(quintet: Installation): void {
  searching(quintet);
  oneUser(quintet);
  pages(quintet);
}
