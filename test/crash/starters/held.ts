/** Waits, as it is loaded, for the file `go`, and in its only step for the file `end`: so two claim at the same moment. */

import { appendFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { automation } from "holdfast/automation";

const place = process.env["CRASH_PLACE"] ?? "";

appendFileSync(join(place, "ready"), "ready\n");
while (!existsSync(join(place, "go")));

export default automation("held", async (run) => {
  await run.step("first", () => appendFileSync(join(place, "ledger"), "first\n"), { undo() {} });
  await run.step("second", async () => {
    appendFileSync(join(place, "ledger"), "second\n");
    while (!existsSync(join(place, "end"))) await sleep(5);
  });
});
