/** Passes on what a command writes, and says on stderr how much memory that took at most, in kB. */

import { runCommand } from "holdfast/process";

await runCommand(process.argv.slice(2), { stdout: "pass" });
process.stderr.write(String(process.resourceUsage().maxRSS));
