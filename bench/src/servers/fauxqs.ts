// The emulator of Amazon SQS that keeps its messages in memory, with the queue `orders`.
import { startFauxqs } from "fauxqs";

const server = await startFauxqs({ port: 0, logger: false });
server.createQueue("orders");
console.log(`listening ${server.port}`);
process.once("SIGTERM", () => process.exit(0));
