/** Runs the command that is its arguments as `exec` does, and says how it ended. Survives Ctrl-C. */

import { runCommand } from "holdfast/process";

process.on("SIGINT", () => undefined);

const { exitCode } = await runCommand(process.argv.slice(2), {
  stdin: "inherit",
  supervise: process.env["SUPERVISE"] === "1",
  stdout: "pass",
  stderr: "pass",
});
console.log(`ended with ${exitCode}`);
