/** Runs a command as a process of its own, which is there to be killed. Its options are the argument. */

import { runCommand } from "holdfast/process";

const [options = "{}", ...argv] = process.argv.slice(2);

await runCommand(argv, JSON.parse(options) as object);
