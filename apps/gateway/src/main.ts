import { runProgram } from "@quintet/workers";

await runProgram(process.env, () => import("./start.ts"));
