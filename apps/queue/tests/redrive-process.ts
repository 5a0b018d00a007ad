// Starts a redrive of a queue as a task, writes its id to standard output, and keeps running.
import { system } from "../src/commands/caller.ts";
import { startRedrive } from "../src/transfers/redrives.ts";
import { processDeps } from "./process-deps.ts";

const [, , queue = "", perSecond = ""] = process.argv;
const task = await startRedrive(processDeps(), queue, { perSecond: Number(perSecond) }, system);
console.log(task.id);
setInterval(() => {}, 1000);
