import { createHash } from "node:crypto";
import type { Answer, Client } from "./client.ts";
import type { Installation } from "./installation.ts";
import type { OpenApiDocument } from "./operations.ts";
import { register } from "./person.ts";
import { grayPng } from "./png.ts";

/** One request that is to have one effect. `name` stands in what it makes, and nowhere else. */
export interface Shot {
  by: Client;
  path: string;
  body: unknown;
  headers?: Record<string, string>;
  /** Another request by the same account, where those of two names are by two. */
  another?: Shot;
  /** How often it was done, when its answer is this one. */
  effects(answer: Answer): Promise<number>;
}

/** For each call that takes an `Idempotency-Key` a request, by a name of letters and digits. */
export type KeyedCalls = Record<string, (name: string) => Promise<Shot> | Shot>;

/** The calls of a document that take an `Idempotency-Key`. */
export function keyedOperations(document: OpenApiDocument): string[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { parameters = [] }]) =>
      /"#\/components\/parameters\/IdempotencyKey"|"name":"idempotency-key"/i.test(JSON.stringify(parameters))
        ? [`${method.toUpperCase()} ${path}`]
        : [],
    ),
  );
}

const queue = "keyed";
const password = "correct horse battery";
const small = { address: "Calle 1", city: "Pereira", price: 1, description: "Casa", year: 2020, status: "en_venta" };

/** How each of them is made, and how its effects are counted. Makes what they are about. */
export async function keyedCalls({ origin, anyone, plain, staff }: Installation): Promise<KeyedCalls> {
  const created = async (answer: Promise<Answer>) => {
    const { status, text } = await answer;
    if (status >= 300) throw new Error(`${status} ${text}`);
    return JSON.parse(text) as { id: number };
  };
  const property = await created(staff.post("/properties", small));
  await created(staff.put(`/queue/queues/${queue}`, { visibilitySeconds: 3600 }));
  await created(staff.post("/ingest/departments/rows", { rows: [[1, "Sales"]] }));
  await created(staff.post("/ingest/departments/backups"));
  await created(staff.post("/ingest/backups"));
  const csv = { "Content-Type": "text/csv" };
  const rejected = await created(staff.post("/ingest/jobs/csv", Buffer.from("id,job\nx,Nurse\n"), { headers: csv }));
  const post = await created(plain.post("/social/posts", { title: "A post with comments", content: "Once" }));
  let number = 0;

  const accounts = async (name: string) =>
    (await staff.get("/auth/accounts", { q: name })).json<{ accounts: unknown[] }>().accounts.length;
  /** Of an installation's messages, each is taken once and remembered. */
  const taken: string[] = [];
  const drained = async (name: string, take: () => Promise<string[]>) => {
    for (let more = await take(); more.length > 0; more = await take()) taken.push(...more);
    return taken.filter((one) => one === name).length;
  };
  const popped = async () => {
    const { message } = (await plain.post("/queue/pop")).json<{ message: string | null }>();
    return message === null ? [] : [message];
  };
  const received = async () => {
    const answer = await plain.post(`/queue/queues/${queue}/receive`, { max: 100 });
    return answer.json<{ messages: { body: string }[] }>().messages.map(({ body }) => body);
  };
  const oneRow = (answer: Answer) => answer.json<{ inserted: number }>().inserted;

  return {
    "POST /auth/register": (name) => ({
      by: anyone,
      path: "/auth/register",
      body: { username: name, email: `${name}@example.com`, password },
      effects: () => accounts(name),
    }),
    "POST /auth/accounts": (name) => ({
      by: staff,
      path: "/auth/accounts",
      body: { username: name, email: `${name}@example.com`, password },
      effects: () => accounts(name),
    }),
    "POST /auth/invitations": (name) => ({
      by: staff,
      path: "/auth/invitations",
      body: { email: `${name}@example.com` },
      async effects(response) {
        const { invitations } = (await staff.get("/auth/invitations")).json<{ invitations: { email: string }[] }>();
        const { token } = response.json<{ token: string }>();
        const input = { username: name, email: `${name}@example.com`, password, invitation: token };
        const made = await anyone.post("/auth/register", input, { headers: { "Idempotency-Key": `used-${name}` } });
        if (made.status !== 201) throw new Error(`the invitation is not good: ${made.text}`);
        return invitations.filter(({ email }) => email === `${name}@example.com`).length;
      },
    }),
    "POST /auth/clients": async (name) => {
      // An account has 50 clients at most.
      const owner = await register(origin, `o${name}`, password);
      const shot = (client: string): Shot => ({
        by: owner,
        path: "/auth/clients",
        body: { name: client, scope: "all" },
        async effects(answer) {
          const { clients } = (await owner.get("/auth/clients")).json<{ clients: { id: string; name: string }[] }>();
          const { id, secret } = answer.json<{ id: string; secret: string }>();
          const form = new URLSearchParams({ grant_type: "client_credentials", client_id: id, client_secret: secret });
          const tokens = await anyone.post("/auth/token", form);
          if (tokens.status !== 200) throw new Error(`the secret is not good: ${tokens.text}`);
          return clients.filter((one) => one.name === client).length;
        },
      });
      return { ...shot(name), another: shot(`${name}b`) };
    },
    "POST /auth/accounts/{id}/reset-link": (name) => ({
      by: staff,
      path: `/auth/accounts/${plain.id}/reset-link`,
      body: undefined,
      headers: { "X-Request-Id": name },
      async effects(answer) {
        const { pathname, search } = new URL(answer.json<{ url: string }>().url);
        const page = await anyone.get(`${pathname}${search}`);
        if (page.status !== 200) throw new Error(`the link is not good: ${page.status}`);
        const query = { requestId: name, action: "reset-link-made" };
        return (await staff.get("/auth/audit", query)).json<{ events: unknown[] }>().events.length;
      },
    }),
    "POST /directory/users": (name) => ({
      by: staff,
      path: "/directory/users",
      body: { firstName: name, lastName: "Keyed", email: `${name}@example.com`, bio: "" },
      effects: async () => (await staff.get("/directory/users", { name })).json<{ total: number }>().total,
    }),
    "POST /ingest/{table}/rows": (name) => ({
      by: staff,
      path: "/ingest/jobs/rows",
      body: { rows: [[++number, name]] },
      effects: async (answer) => oneRow(answer),
    }),
    "POST /ingest/{table}/csv": (name) => ({
      by: staff,
      path: "/ingest/jobs/csv",
      body: Buffer.from(`${++number},${name}\n`),
      headers: csv,
      effects: async (answer) => oneRow(answer),
    }),
    "POST /ingest/loads/{id}/retry": (name) => ({
      by: staff,
      path: `/ingest/loads/${rejected.id}/retry`,
      body: Buffer.from(`_line,_column,_reason,id,job\n2,id,x,${++number},${name}\n`),
      headers: csv,
      effects: async (answer) => oneRow(answer),
    }),
    "POST /ingest/backups": () => ({
      by: staff,
      path: "/ingest/backups",
      body: undefined,
      async effects(answer) {
        const { backups } = (await staff.get("/ingest/backups", { limit: 100 })).json<{
          backups: { name: string }[];
        }>();
        const [made] = answer.json<{ backups: { name: string }[] }>().backups;
        return backups.filter((backup) => backup.name === made?.name).length;
      },
    }),
    "POST /ingest/uploads": () => ({
      by: staff,
      path: "/ingest/uploads",
      body: undefined,
      headers: { "Tus-Resumable": "1.0.0", "Upload-Length": "10" },
      async effects({ headers }) {
        const { bytes } = (await staff.get(String(headers.location))).json<{ bytes: number }>();
        return bytes === 0 ? 1 : 0;
      },
    }),
    "POST /ingest/restore": () => ({
      by: staff,
      path: "/ingest/restore",
      body: { dryRun: true },
      effects: async (answer) => (answer.json<{ tables: unknown[] }>().tables.length > 0 ? 1 : 0),
    }),
    "POST /ingest/{table}/backups": () => {
      const table = number % 2 === 0 ? "jobs" : "hired_employees";
      return {
        by: staff,
        path: `/ingest/${table}/backups`,
        body: undefined,
        async effects(answer) {
          const { backups } = (await staff.get("/ingest/backups", { limit: 100 })).json<{
            backups: { name: string; sha256: string }[];
          }>();
          const { name } = answer.json<{ name: string }>();
          return backups.filter((backup) => backup.name === name).length;
        },
      };
    },
    "POST /ingest/{table}/restore": () => ({
      by: staff,
      path: "/ingest/departments/restore",
      body: {},
      effects: async (answer) => answer.json<{ rows: number }>().rows,
    }),
    "POST /properties": (name) => ({
      by: staff,
      path: "/properties",
      body: { ...small, address: name },
      async effects() {
        const found = await staff.get("/properties", { q: name });
        return found.status === 404 ? 0 : found.json<{ properties: unknown[] }>().properties.length;
      },
    }),
    "POST /properties/searches": (name) => ({
      by: plain,
      path: "/properties/searches",
      body: { name, search: {} },
      async effects() {
        const { searches } = (await plain.get("/properties/searches", { limit: 100 })).json<{
          searches: { name: string }[];
        }>();
        return searches.filter((search) => search.name === name).length;
      },
    }),
    "POST /properties/{id}/status": () => {
      const updateDate = new Date(Date.UTC(2020, 0, 1) + ++number * 1000).toISOString();
      return {
        by: staff,
        path: `/properties/${property.id}/status`,
        body: { status: "vendido", updateDate },
        async effects() {
          const path = `/properties/${property.id}/status`;
          const { history } = (await staff.get(path, { limit: 100 })).json<{ history: { updateDate: string }[] }>();
          return history.filter((change) => change.updateDate === updateDate).length;
        },
      };
    },
    "POST /queue/access-keys": async (name) => {
      const owner = await register(origin, `k${name}`, password);
      const seen = new Set<string>();
      const shot: Shot = {
        by: owner,
        path: "/queue/access-keys",
        body: undefined,
        async effects() {
          const { accessKeys } = (await owner.get("/queue/access-keys")).json<{
            accessKeys: { accessKeyId: string }[];
          }>();
          const fresh = accessKeys.filter(({ accessKeyId }) => !seen.has(accessKeyId));
          for (const { accessKeyId } of fresh) seen.add(accessKeyId);
          return fresh.length;
        },
      };
      return { ...shot, another: shot };
    },
    "POST /queue/push": (name) => ({
      by: plain,
      path: "/queue/push",
      body: name,
      effects: () => drained(name, popped),
    }),
    "POST /queue/queues/{name}/messages": (name) => ({
      by: plain,
      path: `/queue/queues/${queue}/messages`,
      body: { body: name },
      effects: () => drained(name, received),
    }),
    "POST /social/users": (name) => ({
      by: anyone,
      path: "/social/users",
      body: { email: `${name}@example.com`, password },
      effects: () => accounts(name),
    }),
    "POST /social/posts": (name) => ({
      by: plain,
      path: "/social/posts",
      body: { title: name, content: "Once" },
      effects: async () => (await plain.get("/social/posts", { search: name })).json<unknown[]>().length,
    }),
    "POST /social/posts/{id}/comments": (name) => ({
      by: plain,
      path: `/social/posts/${post.id}/comments`,
      body: { content: name },
      async effects() {
        const query = { sort: "new", limit: 100 };
        const { comments } = (await plain.get(`/social/posts/${post.id}/comments`, query)).json<{
          comments: { content: string }[];
        }>();
        return comments.filter(({ content }) => content === name).length;
      },
    }),
    "POST /social/reports": async (name) => {
      const { id } = await created(plain.post("/social/posts", { title: `reported ${name}`, content: "Once" }));
      return {
        by: staff,
        path: "/social/reports",
        body: { postId: id, reason: "spam", note: name },
        async effects() {
          const { reports } = (await staff.get("/social/reports", { limit: 100 })).json<{
            reports: { note: string }[];
          }>();
          return reports.filter(({ note }) => note === name).length;
        },
      };
    },
    "POST /social/images": (name) => {
      const digest = createHash("sha256").update(name).digest();
      const [width, height] = [1 + digest.readUInt8(0), 1 + digest.readUInt8(1)];
      return {
        by: plain,
        path: "/social/images",
        body: grayPng(width, height),
        headers: { "Content-Type": "image/png" },
        async effects() {
          const { images } = (await plain.get("/social/images")).json<{
            images: { width: number; height: number }[];
          }>();
          return images.filter((image) => image.width === width && image.height === height).length;
        },
      };
    },
    "POST /social/vote": async (name) => {
      const post = await created(plain.post("/social/posts", { title: `about ${name}`, content: "Once" }));
      return {
        by: plain,
        path: "/social/vote",
        body: { postId: post.id, dir: 1 },
        async effects(answer) {
          if (answer.json<{ votes: number }>().votes !== 1) return 0;
          return (await plain.get(`/social/posts/${post.id}`)).json<{ votes: number }>().votes;
        },
      };
    },
  };
}
