/** What a page has to load: the bytes of a bundle, minified, and compressed by gzip. */

import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { print, printLines } from "./measure/harness.ts";
import { load, orMissing } from "./peers/find.ts";

/** The part of esbuild that is used. */
interface Esbuild {
  readonly version: string;
  build(options: object): Promise<{ readonly outputFiles: readonly { readonly text: string }[] }>;
}

const OURS = join(import.meta.dirname, "../src/index.ts");
const LEAN = join(import.meta.dirname, "../src/lean/index.ts");
const FLOORS = join(import.meta.dirname, "floors");

const all = "retry + breaker + timeout + pipeline";

/** What stands in the file that is bundled. The first is what the others are divided by. */
const ENTRIES: Readonly<Record<string, string>> = {
  "by hand: all three, one timer for all": exported("fusedByQueue", `${FLOORS}/all-three.ts`),
  "by hand: retry, breaker and timeout apart": [
    exported("retryByThen", `${FLOORS}/retry.ts`),
    exported("breakerByThen", `${FLOORS}/breaker.ts`),
    exported("timeoutByQueue", `${FLOORS}/timeout.ts`),
  ].join("\n"),
  [`holdfast/lean: ${all}`]: exported("retry, breaker, timeout, pipeline", LEAN),
  "holdfast/lean: retry": exported("retry", LEAN),
  [`holdfast: ${all}`]: exported("retry, breaker, timeout, pipeline", OURS),
  "holdfast: retry": exported("retry", OURS),
  "holdfast: breaker": exported("breaker", OURS),
  "holdfast: timeout": exported("timeout", OURS),
  "holdfast: pipeline": exported("pipeline", OURS),
  "cockatiel: retry + circuitBreaker + timeout + wrap": exported(
    "retry, circuitBreaker, timeout, wrap, handleAll, ConsecutiveBreaker, ExponentialBackoff",
    "cockatiel",
  ),
  "cockatiel: retry": exported("retry, handleAll, ExponentialBackoff", "cockatiel"),
  "cockatiel: circuitBreaker": exported(
    "circuitBreaker, handleAll, ConsecutiveBreaker",
    "cockatiel",
  ),
  "cockatiel: timeout": exported("timeout", "cockatiel"),
  "opossum: breaker and timeout": exported("default", "opossum"),
  "p-retry, p-timeout, opossum": [
    exported("default as pRetry", "p-retry"),
    exported("default as pTimeout", "p-timeout"),
    exported("default as opossum", "opossum"),
  ].join("\n"),
  "p-retry": exported("default", "p-retry"),
  "p-timeout": exported("default", "p-timeout"),
  "effect: retry + timeout": effects("retry", "timeout"),
  "effect: retry": effects("retry"),
  "effect: timeout": effects("timeout"),
  "effect: retry + breaker + timeout": [
    effects("retry", "timeout"),
    exported("make, consecutive, layerStoreMemory", "effect/persistence/CircuitBreaker"),
  ].join("\n"),
};

function exported(names: string, from: string): string {
  return `export { ${names} } from ${JSON.stringify(from)};`;
}

/** What running a promise takes is needed besides. */
function effects(...names: readonly string[]): string {
  return exported([...names, "tryPromise", "runPromise"].join(", "), "effect/Effect");
}

interface Sizes {
  readonly minified: number;
  readonly compressed: number;
}

async function sizesOf(esbuild: Esbuild, contents: string): Promise<Sizes> {
  const { outputFiles } = await esbuild.build({
    stdin: { contents, resolveDir: import.meta.dirname },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2024",
    // opossum needs `events`, which a bundler for browsers adds or not: counted for nobody.
    platform: "node",
    legalComments: "none",
  });
  const { text = "" } = outputFiles[0] ?? {};
  return {
    minified: Buffer.byteLength(text),
    compressed: gzipSync(text, { level: 9 }).byteLength,
  };
}

async function measure(esbuild: Esbuild): Promise<void> {
  const sizes = await Promise.all(
    Object.values(ENTRIES).map((contents) => sizesOf(esbuild, contents)),
  );
  const [least] = sizes;
  printLines({
    name: "bundle",
    title: "Bundle: the bytes to load",
    heads: ["ratio", "gzip", "minified"],
    lines: Object.keys(ENTRIES).map((name, index) => {
      const { compressed = NaN, minified = NaN } = sizes[index] ?? {};
      return { name, cells: [compressed / (least?.compressed ?? NaN), compressed, minified] };
    }),
  });
  print(`Bundled by esbuild ${esbuild.version}; the same each time`);
}

const esbuild = await orMissing("Nothing is bundled; to have that measured too", () =>
  load<Esbuild>("esbuild"),
);
if (esbuild !== undefined) await measure(esbuild);
