import type { Operation } from "./operations.ts";
import { pathOf } from "./operations.ts";
import { mutated, type Random } from "./random.ts";

const names = [
  "0",
  "-1",
  "9".repeat(30),
  "1e9",
  "null",
  "jobs",
  "%F0%9F",
  "%ff",
  "%00",
  "a%20b",
  "a".repeat(300),
  "';--",
  "..;",
];
const values = [
  "",
  "0",
  "-1",
  "1",
  "9".repeat(40),
  "true",
  "null",
  "%",
  "%zz",
  "%ff",
  "a,b",
  "[]",
  "é",
  "%F0%9F%98%80",
  "x".repeat(2000),
];
const types = [
  "application/json",
  "text/csv",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=b",
].concat("multipart/form-data", "application/json; charset=utf-16", "application/x-amz-json-1.0", "nonsense", "");
const odd = [
  '{"a":',
  "[",
  '"',
  "nul",
  "\xff\xfe{}",
  "\0",
  "1e999",
  "-",
  '{"a":1}{"b":2}',
  "a,b\n1,2\n",
  "a=1&a=2&%=%zz",
  "--b\r\n\r\n",
].concat(
  "[".repeat(20_000),
  '{"a":'.repeat(5000),
  `"${"\\ud800"}"`,
  '{"__proto__":{"isStaff":true},"constructor":{"prototype":{}}}',
  '--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n1,2\r\n--b--\r\n',
  '--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nno end',
);

const hosts = [
  "",
  "a b",
  "a.1",
  "%zz",
  "a%41",
  "127.1",
  "a:",
  "a:99999",
  "[::1]:1",
  "[::",
  "a@b",
  "\xe9",
  "A",
  "a\r\nHost: b",
];

/** Any JSON value, of a few levels. */
function value(random: Random, depth = 0): unknown {
  const simple = [
    null,
    true,
    0,
    -1,
    1,
    1.5,
    1e300,
    2 ** 53,
    "",
    "x",
    "\u0000",
    "é\u202e",
    "2021-11-07T02:48:42Z",
    "9".repeat(400),
  ];
  if (depth > 2 || random.next() < 0.7) return random.pick(simple);
  const count = random.below(4);
  if (random.next() < 0.5) return Array.from({ length: count }, () => value(random, depth + 1));
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => [random.pick(["id", "name", "rows", `k${i}`]), value(random, depth + 1)]),
  );
}

function bodyOf(operation: Operation, random: Random): string {
  if (random.next() < 0.3) return random.pick(odd);
  const fields = operation.fields ?? ["rows", "messages"];
  const body: Record<string, unknown> = {};
  for (const field of fields) if (random.next() < 0.8) body[field] = value(random);
  if (random.next() < 0.2) body.unknown = 1;
  const text = random.next() < 0.8 ? JSON.stringify(body) : JSON.stringify(value(random));
  return Buffer.from(random.next() < 0.3 ? mutated(text, random) : text, "utf8").toString("latin1");
}

/** A request for an operation, as latin1 text, that is wrong in its path, query, body or head, or in several of them. */
export function malformed(operation: Operation, authorization: string | undefined, random: Random): string {
  const given = Object.fromEntries(operation.pathParameters.map((name) => [name, random.pick(names)]));
  let path = pathOf(operation, random.next() < 0.5 ? given : {});
  const queries = operation.queryParameters
    .filter(() => random.next() < 0.5)
    .map((name) => `${name}=${random.pick(values)}`);
  if (random.next() < 0.2) queries.push(`unknown=${random.pick(values)}`);
  if (queries.length > 0) path += `?${queries.join("&")}`;
  const headers = [
    ...(random.next() < 0.02 ? [] : [`Host: ${random.next() < 0.9 ? "a" : random.pick(hosts)}`]),
    "Connection: close",
    `X-Forwarded-For: 10.${random.below(250)}.${random.below(250)}.${1 + random.below(250)}`,
  ];
  if (authorization) headers.push(`Authorization: ${authorization}`);
  if (random.next() < 0.1)
    headers.push(`Accept: ${random.pick(["text/html", "text/event-stream", "nonsense", "*/*;q=9"])}`);
  if (random.next() < 0.1) headers.push(`Idempotency-Key: ${random.pick(["a b", '"x', "k".repeat(300), "1", '""'])}`);
  if (random.next() < 0.1) headers.push(`If-Match: ${random.pick(["*", '"x', "x", 'W/"1"'])}`);
  if (random.next() < 0.1) headers.push(`Range: bytes=${random.pick(["-", "9-1", "0-0,1-1", "x"])}`);
  if (random.next() < 0.05) headers.push(`Content-Encoding: ${random.pick(["gzip", "br", "x"])}`);
  if (random.next() < 0.05) headers.push(`Cookie: ${random.pick(["a", "a=%", "session=x; session=y", "\xff"])}`);
  let body = "";
  if (operation.method !== "GET" || random.next() < 0.1) {
    body = bodyOf(operation, random);
    headers.push(`Content-Type: ${random.next() < 0.6 ? "application/json" : random.pick(types)}`);
    if (random.next() < 0.3) {
      body = `${body.length.toString(16)}\r\n${body}${body ? "\r\n0\r\n" : ""}\r\n`;
      headers.push("Transfer-Encoding: chunked");
    } else {
      headers.push(`Content-Length: ${body.length}`);
    }
  }
  const version = random.next() < 0.97 ? "1.1" : "1.0";
  let head = `${operation.method} ${path} HTTP/${version}\r\n${headers.join("\r\n")}\r\n\r\n`;
  if (random.next() < 0.5) for (let changes = 1 + random.below(3); changes > 0; changes--) head = mutated(head, random);
  return head + body;
}
