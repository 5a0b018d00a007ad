/** A process of its own that opens stores, says where, and uses them until it is ended. */
import { openStores, type StoreName } from "../src/index.ts";

const [dataDir, ...needs] = process.argv.slice(2) as [string, ...StoreName[]];
const stores = await openStores({ dataDir, needs, env: {}, progress: () => {}, durable: false });
console.log(JSON.stringify(stores.env));
const held = setInterval(() => {}, 60_000);
process.once("SIGTERM", async () => {
  await stores.close();
  clearInterval(held);
});
