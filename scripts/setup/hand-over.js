/** Goes on as another process: the same terminal, arguments, signals and exit code. */

import { spawn } from "node:child_process";
import { constants } from "node:os";
import { dirname } from "node:path";

import { withFirstOnPath } from "./path.js";
import { SetupError } from "./say.js";

/**
 * npm hands a signal on that the whole process group got already; what comes so soon after the first
 * is the same one again.
 */
const SAME_SIGNAL_MS = 500;

/**
 * Runs `node` with `args` and answers its exit code: 128 + n when signal n ended it.
 *
 * @param {string} node
 * @param {readonly string[]} args
 * @param {{ cwd: string, env?: NodeJS.ProcessEnv }} options
 * @returns {Promise<number>}
 */
export function handOver(node, args, { cwd, env = process.env }) {
  const child = spawn(node, args, {
    cwd,
    env: withFirstOnPath(env, dirname(node)),
    stdio: "inherit",
  });
  const stopForwarding = forwardSignals((signal) => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.on("error", (error) => {
      stopForwarding();
      const todo = "Remove the folder .node and run the same command again.";
      reject(new SetupError(`cannot start ${node}`, error.message, todo));
    });
    child.on("exit", (code, signal) => {
      stopForwarding();
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

/** @param {(signal: NodeJS.Signals) => void} forward */
function forwardSignals(forward) {
  /** @type {Map<NodeJS.Signals, number>} */
  const seenAtMs = new Map();
  /** @type {(signal: NodeJS.Signals) => void} */
  function onSignal(signal) {
    const lastMs = seenAtMs.get(signal) ?? -Infinity;
    seenAtMs.set(signal, performance.now());
    if (performance.now() - lastMs < SAME_SIGNAL_MS) return;
    // A terminal sends Ctrl-C to the child itself; twice would be "kill it now".
    if (signal === "SIGINT" && process.stdin.isTTY) return;
    forward(signal);
  }
  /** @type {readonly NodeJS.Signals[]} */
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
}
