/**
 * The entry `holdfast` in Debian's Chromium, in a page and in a worker: it loads without a bundler,
 * and its policies do over the browser's own `fetch`, timers and signals what they do on Node.
 */

import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { promisify } from "node:util";
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { importsOf } from "../house/imports.ts";
import { parse } from "../house/syntax.ts";
import { serve, type BrowserServer } from "./browser/server.ts";

const execFileAsync = promisify(execFile);

const ROOT = join(import.meta.dirname, "../..");

/** Where Debian's package puts it. */
const CHROMIUM = "/usr/bin/chromium";

/** It asks nobody on the network for anything, and runs as root too. */
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-proxy-server",
];

const dist = mkdtempSync(join(tmpdir(), "holdfast-browser-"));
let server: BrowserServer;
let browser: Browser;

beforeAll(async () => {
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  const settings = ["-p", join(ROOT, "tsconfig.build.json"), "--outDir", dist];
  await execFileAsync(process.execPath, [tsc, ...settings]);
  server = await serve(dist);
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
  rmSync(dist, { recursive: true, force: true });
});

/** Opens the page; what is thrown in it and caught by nobody is added to `errors`. */
async function open(errors: string[]): Promise<Page> {
  const page = await browser.newPage();
  page.on("pageerror", (error) => errors.push(String(error)));
  await page.goto(server.url);
  return page;
}

/** The modules that `holdfast` loads, and what they import that is no module of the package. */
function reachable(): { modules: string[]; foreign: string[] } {
  const modules = new Set(["index.js"]);
  const foreign: string[] = [];
  // A set that grows is iterated to its end.
  for (const module of modules) {
    const source = parse(module, readFileSync(join(dist, module), "utf8"));
    for (const { specifier = "something" } of importsOf(source)) {
      if (specifier.startsWith(".")) modules.add(posix.join(posix.dirname(module), specifier));
      else foreign.push(`${module} imports ${specifier}`);
    }
  }
  return { modules: [...modules], foreign };
}

const OUTCOME = {
  ends: {
    recovered: "visit 2",
    limited: "TIMED_OUT",
    abandoned: "enough",
    reset: { class: "transient", code: "FETCH_FAILED", effect: "unknown" },
    cut: { class: "transient", code: "FETCH_FAILED", effect: "unknown" },
    missing: { class: "fatal", code: "HTTP_404", effect: "none" },
    refused: "CIRCUIT_OPEN",
  },
  // A 404 is not asked for again, and behind an open breaker nothing is.
  attempts: { "busy-once": 2, hang: 1, abandoned: 1, reset: 3, cut: 3, missing: 1, down: 1 },
};

const IN: readonly [where: string, outcomeIn: (page: Page) => Promise<unknown>][] = [
  ["page", (page) => page.evaluate("outcome")],
  ["lean", (page) => page.evaluate("leanOutcome()")],
  [
    "worker",
    (page) =>
      page.evaluate(`new Promise((resolve, reject) => {
        const worker = new Worker("/worker.js", { type: "module" });
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => reject(new Error(message));
      })`),
  ],
];

test.for(IN)(
  "%s: retry, breaker and time limit guard the browser's own fetch",
  async ([where, outcomeIn]) => {
    const errors: string[] = [];
    const page = await open(errors);

    const outcome = await outcomeIn(page);

    expect({ outcome, errors }).toEqual({ outcome: OUTCOME, errors: [] });
    // The limit and the abort reached the network.
    await expect
      .poll(() => server.abandoned.filter((path) => path.endsWith(where)).toSorted())
      .toEqual([`/abandoned/${where}`, `/hang/${where}`]);
  },
);

test("holdfast/http guards the fetch of a page, and a body is whole", async () => {
  const errors: string[] = [];
  const page = await open(errors);

  const answers = await page.evaluate(`(async () => {
    const { resilientFetch } = await import("holdfast/http");
    const get = resilientFetch({ retry: { attempts: 3, backoff: ["5ms"] } });
    const answers = [];
    for (const path of ["/busy-once/http", "/missing/http"]) {
      const response = await get(path);
      answers.push([response.status, await response.text()]);
    }
    answers.push(await get("/reset/http").catch(({ name }) => name));
    return answers;
  })()`);

  expect({ answers, errors: errors.length }).toEqual({
    answers: [[200, "visit 2"], [404, ""], "TypeError"],
    errors: 0,
  });
});

test("it loads its own modules and no others", async () => {
  const { modules, foreign } = reachable();
  const errors: string[] = [];
  const before = server.requests.length;

  const page = await open(errors);
  const exported = await page.evaluate("import('holdfast').then((all) => Object.keys(all).sort())");

  const loaded = server.requests.slice(before).filter((path) => path.startsWith("/dist/"));
  expect({ foreign, errors }).toEqual({ foreign: [], errors: [] });
  expect(loaded.toSorted()).toEqual(modules.map((module) => `/dist/${module}`).toSorted());
  expect(exported).toEqual(Object.keys(await import("holdfast")).toSorted());
});
