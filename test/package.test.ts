/**
 * The tarball that would be published, installed elsewhere.
 *
 * Packs, installs and runs real processes: whether a package works shows only outside its checkout.
 */

import { execFile, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

const execFileAsync = promisify(execFile);

const ROOT = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "holdfast package-"));
const project = join(folder, "project");
const installed = join(project, "node_modules/holdfast");

interface Manifest {
  readonly version: string;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies?: object;
  readonly optionalDependencies?: object;
}

const manifest = readManifest(ROOT);
const entries = Object.keys(manifest.exports)
  .filter((entry) => !entry.endsWith(".json"))
  .map((entry) => entry.replace(".", "holdfast"));

function readManifest(of: string): Manifest {
  return JSON.parse(readFileSync(join(of, "package.json"), "utf8")) as Manifest;
}

/** What a command prints. Nothing of the checkout, nor of the test runner, is in its environment. */
async function run(file: string, args: readonly string[], cwd = project): Promise<string> {
  const kept = Object.entries(process.env).filter(([name]) => /^(PATH|HOME|LANG)$/.test(name));
  const env = Object.fromEntries(kept);
  const { stdout } = await execFileAsync(file, args, {
    cwd,
    env: { ...env, HOLDFAST_HOME: join(folder, "state") },
    maxBuffer: 64 * 2 ** 20,
  });
  return stdout;
}

beforeAll(async () => {
  mkdirSync(project);
  await run("npm", ["pack", "--pack-destination", folder], ROOT);
  const [tarball = ""] = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
  writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await run("npm", [
    "install",
    "--ignore-scripts",
    "--no-audit",
    "--prefer-offline",
    join(folder, tarball),
  ]);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("it brings three packages, which bring nothing, and runs nothing when it is installed", () => {
  const { dependencies = {}, optionalDependencies = {}, scripts } = readManifest(installed);
  const ofNpm = /^(pre|post)?(install|prepare|publish|uninstall)$|^dependencies$/;

  expect({ dependencies, optionalDependencies }).toEqual({
    dependencies: { acorn: "8.19.0", croner: "11.0.1", unbash: "6.0.4" },
    optionalDependencies: {},
  });
  expect(Object.keys(scripts).filter((name) => ofNpm.test(name))).toEqual([]);
  expect(
    readdirSync(join(project, "node_modules")).filter((name) => !name.startsWith(".")),
  ).toEqual(["acorn", "croner", "holdfast", "unbash"]);
});

/** A Node that is too old, where the machine has one, as it has in the gate. */
const older = (process.env["PATH"] ?? "")
  .split(delimiter)
  .map((directory) => join(directory, "node"))
  .find((node) => {
    const asked = spawnSync(node, ["-p", "process.versions.node"], { encoding: "utf8" });
    return asked.status === 0 && Number.parseInt(asked.stdout, 10) < 24;
  });

test.runIf(older)("an older Node is told to be too old, and by what to replace it", async () => {
  const main = join(installed, "dist/cli/main.js");

  const refused = await run(older as string, [main, "--version"]).catch((error: unknown) => error);

  expect(refused).toMatchObject({
    code: 78,
    stdout: "",
    stderr: expect.stringMatching(/^holdfast: Node 24 or newer is needed, and this is \d+\./),
  });
});

test("it holds the compiled library and its source, and no tests", () => {
  const files = readdirSync(installed, { recursive: true, encoding: "utf8" });

  expect(files).toEqual(
    expect.arrayContaining(["dist/index.js", "dist/index.d.ts", "src/index.ts", "LICENSE"]),
  );
  expect(files.filter((file) => /\.(test|contract)\./.test(file))).toEqual([]);
});

/** Entries that need a package of the user's own. */
const PEERS: Readonly<Record<string, string>> = { "holdfast/otel": "@opentelemetry/api" };

const importing = (entry: string): string =>
  `const names = Object.keys(await import("${entry}")); console.log(names.length > 0);`;

test.for(entries.filter((entry) => PEERS[entry] === undefined))(
  "%s can be imported",
  async (entry) => {
    const printed = await run(process.execPath, [
      "--input-type=module",
      "--eval",
      importing(entry),
    ]);

    expect(printed).toBe("true\n");
  },
);

test.for(Object.entries(PEERS))(
  "%s can be imported where %s is installed, and else names what is missing",
  async ([entry, peer]) => {
    const args = ["--input-type=module", "--eval", importing(entry)];

    const missing = await run(process.execPath, args).catch((error: unknown) => error);
    await run("npm", [
      "install",
      "--no-audit",
      "--install-links",
      join(ROOT, "node_modules", peer),
    ]);
    const printed = await run(process.execPath, args);

    expect(entries).toContain(entry);
    expect(missing).toMatchObject({
      stderr: expect.stringContaining(`Cannot find package '${peer}' imported from`),
    });
    expect(printed).toBe("true\n");
  },
);

test("a file that is no entry cannot be imported", async () => {
  const program =
    'await import("holdfast/dist/core/show.js").catch(({ code }) => console.log(code));';

  const printed = await run(process.execPath, ["--input-type=module", "--eval", program]);

  expect(printed).toBe("ERR_PACKAGE_PATH_NOT_EXPORTED\n");
});

/** As strict as a project can be: the declarations of packages are looked into as well. */
const strictest = (resolution: string) => ({
  compilerOptions: {
    module: resolution === "bundler" ? "esnext" : resolution,
    moduleResolution: resolution,
    target: "es2024",
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    types: ["node"],
    typeRoots: [join(ROOT, "node_modules/@types")],
  },
  files: ["all.ts"],
});

test.for(["nodenext", "bundler"])(
  "its types are whole, as %s resolves them",
  async (resolution) => {
    const imports = entries
      .filter((entry) => PEERS[entry] === undefined)
      .map((entry, index) => `import * as e${index} from "${entry}"; console.log(e${index});\n`);
    writeFileSync(join(project, "all.ts"), imports.join(""));
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify(strictest(resolution)));
    const tsc = join(ROOT, "node_modules/typescript/bin/tsc");

    const said = await run(process.execPath, [tsc, "-p", "."]).catch(
      (error: { stdout: string }) => error.stdout,
    );

    expect(said).toBe("");
  },
);

test("the command tells its version", async () => {
  const printed = await run(join(project, "node_modules/.bin/holdfast"), ["--version"]);

  expect(printed).toContain(manifest.version);
});

test("an automation in TypeScript runs", async () => {
  const automation = `
    import { automation } from "holdfast/automation";

    export default automation("greet", async (run) => {
      const name: string = await run.step("name", () => "world");
      await run.step("greet", () => \`hello \${name}\`);
    });
  `;
  writeFileSync(join(project, "greet.ts"), automation);

  const printed = await run(join(project, "node_modules/.bin/holdfast"), ["run", "greet.ts"]);

  expect(printed).toContain("1/1 tasks succeeded");
});
