import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** A module as it is served, with a digest of its content in its name. */
export interface LinkedModule {
  name: string;
  text: string;
}

const imports = /^((?:import|export)\s[^;'"]*?from\s*|import\s*)(["'])([^"']+)\2/gm;

/**
 * A module and those of npm that it imports, each as a file of its own: a browser knows no names of packages, and an import map would have to
 * stand in the page, where the Content-Security-Policy admits no text. Names change whenever a file or one of its imports does. The first
 * one is the module itself.
 */
export function linkedModules(path: string, name: string): LinkedModule[] {
  const linked = new Map<string, LinkedModule>();
  const link = (file: string, stem: string): LinkedModule => {
    const known = linked.get(file);
    if (known) return known;
    const text = readFileSync(file, "utf8").replaceAll(
      imports,
      (_, before: string, quote: string, specifier: string) => {
        const imported = link(esmFileOf(specifier, file), specifier.replaceAll(/[^\w-]+/g, "-").replace(/^-/, ""));
        return `${before}${quote}./${imported.name}${quote}`;
      },
    );
    const digest = createHash("sha256").update(text).digest("hex").slice(0, 12);
    const module = { name: `${stem}-${digest}.js`, text };
    linked.set(file, module);
    return module;
  };
  const own = link(path, name);
  return [own, ...[...linked.values()].filter((one) => one !== own)];
}

const fileInPackage = /^(?:@[^/]+\/[^/]+|[^@/][^/]*)\/./;

/** The file of a package for browsers: the one that is named (`leaflet/dist/…`), or what its `package.json` names for `import`. */
function esmFileOf(specifier: string, from: string): string {
  const resolved = createRequire(from).resolve(specifier);
  if (fileInPackage.test(specifier)) return resolved;
  let folder = dirname(resolved);
  while (!existsSync(join(folder, "package.json"))) folder = dirname(folder);
  const { exports, module } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = exports?.["."]?.import ?? exports?.import ?? module;
  return join(folder, typeof file === "string" ? file : file.default);
}
