import packageJson from "../package.json" with { type: "json" };

/** The version of all apps and packages (Semantic Versioning 2.0.0). */
export const { version } = packageJson;
