import { randomBytes } from "node:crypto";
import { type TestAccount, type TestAuth, testAuth } from "@quintet/accounts/testing";
import { testPostgres, testPrefix } from "@quintet/db/testing";
import { createLogger } from "@quintet/http";
import { readResponse, requestApp, type TestResponse } from "@quintet/http/testing";
import { inject } from "vitest";
import { createApp } from "../src/app.ts";
import { type Deps, social as definition } from "../src/index.ts";

export interface SocialResponse<T> extends TestResponse {
  body: T;
}

export interface Post {
  id: number;
  title: string;
  content: string;
  truncated: boolean;
  published: boolean;
  createdAt: string;
  publishedAt: string | null;
  editedAt: string | null;
  version: number;
  tags: string[];
  images: object[];
  comments: number;
  myVote: 0 | 1;
  ownerId: number;
  owner: { id: number; email?: string; createdAt: string };
  author: { id: number; handle: string | null; displayName: string };
}

export interface PostWithVotes {
  post: Post;
  votes: number;
}

export interface ProblemBody {
  status: number;
  detail: string;
  errors?: { path: string; message: string }[];
}

interface SentRequest {
  by?: TestAccount;
  json?: unknown;
  body?: string;
  headers?: Record<string, string>;
}

/** The app in this process on a database, an issuer and a key prefix of its own. */
export interface OpenSocial extends AsyncDisposable {
  accounts: TestAuth;
  config: ReturnType<typeof definition.loadConfig>;
  deps: Deps;
  postgresUrl: string;
  /** Sends a request to `path` below `/social`; `json` is sent as JSON, `body` as it is. */
  send<T = ProblemBody>(method: string, path: string, request?: SentRequest): Promise<SocialResponse<T>>;
  /** Creates a post and returns it. */
  post(by: TestAccount, fields?: Record<string, unknown>): Promise<Post>;
  vote(by: TestAccount, postId: number, dir: unknown): Promise<SocialResponse<ProblemBody & { votes: number }>>;
}

/** Opens the app for one test file; to be disposed of in `afterAll`. */
export async function openSocial(): Promise<OpenSocial> {
  const [accounts, database] = await Promise.all([testAuth(inject("mysqlUrl")), testPostgres(inject("postgresUrl"))]);
  const config = definition.loadConfig({
    POSTGRES_URL: database.url,
    REDIS_URL: inject("redisUrl"),
    REDIS_PREFIX: testPrefix(),
    QUINTET_SECRET: randomBytes(32).toString("hex"),
    AUTH_URL: "http://issuer.test",
    CORS_ORIGINS: "https://friend.example",
  });
  await definition.migrate(config);
  const deps = definition.createDeps(config, {
    auth: accounts.auth,
    log: createLogger({ service: "social", level: "silent" }),
  });
  const app = createApp(deps);

  const send = async <T>(method: string, path: string, request: SentRequest = {}): Promise<SocialResponse<T>> => {
    const { by, ...sent } = request;
    const options = { authorization: by?.bearer, ...sent };
    const response = await readResponse(await requestApp(app, method, `/social${path}`, options));
    const isJson = /json/.test(response.headers.get("content-type") ?? "");
    return { ...response, body: (isJson && response.text !== "" ? response.json() : undefined) as T };
  };
  return {
    accounts,
    config,
    deps,
    postgresUrl: database.url,
    send,
    async post(by, fields = {}) {
      const response = await send<Post>("POST", "/posts", {
        by,
        json: { title: "Title", content: "Content", ...fields },
      });
      if (response.status !== 201) throw new Error(response.text);
      return response.body;
    },
    vote: (by, postId, dir) => send("POST", "/vote", { by, json: { postId, dir } }),
    [Symbol.asyncDispose]: async () => {
      await deps[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
      await accounts[Symbol.asyncDispose]();
    },
  };
}

/** The paths that a problem names. */
export function named(response: SocialResponse<ProblemBody>): string[] {
  return (response.body.errors ?? []).map((fault) => fault.path);
}
