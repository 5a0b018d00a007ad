import { createHmac } from "node:crypto";
import type { ClientAddress } from "@quintet/auth";
import type { MysqlPool } from "@quintet/db";
import type { Logger } from "@quintet/http";
import { findByLogin } from "../accounts/account-queries.ts";
import { normalizeUsername } from "../accounts/usernames.ts";
import { createAddressLimit } from "../limits/address-limit.ts";
import type { BudgetSizes, Budgets } from "../limits/budgets.ts";
import type { RetryQueue } from "../mail/retry-queue.ts";
import { MailError, type SendMail } from "../mail/smtp.ts";
import type { ResetLinks } from "./reset-links.ts";

const minute = 60_000;
const none = { attempts: 0, eachMs: 0 };
const ofAddress = { attempts: 20, eachMs: 3 * minute };
const ofAccount: BudgetSizes = [none, none, { attempts: 3, eachMs: 20 * minute }];

/**
 * Sends a link to whoever forgot a password. It answers before it looks whether there is such an account, so nobody learns
 * that from the answer or its time. More than 20 from one address, then one every 3 minutes, are a 429; more than 3 for one account,
 * then one every 20 minutes, are left out. An account without an email or a password of its own gets none.
 */
export type SendResetLink = (login: string, clientAddress: ClientAddress | undefined) => Promise<void>;

/** The response to a request for a reset link, whether or not the account exists. */
export const resetRequestedText =
  "If the account exists and has an email address, a password reset link has been sent to it.";
/** The error detail where no mail is sent. */
export const noMailText = "This installation sends no mail. Ask staff for a password reset link.";

export function createSendResetLink(options: {
  pool: MysqlPool;
  links: ResetLinks;
  budgets: Budgets;
  /** What the budgets are counted under is keyed by. */
  key: Buffer;
  addressOf: (clientAddress: ClientAddress | undefined) => string | undefined;
  send: SendMail;
  queue: RetryQueue;
  log: Logger;
}): SendResetLink {
  const { pool, links, budgets, key, addressOf, send, queue, log } = options;
  const detail = "Too many links were asked for; try again later.";
  const limited = createAddressLimit({ budgets, name: "reset", key, budget: ofAddress, detail });
  const takeOfAccount = (id: number) => {
    const counted = `reset:${createHmac("sha256", key).update(`account ${id}`).digest("base64url").slice(0, 22)}`;
    return budgets.take([counted, counted, counted, `${counted}:known`], ofAccount);
  };

  /** What there is to be sent; found out and counted once, however often sending fails. */
  const letter = async (login: string, clientAddress: ClientAddress | undefined) => {
    const [account] = await findByLogin(pool, normalizeUsername(login));
    if (!account?.isActive || account.email === "" || account.passwordHash.startsWith("!")) return undefined;
    if ((await takeOfAccount(account.id)) > 0) return undefined;
    const { url } = await links.create(account, { accountId: null, clientAddress });
    return { to: account.email, subject: "A new password for Quintet", text: textOf(account.username, url) };
  };
  return async (login, clientAddress) => {
    await limited(addressOf(clientAddress));
    let mail: Awaited<ReturnType<typeof letter>> | "unknown" = "unknown";
    const taken = queue.run(async () => {
      if (mail === "unknown") mail = await letter(login, clientAddress);
      if (mail === undefined) return;
      await send(mail).catch((error: unknown) => {
        if (!(error instanceof MailError && error.lasting)) throw error;
        log.error({ err: error }, "a mail was refused for good");
      });
    });
    if (!taken) log.error("too many mails wait; a link was not sent");
  };
}

function textOf(username: string, url: string): string {
  return `Hello ${username},

somebody, you we hope, asked for a new password for your account. Choose one here:

${url}

The link works once, for 30 minutes. If you did not ask for it, do nothing: your password stays as it is.
`;
}
