import { describe } from "vitest";
import type { Installation } from "../../harness/installation.ts";
import { forgedTokens } from "./forged-tokens.ts";
import { hostileNames } from "./hostile-names.ts";
import { revokedInUse } from "./revoked-in-use.ts";

/** What holds for credentials in every app at once. */
export function accounts(quintet: Installation): void {
  describe("tokens that are not the issuer's", () => forgedTokens(quintet));
  describe("names", () => hostileNames(quintet));
  describe("revocation", () => revokedInUse(quintet));
}
