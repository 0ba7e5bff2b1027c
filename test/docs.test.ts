/**
 * The documentation is true: its examples run, its links lead somewhere, its commands exist.
 *
 * Runs real processes, since an example is a program of its own.
 */

import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { COMPILED } from "./compiled.ts";
import { findUnknownCommands } from "./docs/commands.ts";
import { anchorsOf, linksOf, readPage, shownCommands, type Page } from "./docs/markdown.ts";

const ROOT = join(import.meta.dirname, "..");

/** Long enough on two noisy cores; an example that takes longer is no example. */
const MAX_RUN_MS = 25_000;

const pages = readPages();
const examples = [...pages].flatMap(([path, { blocks }]) =>
  blocks
    .filter(({ info }) => info === "ts")
    .map((block) => ({ place: `${path}:${block.line}`, ...block })),
);
// Within the checkout, so that "holdfast" is the checkout's own source.
const folder = makeFolder(join(ROOT, ".holdfast"), "docs-");
// Outside, so that an example that writes files leaves none behind.
const elsewhere = mkdtempSync(join(tmpdir(), "holdfast-docs-"));
const files = new Map(examples.map((example) => [example.place, writeExample(example)]));

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  rmSync(elsewhere, { recursive: true, force: true });
});

function readPages(): Map<string, Page> {
  const inDocs = existsSync(join(ROOT, "docs"))
    ? readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" }).map(
        (name) => `docs/${name}`,
      )
    : [];
  const paths = [...readdirSync(ROOT), ...inDocs].filter((path) => path.endsWith(".md")).toSorted();
  return new Map(paths.map((path) => [path, readPage(readFileSync(join(ROOT, path), "utf8"))]));
}

function makeFolder(parent: string, prefix: string): string {
  mkdirSync(parent, { recursive: true });
  return mkdtempSync(join(parent, prefix));
}

/** As many empty lines first as stand above it in the page, so that errors name the page's line. */
function writeExample({
  place,
  line,
  code,
}: {
  place: string;
  line: number;
  code: string;
}): string {
  const file = join(folder, `${place.replaceAll(/[^\w.]/g, "-")}.ts`);
  writeFileSync(file, "\n".repeat(line - 1) + code);
  return file;
}

interface Ended {
  readonly exitCode: number | string;
  readonly output: string;
}

function run(args: readonly string[], cwd: string): Promise<Ended> {
  const env = {
    PATH: process.env["PATH"],
    HOME: elsewhere,
    HOLDFAST_HOME: elsewhere,
    NO_COLOR: "1",
    ...COMPILED,
  };
  const options = { cwd, env, timeout: MAX_RUN_MS, killSignal: "SIGKILL" } as const;
  return new Promise((resolve) => {
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : (error.code ?? error.signal ?? "unknown");
      resolve({ exitCode, output: stdout + stderr });
    });
  });
}

test("the documentation has examples", () => {
  expect([...pages.keys()]).toContain("README.md");
  expect(examples.filter(({ place }) => place.startsWith("README.md")).length).toBeGreaterThan(0);
});

test.concurrent.for(examples)("the example at $place runs", async ({ place }, { expect }) => {
  const file = files.get(place) ?? "";
  const settings = ["--conditions=holdfast:source", "--disable-warning=ExperimentalWarning"];

  const { exitCode, output } = await run([...settings, file], elsewhere);

  expect(exitCode, `${place} printed:\n${output}`).toBe(0);
});

test("the examples have no type errors", async () => {
  const settings = {
    extends: join(ROOT, "tsconfig.json"),
    compilerOptions: { noUnusedLocals: false, noUnusedParameters: false, moduleDetection: "force" },
    include: ["*.ts"],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(settings));
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");

  const { output } = examples.length === 0 ? { output: "" } : await run([tsc, "-p", folder], ROOT);

  expect(output.replaceAll(`${relative(ROOT, folder)}/`, "")).toBe("");
});

test("every program in the documentation is one that is run", () => {
  const programs = [...pages].flatMap(([path, { blocks }]) =>
    blocks
      .filter(({ info }) => /^(ts|typescript|js|javascript|mjs|mts)\b/.test(info) && info !== "ts")
      .map(({ line, info }) => `${path}:${line} is marked ${info}`),
  );

  expect(programs).toEqual([]);
});

test("every link within the project leads somewhere", () => {
  const broken = [...pages].flatMap(([path, page]) =>
    linksOf(page)
      .filter(({ target }) => !/^[a-z]+:/.test(target) && !leadsSomewhere(path, target))
      .map(({ line, target }) => `${path}:${line} links to ${target}`),
  );

  expect(broken).toEqual([]);
});

function leadsSomewhere(from: string, target: string): boolean {
  const [path = "", anchor = ""] = target.split("#");
  const to = path === "" ? from : join(dirname(from), decodeURI(path));
  if (!existsSync(join(ROOT, to))) return false;
  const page = pages.get(to);
  return anchor === "" || (page !== undefined && anchorsOf(page).has(anchor));
}

test("every command that the documentation shows exists", async () => {
  const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  const help = await run([join(ROOT, "src/cli/main.ts"), "--help"], elsewhere);
  const [, list = ""] = /\nCommands:\n(.*?)\n\n/s.exec(help.output) ?? [];
  const known = {
    scripts: new Set(Object.keys(manifest.scripts)),
    commands: new Set([...list.matchAll(/^ {2}(\w+)/gm)].map(([, name = ""]) => name)),
  };

  const unknown = [...pages].flatMap(([path, page]) =>
    findUnknownCommands(shownCommands(page), known).map((line) => `${path}: ${line}`),
  );

  expect(known.commands).toContain("run");
  expect(unknown).toEqual([]);
});

describe("reading a page", () => {
  const page = readPage(
    [
      "# A `b`: c & d",
      "## Twice",
      "```ts",
      "const a = 1; // [no](link.md)",
      "```",
      "## Twice",
      '[in place](a.md#b "title") `[code](b.md)` ![picture](c.png)',
      "[reference]: d.md",
      "~~~~sh",
      "```",
      "npm start",
      "~~~~",
      "Use `npm run x` or",
      "",
      "    npx holdfast y",
    ].join("\n"),
  );

  test("finds blocks with the line of their first line", () => {
    expect(page.blocks).toEqual([
      { line: 4, info: "ts", code: "const a = 1; // [no](link.md)\n" },
      { line: 10, info: "sh", code: "```\nnpm start\n" },
    ]);
  });

  test("finds links outside of code", () => {
    expect(linksOf(page)).toEqual([
      { line: 7, target: "a.md#b" },
      { line: 7, target: "c.png" },
      { line: 8, target: "d.md" },
    ]);
  });

  test("makes anchors as GitHub does", () => {
    expect([...anchorsOf(page)]).toEqual(["a-b-c--d", "twice", "twice-1"]);
  });

  test("finds commands that do not exist", () => {
    const known = { scripts: new Set(["start"]), commands: new Set(["run"]) };

    expect(findUnknownCommands(shownCommands(page), known)).toEqual([
      "    npx holdfast y",
      "npm run x",
    ]);
  });

  test.for([
    ["npm start", []],
    ["npm install holdfast", []],
    ["npm test -- src/core", ["npm test -- src/core"]],
    ["npm run holdfast -- run a.ts", ["npm run holdfast -- run a.ts"]],
    ["npm start && npx holdfast show last", ["npm start && npx holdfast show last"]],
    ["$ holdfast --help", []],
    ["$ holdfast run a.ts", []],
    ["$ holdfast stroll a.ts", ["$ holdfast stroll a.ts"]],
    ["import a holdfast thing", []],
  ] as const)("knows whether %o exists", ([line, unknown]) => {
    const known = { scripts: new Set(["start"]), commands: new Set(["run"]) };

    expect(findUnknownCommands([line], known)).toEqual(unknown);
  });
});
