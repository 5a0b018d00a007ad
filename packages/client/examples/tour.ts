/**
 * Uses every app through the typed client, and undoes its changes:
 *
 *     node packages/client/examples/tour.ts http://localhost:8080 admin PASSWORD
 */
import { answered, createClient, ok, ProblemError, pages, type QuintetClient, signIn } from "@quintet/client";

const [url = "http://localhost:8080", username = "", password = ""] = process.argv.slice(2);
const client = createClient(url, { token: await signIn(url, { username, password }) });
const mark = crypto.randomUUID().slice(0, 8);

await sellAHouse(client);
await loadJobs(client);
await findPeople(client);
await passAMessage(client);
await writeAPost(client);

async function sellAHouse({ properties }: QuintetClient): Promise<void> {
  const house = { address: `Calle ${mark}`, city: "Pereira", price: 250_000_000, description: "", year: 2019 };
  const { id } = await ok(properties.index.$post({ json: { ...house, status: "en_venta" } }));
  await ok(properties[":id"].like.$put({ param: { id } }));
  const { count } = await ok(properties[":id"].likes.$get({ param: { id } }));
  await ok(properties[":id"].like.$delete({ param: { id } }));
  await ok(properties[":id"].status.$post({ param: { id }, json: { status: "comprado" } }));
  console.log(`properties: house ${id} was liked by ${count}, and is off the market`);
}

async function loadJobs({ ingest }: QuintetClient): Promise<void> {
  const file = `id,job\n${2_000_000_000},Welder ${mark}\nx,Nobody\n`;
  const load = await ok(
    ingest[":table"].csv.$post(
      { param: { table: "jobs" }, query: { dryRun: true } },
      { headers: { "Content-Type": "text/csv" }, init: { body: file } },
    ),
  );
  const rejects = await answered(ingest.loads[":id"].rejects.$get({ param: { id: load.id } }));
  const [, reject] = (await rejects.text()).split("\n");
  console.log(`ingest: ${load.inserted} of ${load.received} rows would be stored; refused: ${reject}`);
}

async function findPeople({ directory }: QuintetClient): Promise<void> {
  const added = await Promise.all(
    ["Ana", "Bo", "Cy"].map((firstName) =>
      ok(directory.users.$post({ json: { firstName, lastName: mark, email: `${firstName}@${mark}.example` } })),
    ),
  );
  const found: string[] = [];
  const read = (cursor: string | undefined) => ok(directory.users.$get({ query: { name: mark, limit: 2, cursor } }));
  for await (const { users } of pages(read)) found.push(...users.map(({ firstName }) => firstName));
  for (const { id } of added) await ok(directory.users[":id"].$delete({ param: { id } }));
  console.log(`directory: found ${found.join(", ")} on pages of two`);
}

async function passAMessage({ queue }: QuintetClient): Promise<void> {
  const param = { name: `tour-${mark}` };
  const messages = queue.queues[":name"];
  await ok(messages.$put({ param, json: { visibilitySeconds: 30 } }));
  await ok(messages.messages.$post({ param, json: { body: { order: 17 }, priority: 3 } }));
  const received = await ok(messages.receive.$post({ param, json: { waitSeconds: 5 } }));
  await ok(messages.ack.$post({ param, json: { receipts: received.messages.map(({ receipt }) => receipt) } }));
  await ok(messages.$delete({ param }));
  console.log(`queue: received ${JSON.stringify(received.messages.map(({ body }) => body))}`);
}

async function writeAPost({ social }: QuintetClient): Promise<void> {
  // The same key gives the first answer again, so a call whose answer was lost may be sent once more.
  const once = { headers: { "Idempotency-Key": `tour-${mark}` } };
  const json = { title: `Coffee ${mark}`, content: "Go to San Antonio." };
  const first = await ok(social.posts.$post({ json }, once));
  const again = await ok(social.posts.$post({ json }, once));
  await ok(social.vote.$post({ json: { postId: first.id, dir: 1 } }));
  const refused = await ok(social.vote.$post({ json: { postId: first.id, dir: 1 } })).catch((error: unknown) => {
    if (error instanceof ProblemError && error.status === 409) return error.problem.detail;
    throw error;
  });
  await ok(social.posts[":id"].$delete({ param: { id: first.id } }));
  console.log(`social: post ${first.id} written ${first.id === again.id ? "once" : "twice"}; second vote: ${refused}`);
}
