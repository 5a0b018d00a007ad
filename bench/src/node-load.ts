import { Agent, request } from "node:http";

/** A request that is sent repeatedly. */
export interface Call {
  url: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

/** The p99 latency in ms of a request sent at a fixed rate (open loop). Throws when a status is not 200. */
export async function steadyP99(call: Call, perSecond: number, seconds: number): Promise<number> {
  const agent = new Agent({ keepAlive: true });
  const elapsed: number[] = [];
  const running: Promise<void>[] = [];
  const start = performance.now();
  const total = perSecond * seconds;
  for (let i = 0; i < total; ) {
    const due = Math.min(total, ((performance.now() - start) / 1000) * perSecond);
    for (; i < due; i++) {
      // Measured from when it was due, so that a late generator does not hide latency (coordinated omission).
      const dueAt = start + (i / perSecond) * 1000;
      running.push(
        send(call, agent).then(() => {
          elapsed.push(performance.now() - dueAt);
        }),
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(running).finally(() => agent.destroy());
  return elapsed.sort((a, b) => a - b)[Math.floor(elapsed.length * 0.99)] ?? Number.NaN;
}

function send({ url, method = "GET", headers = {}, body }: Call, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent, method, headers }, (response) => {
      response.resume();
      response.once("error", reject);
      response.once("end", () =>
        response.statusCode === 200 ? resolve() : reject(new Error(`${url} responded with ${response.statusCode}`)),
      );
    });
    outgoing.once("error", reject);
    outgoing.end(body);
  });
}
