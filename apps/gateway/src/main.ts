import { main, stopSignal } from "@quintet/http";
import { run } from "./run.ts";

await main(async () => {
  const gateway = await run(process.env);
  await stopSignal();
  await gateway.close();
});
