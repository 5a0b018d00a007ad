/** The gateway with every app mounted, as a worker of `npm start`: progress messages go to the terminal. */
import { runProgram } from "../packages/workers/src/index.ts";

process.stdout.on("error", () => {});
await runProgram(process.env, async () => {
  const { run } = await import("../apps/gateway/src/run.ts");
  return { start: (place) => run(place, { progress: (line) => console.log(line) }) };
});
