import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";

/** A real SMTP server that keeps what it is sent; it can go away and come back on its port. */
export interface MailServer extends AsyncDisposable {
  url: string;
  /** Each mail's addressee and its text, decoded, the oldest first. */
  mails: { to: string; text: string }[];
  /** What it says to the next addressees instead of taking their mail. */
  refusal: { code: number } | undefined;
  /** How often somebody tried to send. */
  attempts: number;
  stop(): Promise<void>;
  start(): Promise<void>;
}

export async function mailServer(): Promise<MailServer> {
  let server: SMTPServer;
  let port = 0;
  const made: MailServer = {
    url: "",
    mails: [],
    refusal: undefined,
    attempts: 0,
    stop: () => new Promise((resolve) => server.close(resolve)),
    start: async () => {
      server = new SMTPServer({
        authOptional: true,
        disabledCommands: ["STARTTLS"],
        onRcptTo(_address, _session, done) {
          made.attempts++;
          const { refusal } = made;
          done(refusal && Object.assign(new Error("No"), { responseCode: refusal.code }));
        },
        onData(stream, session, done) {
          const chunks: Buffer[] = [];
          stream.on("data", (chunk: Buffer) => chunks.push(chunk));
          stream.on("end", () => {
            const text = decoded(Buffer.concat(chunks).toString("utf8"));
            made.mails.push({ to: session.envelope.rcptTo.map(({ address }) => address).join(), text });
            done();
          });
        },
      });
      await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
      port = (server.server.address() as AddressInfo).port;
      made.url = `smtp://127.0.0.1:${port}`;
    },
    [Symbol.asyncDispose]: () => made.stop(),
  };
  await made.start();
  return made;
}

/** A mail's text out of quoted-printable (RFC 2045 section 6.7). */
function decoded(text: string): string {
  if (!/^content-transfer-encoding: quoted-printable/im.test(text)) return text;
  const bytes = text.replace(/=\r\n/g, "").replace(/=([0-9A-F]{2})/g, (_, hex: string) => `%${hex}`);
  return bytes.replace(/(%[0-9A-F]{2})+/g, decodeURIComponent);
}
