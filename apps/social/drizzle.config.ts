import { defineConfig } from "drizzle-kit";

/** For `pnpm --filter @quintet/social generate`, which needs no database: it writes what changed in the schema as SQL. */
export default defineConfig({
  dialect: "postgresql",
  schema: ["./src/database/schema.ts", "./src/database/*-tables.ts"],
  out: "./drizzle",
  schemaFilter: ["social"],
});
