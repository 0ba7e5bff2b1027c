/** What guarded commands left whose holdfast was killed: it is ended before anything new begins. */

import { existsSync } from "node:fs";
import type { World } from "../command.ts";
import type { Complain } from "../run-output.ts";
import { layersIn, recordsIn } from "./records.ts";

/** Ends their processes, and removes their layers. */
export async function endLeftovers(world: World, complain: Complain): Promise<void> {
  await sweepLayers(world, complain);
  const records = await recordsIn(world);
  if (records === undefined || !existsSync(records)) return;
  const { reapLeftovers } = await import("../../process/reap.ts");
  for (const { program, ended, leftovers } of await reapLeftovers(records)) {
    const left = leftovers.length === 0 ? "" : `; ${leftovers.join(", ")} could not be ended`;
    complain(
      `holdfast: ${program} had left processes behind: ${ended.join(", ")} ended${left}\n`,
      "WARNING",
    );
  }
}

/** A commit that was cut off is done to its end. */
async function sweepLayers(world: World, complain: Complain): Promise<void> {
  const records = await layersIn(world);
  if (records === undefined || !existsSync(records)) return;
  const { sweepLayers: sweep } = await import("./overlaid.ts");
  const failed = ({ message }: Error) =>
    complain(`holdfast: what a kill left cannot be removed: ${message}\n`, "WARNING");
  const { toldSwept } = await import("./told-changes.ts");
  for (const swept of await sweep(records, failed)) {
    const text = toldSwept(swept);
    if (text !== "") complain(text, "WARNING");
  }
}
