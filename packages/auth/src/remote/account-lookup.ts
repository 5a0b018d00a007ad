import { z } from "zod";
import type { FindAccount } from "../account-cache.ts";
import type { issuerClient } from "./issuer-client.ts";
import { feedCredentials } from "./revocation-feed.ts";

/** Where the other processes of the installation look up an active account by its id, below this path. */
export const accountPath = "/auth/active-accounts";

export const accountSchema = z.object({
  id: z.number(),
  username: z.string(),
  email: z.string(),
  isStaff: z.boolean(),
  createdAt: z.string(),
});
const foundSchema = z.object({ account: accountSchema.nullable() });

/** Looks up active accounts at the issuer, with the credentials that all processes of the installation derive from its `secret`. */
export function findAccountAt(client: ReturnType<typeof issuerClient>, secret: string): FindAccount {
  const { header } = feedCredentials(secret);
  return async (id) => {
    const response = await client(`${accountPath}/${id}`, { headers: { Authorization: header } });
    return (await response.read(200, foundSchema)).account ?? undefined;
  };
}
