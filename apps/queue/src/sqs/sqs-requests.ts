import { type Account, clientAddressOf } from "@quintet/auth";
import {
  beginWaiting,
  checkSignatureTime,
  readSignatureClaim,
  type ServiceEnv,
  type SignedParts,
  verifySignature,
} from "@quintet/http";
import type { Context } from "hono";
import { callerOf } from "../commands/caller.ts";
import type { Deps } from "../deps.ts";
import { sqsPath } from "./addresses.ts";
import { type Call, protocolOf } from "./protocol/protocol.ts";
import { type SignedHosts, signedHosts } from "./signed-hosts.ts";
import { SqsError } from "./sqs-error.ts";
import { toSqsError } from "./to-sqs-error.ts";

type SqsContext = Context<ServiceEnv>;

/** The handler of all requests of the SQS protocol, in either of its forms. Its errors are those of SQS, not problem documents. */
export function sqsRequests(deps: Deps, maxBodyBytes: number): (c: SqsContext) => Promise<Response> {
  const hosts = signedHosts(deps.auth.site.url, deps.trustedProxies);
  return async (c) => {
    const requestId = c.get("requestId");
    const header = (name: string) => c.req.header(name);
    const protocol = protocolOf(header);
    const respond = ({ status, headers, text }: ReturnType<typeof protocol.fail>) =>
      c.body(text, status as 200, { ...headers, "x-amzn-RequestId": requestId, "Cache-Control": "no-store" });
    deps.sweep.start();
    try {
      if (Number(header("content-length")) > maxBodyBytes) {
        throw new SqsError("RequestEntityTooLarge", `The request is larger than ${maxBodyBytes} bytes.`);
      }
      const signed = await verify(c, deps, hosts);
      const { query, body, path } = signed;
      const call = protocol.read({ query, body, header });
      if (call.input.QueueUrl === undefined && isQueuePath(path)) call.input.QueueUrl = path;
      const caller = callerOf(signed.account);
      const context = {
        ...{ deps, caller, account: signed.account, region: signed.region, origin: signed.origin },
        commands: deps.commands.as(caller),
        signal: c.req.raw.signal,
        beginWaiting: () => beginWaiting(c),
      };
      const result = await logged(c, deps, signed.account, call, () => call.action.run(context, call.input as never));
      return respond(protocol.respond(call, result, requestId));
    } catch (thrown) {
      const error = toSqsError(thrown, { method: c.req.method, requestId });
      if (!error.senderFault) c.get("log").error({ err: error.cause ?? error, http: { request: { id: requestId } } });
      for (const [name, value] of Object.entries(error.headers)) c.header(name, value);
      return respond(protocol.fail(error, requestId));
    }
  };
}

/** The actions that change queues themselves. */
const changesQueues: ReadonlySet<string> = new Set([
  "AddPermission",
  "CreateQueue",
  "DeleteQueue",
  "PurgeQueue",
  "RemovePermission",
  "SetQueueAttributes",
  "TagQueue",
  "UntagQueue",
]);

/** Runs an action. When staff changes a queue, it is logged in the audit log before, as the same change below `/queue/queues` is. */
async function logged<T>(
  c: SqsContext,
  { auth }: Deps,
  { id, isStaff }: Account,
  { name: action, input }: Call,
  run: () => Promise<T>,
): Promise<T> {
  if (!isStaff || !changesQueues.has(action)) return run();
  const { method } = c.req;
  const { QueueName, QueueUrl } = input;
  const queue = QueueName ?? String(QueueUrl).split("/").at(-1);
  const [path, route] = [`${sqsPath}/${queue}`.slice(0, 200), `${sqsPath} ${action}`];
  const ended = await auth.beginAction({ actorId: id, method, path, route, clientAddress: clientAddressOf(c) });
  try {
    const result = await run();
    ended(200);
    return result;
  } catch (error) {
    ended(toSqsError(error, { method, requestId: c.get("requestId") }).status);
    throw error;
  }
}

/** Verifies who has sent a request, and that nobody has changed it. The body is read only for a known key. */
async function verify(c: SqsContext, { accessKeys }: Deps, hosts: SignedHosts) {
  const { pathname, search } = targetOf(c);
  const parts: SignedParts = {
    method: c.req.method,
    url: pathname + search,
    header: (name) => c.req.header(name),
  };
  const claim = readSignatureClaim(parts, "sqs");
  checkSignatureTime(claim, Date.now());
  const key = await accessKeys.find(claim.accessKeyId);
  if (!key) throw new SqsError("InvalidClientTokenId", "The security token included in the request is invalid.");
  const body = new Uint8Array(await c.req.arrayBuffer());
  const { secret, account } = key;
  const host = verifySignature(parts, claim, { secret, body, hosts: hosts.of(c) });
  const origin = `${hosts.protocolOf(c, host)}//${host}`;
  c.set("account", account);
  return { account, region: claim.region, origin, path: pathname, query: search.slice(1), body };
}

/** The path and the query as they were sent: a URL object may spell them differently. */
function targetOf(c: SqsContext): { pathname: string; search: string } {
  const { url = c.req.url.replace(/^[a-z]+:\/\/[^/]*/i, "") } = c.env?.incoming ?? {};
  const at = url.indexOf("?");
  return at < 0 ? { pathname: url, search: "" } : { pathname: url.slice(0, at), search: url.slice(at) };
}

/** Whether a path is that of one queue. */
function isQueuePath(path: string): boolean {
  return path.split("/").length > 4;
}
