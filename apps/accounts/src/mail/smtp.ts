import { createTransport } from "nodemailer";

export interface Mail {
  to: string;
  subject: string;
  text: string;
}

/** Sends a mail; a failure that may pass rejects with `MailError.lasting` false. */
export type SendMail = (mail: Mail) => Promise<void>;

/** A mail that could not be sent. Its message holds neither the mail nor what the server said. */
export class MailError extends Error {
  /** Whether the server refuses this mail for good (a 5xx reply, RFC 5321 section 4.2.1). */
  readonly lasting: boolean;

  constructor(code: string, lasting: boolean) {
    super(`The mail could not be sent: ${code}.`);
    this.name = "MailError";
    this.lasting = lasting;
  }
}

const limitMs = 10_000;

/** Sends by the SMTP server of `url` (smtp:// or smtps://), on a connection for each mail. */
export function createSmtp({ url, from }: { url: string; from: string }): SendMail {
  const times = { connectionTimeout: limitMs, greetingTimeout: limitMs, socketTimeout: limitMs };
  const transport = createTransport({ url, ...times, disableFileAccess: true, disableUrlAccess: true });
  return async ({ to, subject, text }) => {
    try {
      // As a value of its own an address cannot become two.
      await transport.sendMail({ from, to: { name: "", address: to }, subject, text });
    } catch (error) {
      const { code, responseCode } = error as { code?: unknown; responseCode?: unknown };
      const lasting = typeof responseCode === "number" && responseCode >= 500;
      throw new MailError(`${typeof code === "string" ? code : "unknown"} ${responseCode ?? ""}`.trim(), lasting);
    }
  };
}
