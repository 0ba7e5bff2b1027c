/** Loaded before holdfast: tells the most memory that it ever had, in KiB. */

import { writeFileSync } from "node:fs";

process.on("exit", () => {
  const file = process.env["PEAK_FILE"];
  if (file !== undefined) writeFileSync(file, String(process.resourceUsage().maxRSS));
});
