import { createLogger } from "@quintet/http";
import { describe, expect, it } from "vitest";
import type { Upstream } from "../routing/upstream.ts";
import { mergedDocument } from "./merged-document.ts";

const log = createLogger({ service: "test", level: "silent" });
const thing = (type: string) => ({ schemas: { Thing: { type }, Problem: { type: "object" } } });
const own = () => ({ info: { title: "All" }, paths: { "/": {} }, components: thing("object") });
interface Merged {
  info: { description?: string };
  paths: Record<string, unknown>;
  components: { schemas: Record<string, unknown> };
}

/** An app whose document is what `answer` gives, and how often it was asked. */
function app(name: string, answer: () => Promise<Response>): Upstream & { asked: number } {
  const upstream = {
    name,
    prefix: `/${name}`,
    asked: 0,
    handle: () => {},
    close: async () => {},
    get: () => {
      upstream.asked++;
      return answer();
    },
  };
  return upstream;
}

const documentOf = (name: string, type = "string") =>
  Response.json({
    paths: { [`/${name}`]: { get: { schema: { $ref: "#/components/schemas/Thing" } } } },
    components: thing(type),
  });
const merge = (upstreams: Upstream[], options: object = {}) =>
  mergedDocument({ upstreams, own, log, ...options }) as () => Promise<Merged>;

describe("the merged document", () => {
  it("names the schemas of each app apart, and shares those that are the same in all", async () => {
    const read = merge([
      app("queue", async () => documentOf("queue")),
      app("social", async () => documentOf("social")),
    ]);
    const { paths, components } = await read();
    expect(Object.keys(paths)).toEqual(["/", "/queue", "/social"]);
    expect(Object.keys(components.schemas).sort()).toEqual(["Problem", "Thing", "queue.Thing", "social.Thing"]);
    expect(paths["/queue"]).toEqual({ get: { schema: { $ref: "#/components/schemas/queue.Thing" } } });
  });

  it("asks each app once, however many want it, and again when it is no longer fresh", async () => {
    const queue = app("queue", async () => documentOf("queue"));
    const read = merge([queue]);
    const [first, ...others] = await Promise.all(Array.from({ length: 20 }, read));
    expect(others.every((other) => other === first)).toBe(true);
    await read();
    expect(queue.asked).toBe(1);
    const impatient = merge([queue], { freshMs: 0 });
    const before = await impatient();
    expect(await impatient()).toBe(before);
    expect(queue.asked).toBe(3);
  });

  it("keeps the part of an app that is away, hangs or answers nonsense, and renews it when it is back", async () => {
    let answer = async () => documentOf("queue");
    const read = merge([app("queue", () => answer())], { freshMs: 0, timeoutMs: 20 });
    const before = await read();
    const failures: (() => Promise<Response>)[] = [
      () => Promise.reject(new Error("away")),
      () => new Promise(() => {}),
      async () => new Response("{", { status: 200 }),
      async () => Response.json({ title: "away" }, { status: 503 }),
    ];
    for (const failure of failures) {
      answer = failure;
      expect(await read()).toBe(before);
    }
    answer = async () => documentOf("queue", "number");
    expect((await read()).components.schemas["queue.Thing"]).toEqual({ type: "number" });
  });

  it("says which app is missing that it has never reached", async () => {
    let answer: () => Promise<Response> = () => Promise.reject(new Error("away"));
    const read = merge([app("queue", () => answer())], { freshMs: 0 });
    expect((await read()).info.description).toContain("queue");
    answer = async () => documentOf("queue");
    const { info, paths } = await read();
    expect(info.description).toBeUndefined();
    expect(Object.keys(paths)).toContain("/queue");
  });
});
