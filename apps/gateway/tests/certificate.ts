import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder in which a test makes certificates; disposed, it is gone. */
export interface Certificates extends Disposable {
  folder: string;
  /** Makes a key and a certificate of its own for `localhost` and 127.0.0.1, in files of this name. */
  make(name: string, days?: number): { cert: string; key: string; pem: string };
}

/** Certificates as `openssl` makes them. */
export function certificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), "quintet-tls-"));
  return {
    folder,
    make(name, days = 30) {
      const [cert, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
      const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", String(days)];
      const names = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
      execFileSync("openssl", ["req", "-x509", ...curve, ...names, "-keyout", key, "-out", cert], { stdio: "pipe" });
      return { cert, key, pem: readFileSync(cert, "utf8") };
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}
