/** Who owns a run, where a real server decides what comes first. */

import { expect, test } from "vitest";
import { race } from "./postgres/races.ts";
import { freshSchema, serverUrl, SKIPPED } from "./postgres/shared-server.ts";

test.skipIf(SKIPPED)(
  "of a late write and a claim one comes first, and both are told so: 400 forced races",
  async () => {
    const outcome = await race(await serverUrl(), freshSchema(), 400);

    expect(outcome).toMatchObject({ races: 400, toldWrongly: 0, notSeen: 0 });
    expect(outcome.recorded).toBeGreaterThan(0);
    expect(outcome.refused).toBeGreaterThan(0);
  },
);
