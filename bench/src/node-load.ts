import { Agent, request } from "node:http";

/** A request that is sent many times. */
export interface Call {
  url: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

/** The 99th percentile in ms of a call that is sent at a fixed rate, whether answers come or not; all must be 200. */
export async function steadyP99(call: Call, perSecond: number, seconds: number): Promise<number> {
  const agent = new Agent({ keepAlive: true });
  const took: number[] = [];
  const running: Promise<void>[] = [];
  const begun = performance.now();
  const total = perSecond * seconds;
  for (let i = 0; i < total; ) {
    const due = Math.min(total, ((performance.now() - begun) / 1000) * perSecond);
    for (; i < due; i++) {
      // From when it was due: a generator that comes late must not hide that.
      const dueAt = begun + (i / perSecond) * 1000;
      running.push(
        send(call, agent).then(() => {
          took.push(performance.now() - dueAt);
        }),
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(running).finally(() => agent.destroy());
  return took.sort((a, b) => a - b)[Math.floor(took.length * 0.99)] ?? Number.NaN;
}

function send({ url, method = "GET", headers = {}, body }: Call, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent, method, headers }, (answer) => {
      answer.resume();
      answer.once("error", reject);
      answer.once("end", () =>
        answer.statusCode === 200 ? resolve() : reject(new Error(`${url} answered ${answer.statusCode}`)),
      );
    });
    outgoing.once("error", reject);
    outgoing.end(body);
  });
}
