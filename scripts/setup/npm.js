/**
 * Runs npm, the one that started us where there is one, and says in words why it failed.
 *
 * It runs on the machine's own Node: npm looks for the machine's settings, the registry among them,
 * beside the Node that runs it.
 */

import { spawn } from "node:child_process";
import { basename } from "node:path";

import { SetupError } from "./say.js";

/** How much of npm's output is looked at, in characters. */
const MAX_OUTPUT = 64_000;

/** How many lines of it an error shows: it begins with what matters. */
const MAX_LINES = 12;

/** npm takes a file that it could not write for a warning, and ends well. */
const TORN = "TAR_ENTRY_ERROR";

/**
 * What somebody's settings must not change: an `npm pack --dry-run` around us hands its `dry-run` on
 * through the environment, and NODE_ENV=production would leave the tools out.
 */
const SETTLED = [
  "--dry-run=false",
  "--global=false",
  "--package-lock=true",
  "--package-lock-only=false",
  "--workspaces=false",
];

const INSTALL = [
  ...SETTLED,
  "--include=dev",
  "--include=optional",
  "--engine-strict=false",
  "--ignore-scripts",
  "--audit=false",
  "--fund=false",
];

/**
 * Installs what package-lock.json in `cwd` lists, without any package's install script.
 *
 * @param {string} what What is being done, for the error.
 * @param {string} cwd
 */
export async function npmCi(what, cwd) {
  await npm(what, ["ci", ...INSTALL], cwd);
}

/**
 * Packs the project in `cwd` into `folder`.
 *
 * @param {string} cwd
 * @param {string} folder
 */
export async function npmPack(cwd, folder) {
  await npm("cannot pack", ["pack", ...SETTLED, "--pack-destination", folder], cwd);
}

/**
 * @param {string} what
 * @param {readonly string[]} args
 * @param {string} cwd
 */
async function npm(what, args, cwd) {
  const command = npmCommand(process.env, process.platform, process.execPath);
  const result = await new Promise((resolve) => {
    let output = "";
    const child = spawn(command.file, [...command.args, ...args, "--loglevel=warn"], {
      cwd,
      shell: command.shell,
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        output = (output + text).slice(0, MAX_OUTPUT);
      });
    }
    child.on("error", (error) => resolve({ isOk: false, output: String(error) }));
    child.on("close", (code) => resolve({ isOk: code === 0 && !output.includes(TORN), output }));
  });
  if (!result.isOk) throw new SetupError(what, ...explain(result.output), shorten(result.output));
}

/**
 * What npm said of the failure: not its other warnings, and a full disk is told once per file.
 *
 * @param {string} output
 */
function shorten(output) {
  const lines = output
    .split("\n")
    .filter(
      (line) => line.trim() !== "" && (line.includes(TORN) || !/^npm (warn|notice)/.test(line)),
    );
  return [...new Set(lines)].slice(0, MAX_LINES).join("\n");
}

/**
 * The npm to run. Under `npm start` it says itself where it is; else it is the one on the PATH.
 *
 * @param {NodeJS.ProcessEnv} env
 * @param {NodeJS.Platform} platform
 * @param {string} node
 * @returns {{ file: string, args: string[], shell: boolean }}
 */
export function npmCommand(env, platform, node) {
  const cli = env["npm_execpath"];
  // Another package manager's runner sets this variable too.
  if (cli !== undefined && basename(cli) === "npm-cli.js") {
    return { file: node, args: [cli], shell: false };
  }
  // On Windows npm is a batch file, which only a shell starts.
  return { file: "npm", args: [], shell: platform === "win32" };
}

const RETRY = "then run the same command again";

/** @type {readonly (readonly [RegExp, why: string, todo: string])[]} The first that fits is the answer. */
const REASONS = [
  [/\b(ENOSPC|EDQUOT)\b/, "the disk is full", `Free some space, ${RETRY}.`],
  [/\b(EACCES|EPERM|EROFS)\b/, "a folder cannot be written", `Make it writable, ${RETRY}.`],
  [
    /\bEINTEGRITY\b/,
    "the registry sent something other than what is pinned",
    `If "npm cache clean --force" does not help, do not trust that registry.`,
  ],
  [
    /\b(E404|ETARGET)\b/,
    "the package registry does not have it",
    `Look at "npm config get registry", ${RETRY}; or install Node 24 or newer yourself.`,
  ],
  [
    /\b(E401|E403|E407|ENEEDAUTH)\b/,
    "the package registry refuses",
    `Look at "npm config get registry" and your credentials for it, ${RETRY}.`,
  ],
  [
    /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ERR_SOCKET_TIMEOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED|E5\d\d|\w*CERT\w*)\b/,
    "the package registry cannot be reached",
    `Check the network, the proxy and "npm config get registry", ${RETRY}.`,
  ],
  [/spawn npm ENOENT/, "npm is not installed", `Install npm, ${RETRY}.`],
];

/**
 * Why npm failed and what to do, from what it said.
 *
 * @param {string} output
 * @returns {[why: string, todo: string]}
 */
export function explain(output) {
  const [, why, todo] = REASONS.find(([pattern]) => pattern.test(output)) ?? [
    undefined,
    "npm failed",
    `See what it said above, ${RETRY}.`,
  ];
  return [why, todo];
}
