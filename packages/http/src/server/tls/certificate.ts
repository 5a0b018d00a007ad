import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { ConfigError, watchFiles } from "@quintet/workers";
import type { Logger } from "../../observability/logger.ts";

/** The files that `TLS_CERT` and `TLS_KEY` name: a chain of certificates and its private key, both PEM. */
export interface TlsFiles {
  cert: string;
  key: string;
  /** How often the files are checked for changes, in ms. Default: 1,000. */
  everyMs?: number;
}

interface KeyPair {
  cert: Buffer;
  key: Buffer;
}

const day = 86_400_000;

/** Reads a certificate and its key. Throws `ConfigError`, naming the variable, when one is missing or they do not match. */
export function readKeyPair(files: TlsFiles): KeyPair {
  const cert = read("TLS_CERT", files.cert);
  const key = read("TLS_KEY", files.key);
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const mismatch = code === "ERR_OSSL_X509_KEY_VALUES_MISMATCH" || /mismatch/.test(message);
    const reason = mismatch
      ? "TLS_KEY: does not match TLS_CERT"
      : "TLS_CERT: must be a PEM certificate chain, and TLS_KEY its unencrypted PEM private key";
    throw new ConfigError(reason);
  }
  return { cert, key };
}

/**
 * Calls `use` with each new pair when the files change. A pair that does not match, because only one file has been renewed yet, is
 * logged and not used. Returns a function that stops watching.
 */
export function watchKeyPair(files: TlsFiles, log: Logger, use: (pair: KeyPair) => void): () => void {
  return watchFiles(
    [files.cert, files.key],
    () => {
      try {
        const pair = readKeyPair(files);
        use(pair);
        logCertificate(pair, log, "TLS certificate replaced");
      } catch (error) {
        log.error({ err: error }, "TLS certificate not replaced");
      }
    },
    files.everyMs,
  );
}

/** Logs the certificate in use and its expiry; a warning when it has expired or will within seven days. */
export function logCertificate({ cert }: KeyPair, log: Logger, message: string): void {
  const { validToDate, subjectAltName, serialNumber } = new X509Certificate(cert);
  const fields = { tls: { server: { not_after: validToDate.toISOString(), x509: { serial_number: serialNumber } } } };
  const text = `${message}: ${subjectAltName ?? "no names"}, until ${validToDate.toISOString()}`;
  if (validToDate.getTime() < Date.now() + 7 * day) log.warn(fields, text);
  else log.info(fields, text);
}

function read(variable: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file" : "it cannot be read";
    throw new ConfigError(`${variable}: ${reason}`);
  }
}
