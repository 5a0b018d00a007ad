import { generateKeyPairSync, randomBytes } from "node:crypto";
import type { Account, Auth } from "@quintet/auth";
import { testMysql } from "@quintet/db/testing";
import { createLogger } from "@quintet/http";
import { createLocalAuth } from "./local-auth.ts";
import { migrateAccounts } from "./migrate.ts";
import { readSigningKey } from "./tokens/signing-key.ts";

/** An account for tests. `basic` and `bearer` are complete values of an Authorization header. */
export interface TestAccount {
  account: Account;
  username: string;
  password: string;
  basic: string;
  bearer: string;
}

/** A real issuer with one staff account and two others. */
export interface TestAuth extends AsyncDisposable {
  auth: Auth;
  staff: TestAccount;
  plain: TestAccount;
  other: TestAccount;
  /** Activates or deactivates an account, as staff do. */
  setActive(id: number, isActive: boolean): Promise<void>;
}

/** Creates an Ed25519 key in the format of `AUTH_SIGNING_KEY`: PKCS #8 in PEM. */
export function newSigningKey(): string {
  return generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/** Creates a real issuer with a database of its own on the server at `mysqlServerUrl`; disposing of it drops the database. */
export async function testAuth(mysqlServerUrl: string): Promise<TestAuth> {
  const database = await testMysql(mysqlServerUrl);
  await migrateAccounts(database.url);
  const auth = createLocalAuth({
    mysqlUrl: database.url,
    key: await readSigningKey(newSigningKey()),
    issuer: "http://localhost:8080",
    secret: randomBytes(32).toString("hex"),
    log: createLogger({ service: "auth", level: "silent" }),
  });
  const account = async (username: string, staff: boolean): Promise<TestAccount> => {
    const password = randomBytes(12).toString("base64url");
    if (staff) await auth.createFirstStaff(username, password);
    else await auth.register({ username, email: `${username}@example.com`, password });
    const found = await auth.verifyPassword(username, password);
    const tokens = await auth.passwordGrant(username, password);
    if (!found || !tokens) throw new Error(`The test account ${username} cannot sign in.`);
    const basic = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
    return { account: found, username, password, basic, bearer: `Bearer ${tokens.access_token}` };
  };
  return {
    auth,
    staff: await account("staff", true),
    plain: await account("plain", false),
    other: await account("other", false),
    setActive: async (id, isActive) => {
      await auth.changes.setActive(id, isActive, { accountId: null });
    },
    [Symbol.asyncDispose]: async () => {
      await auth[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}
