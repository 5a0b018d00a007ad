import { createTransport } from "nodemailer";

export interface Mail {
  to: string;
  subject: string;
  text: string;
}

/** Sends a mail; rejects with a `MailError`. */
export type SendMail = (mail: Mail) => Promise<void>;

/** A mail that could not be sent. Its message contains neither the mail nor the reply of the server. */
export class MailError extends Error {
  /** Whether a retry is useless: the server replied with 5xx (RFC 5321 section 4.2.1). */
  readonly permanent: boolean;

  constructor(code: string, permanent: boolean) {
    super(`The mail could not be sent: ${code}.`);
    this.name = "MailError";
    this.permanent = permanent;
  }
}

const limitMs = 10_000;

/** Sends mails through the SMTP server at `url` (smtp:// or smtps://), over a connection for each mail. */
export function createSmtp({ url, from }: { url: string; from: string }): SendMail {
  const times = { connectionTimeout: limitMs, greetingTimeout: limitMs, socketTimeout: limitMs };
  const transport = createTransport({ url, ...times, disableFileAccess: true, disableUrlAccess: true });
  return async ({ to, subject, text }) => {
    try {
      // In this form the address cannot be parsed as several.
      await transport.sendMail({ from, to: { name: "", address: to }, subject, text });
    } catch (error) {
      const { code, responseCode } = error as { code?: unknown; responseCode?: unknown };
      const permanent = typeof responseCode === "number" && responseCode >= 500;
      throw new MailError(`${typeof code === "string" ? code : "unknown"} ${responseCode ?? ""}`.trim(), permanent);
    }
  };
}
