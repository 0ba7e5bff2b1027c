/** What the log says of healings. */

import { FAULT, STEP, type Row } from "./event-row.contract.ts";

const HEALING = { remedy: "disk-full", target: "/srv/*.gz", fault: FAULT };

/** At least one row for each type of event of healings. */
export const HEAL_ROWS: readonly Row[] = [
  [
    {
      type: "heal.started",
      ...HEALING,
      blastRadius: "deletes files that match /srv/*.gz, all but the newest 2",
      found: "/srv has 0 B left",
      plan: ["delete /srv/1.gz (1 MB)"],
    },
    STEP,
    "WARNING",
    "start",
    'Step "prune/upload" is being healed of HTTP_503 by disk-full (/srv/*.gz): /srv has 0 B left',
  ],
  [
    {
      type: "heal.completed",
      ...HEALING,
      durationMs: 20,
      deeds: ["deleted /srv/1.gz (1 MB)", "deleted /srv/2.gz (1 MB)"],
      found: "/srv has 2 MB left",
    },
    STEP,
    "INFO",
    "end success",
    'Step "prune/upload" was healed of HTTP_503 by disk-full (/srv/*.gz) in 20 ms: deleted /srv/1.gz (1 MB), deleted /srv/2.gz (1 MB); /srv has 2 MB left',
  ],
  [
    {
      type: "heal.failed",
      ...HEALING,
      durationMs: 20,
      deeds: [],
      because: "there is nothing to act on: /srv has 0 B left",
      advice: "make room in /srv",
    },
    STEP,
    "ERROR",
    "end failure",
    'Step "prune/upload" could not be healed of HTTP_503 by disk-full (/srv/*.gz): there is nothing to act on: /srv has 0 B left; to do: make room in /srv',
  ],
  [
    { type: "heal.skipped", ...HEALING, because: "it acted 2 s ago" },
    STEP,
    "WARNING",
    "info failure",
    'Step "prune/upload" is not healed of HTTP_503 by disk-full (/srv/*.gz): it acted 2 s ago',
  ],
  [
    {
      type: "heal.skipped",
      ...HEALING,
      because: "its budget is spent: it acted 3 times within 1 h",
      isExhausted: true,
      advice: "make room",
    },
    STEP,
    "ERROR",
    "info failure",
    'Step "prune/upload" is not healed of HTTP_503 by disk-full (/srv/*.gz): its budget is spent: it acted 3 times within 1 h; to do: make room',
  ],
];
