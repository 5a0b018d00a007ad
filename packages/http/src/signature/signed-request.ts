/** Why the signature of a request is refused; the names are those that all services of AWS have. */
export class SignatureError extends Error {
  override readonly name:
    | "MissingAuthenticationToken"
    | "IncompleteSignature"
    | "SignatureDoesNotMatch"
    | "RequestExpired";

  constructor(name: SignatureError["name"], message: string) {
    super(message);
    this.name = name;
  }
}

/** What a request says of its signature (Signature Version 4), in its Authorization header or in its query. */
export interface SignatureClaim {
  accessKeyId: string;
  /** `YYYYMMDD`, region, service and `aws4_request`, joined by slashes: what the signing key is for. */
  scope: string;
  date: string;
  region: string;
  service: string;
  /** The names of the signed headers, in lower case and in order. */
  signedHeaders: string[];
  /** 64 hex digits. */
  signature: string;
  /** `YYYYMMDD'T'HHMMSS'Z'`. */
  timestamp: string;
  /** For how long the signature is valid, in seconds; `undefined` when it does not say, and the clocks must agree. */
  expiresSeconds: number | undefined;
}

/** The parts of a request that its signature covers. `url` is the target as it was sent: path and query. */
export interface SignedParts {
  method: string;
  url: string;
  header(name: string): string | undefined;
}

const algorithm = "AWS4-HMAC-SHA256";
const credentialPattern = /^([\w-]{1,128})\/((\d{8})\/([\w-]{1,64})\/([\w-]{1,64})\/aws4_request)$/;
const timestampPattern = /^\d{8}T\d{6}Z$/;

/** Whether a request is signed in its query, as a URL that was signed beforehand is. */
function isPresigned(query: URLSearchParams): boolean {
  return query.has("X-Amz-Algorithm") || query.has("X-Amz-Signature");
}

/** Reads the claim of a request to `service`. Throws `MissingAuthenticationToken` for an unsigned request, `IncompleteSignature` for a malformed claim. */
export function readSignatureClaim({ url, header }: SignedParts, service: string): SignatureClaim {
  const query = new URLSearchParams(url.includes("?") ? url.slice(url.indexOf("?")) : "");
  if (isPresigned(query)) {
    const parameter = (name: string) => query.get(`X-Amz-${name}`) ?? undefined;
    const expires = parameter("Expires");
    if (expires !== undefined && !(/^\d{1,6}$/.test(expires) && Number(expires) >= 1 && Number(expires) <= 604_800)) {
      throw incomplete("X-Amz-Expires must be a number of seconds from 1 to 604800.");
    }
    return toClaim(service, {
      algorithm: parameter("Algorithm"),
      credential: parameter("Credential"),
      signedHeaders: parameter("SignedHeaders"),
      signature: parameter("Signature"),
      timestamp: parameter("Date"),
      expiresSeconds: expires === undefined ? undefined : Number(expires),
    });
  }
  const authorization = header("authorization");
  if (authorization === undefined) {
    throw new SignatureError(
      "MissingAuthenticationToken",
      "The request is not signed: it has no Authorization header.",
    );
  }
  const [, scheme, rest = ""] = /^\s*(\S+)\s*(.*)$/.exec(authorization) ?? [];
  const fields = new Map(
    rest.split(",").map((field): [string, string] => {
      const at = field.indexOf("=");
      return [field.slice(0, at).trim(), field.slice(at + 1).trim()];
    }),
  );
  return toClaim(service, {
    algorithm: scheme,
    credential: fields.get("Credential"),
    signedHeaders: fields.get("SignedHeaders"),
    signature: fields.get("Signature"),
    timestamp: header("x-amz-date") ?? fromHttpDate(header("date")),
    expiresSeconds: undefined,
  });
}

function toClaim(
  service: string,
  given: {
    algorithm: string | undefined;
    credential: string | undefined;
    signedHeaders: string | undefined;
    signature: string | undefined;
    timestamp: string | undefined;
    expiresSeconds: number | undefined;
  },
): SignatureClaim {
  const { credential = "", signature = "", timestamp = "", expiresSeconds } = given;
  if (given.algorithm !== algorithm) throw incomplete(`The algorithm must be ${algorithm}.`);
  const [, accessKeyId = "", scope = "", date = "", region = "", scoped = ""] =
    credentialPattern.exec(credential) ?? [];
  if (accessKeyId === "") throw incomplete("Credential must be an access key id and a scope.");
  if (scoped !== service)
    throw new SignatureError("SignatureDoesNotMatch", `Credential should be scoped to correct service: '${service}'.`);
  const signedHeaders = (given.signedHeaders ?? "").split(";");
  if (!signedHeaders.every((name) => /^[a-z0-9-]+$/.test(name))) {
    throw incomplete("SignedHeaders must be names of headers in lower case, joined by semicolons.");
  }
  if (!/^[0-9a-f]{64}$/.test(signature)) throw incomplete("Signature must be 64 hex digits.");
  if (!timestampPattern.test(timestamp)) throw incomplete("X-Amz-Date must be a time such as 20260131T120000Z.");
  if (!timestamp.startsWith(date)) {
    throw new SignatureError("SignatureDoesNotMatch", "The date of Credential is not that of X-Amz-Date.");
  }
  return { accessKeyId, scope, date, region, service, signedHeaders, signature, timestamp, expiresSeconds };
}

function fromHttpDate(date: string | undefined): string | undefined {
  const at = Date.parse(date ?? "");
  return Number.isNaN(at) ? undefined : new Date(at).toISOString().replace(/[-:]|\.\d{3}/g, "");
}

function incomplete(message: string): SignatureError {
  return new SignatureError("IncompleteSignature", message);
}
