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
 * Mails a password reset link. It resolves before the account is looked up, so neither the response nor its time reveals whether the
 * account exists. Throws a 429 beyond 20 from one address, then one every 3 minutes. No mail is sent beyond 3 for one account, then
 * one every 20 minutes, nor for an account without an email or a usable password.
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
  /** The key of the digests that attempts are counted under. */
  key: Buffer;
  addressOf: (clientAddress: ClientAddress | undefined) => string | undefined;
  send: SendMail;
  queue: RetryQueue;
  log: Logger;
}): SendResetLink {
  const { pool, links, budgets, key, addressOf, send, queue, log } = options;
  const detail = "Too many password reset requests. Try again later.";
  const limited = createAddressLimit({ budgets, name: "reset", key, budget: ofAddress, detail });
  const takeOfAccount = (id: number) => {
    const counted = `reset:${createHmac("sha256", key).update(`account ${id}`).digest("base64url").slice(0, 22)}`;
    return budgets.take([counted, counted, counted, `${counted}:known`], ofAccount);
  };

  /** The mail, if one is to be sent; determined and counted once, however often sending fails. */
  const composeMail = async (login: string, clientAddress: ClientAddress | undefined) => {
    const [account] = await findByLogin(pool, normalizeUsername(login));
    if (!account?.isActive || account.email === "" || account.passwordHash.startsWith("!")) return undefined;
    if ((await takeOfAccount(account.id)) > 0) return undefined;
    const { url } = await links.create(account, { accountId: null, clientAddress });
    return { to: account.email, subject: "A new password for Quintet", text: textOf(account.username, url) };
  };
  return async (login, clientAddress) => {
    await limited(addressOf(clientAddress));
    let mail: Awaited<ReturnType<typeof composeMail>> | "unknown" = "unknown";
    const queued = queue.add(async () => {
      if (mail === "unknown") mail = await composeMail(login, clientAddress);
      if (mail === undefined) return;
      await send(mail).catch((error: unknown) => {
        if (!(error instanceof MailError && error.permanent)) throw error;
        log.error({ err: error }, "Mail was rejected permanently");
      });
    });
    if (!queued) log.error("Too many mails are queued; a password reset link was not sent");
  };
}

function textOf(username: string, url: string): string {
  return `Hello ${username},

somebody, you we hope, asked for a new password for your account. Choose one here:

${url}

The link works once, for 30 minutes. If you did not ask for it, do nothing: your password stays as it is.
`;
}
