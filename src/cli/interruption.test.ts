import { expect, test } from "vitest";
import type { Signal } from "../automation/cancel/cancellation.ts";
import { listenForSignals } from "./interruption.ts";
import { fakeWorld } from "./world-fixture.contract.ts";

const SIGINT = { name: "SIGINT", number: 2 };
const SIGTERM = { name: "SIGTERM", number: 15 };

/** Sends signals at the given moments; answers what was said, and what the process exited with. */
async function sent(...signals: readonly (readonly [atMs: number, signal: Signal])[]) {
  const world = fakeWorld();
  const exits: number[] = [];
  let receive: (signal: Signal) => void = () => undefined;
  const { signal: aborted, end } = listenForSignals(
    {
      ...world,
      exit: (code) => void exits.push(code),
      onInterrupt: (onSignal) => {
        receive = onSignal;
        return () => void (receive = () => undefined);
      },
    },
    (text) => world.complain(text),
  );
  for (const [atMs, signal] of signals) {
    await world.clock.advance(atMs - world.clock.elapsed());
    receive(signal);
  }
  end();
  receive(SIGINT);
  return { said: world.complained.join(""), reason: aborted.reason as unknown, exits };
}

const STOPPED = {
  said: "Stopping on SIGINT: steps under way are being ended. A second signal kills.\n",
  reason: expect.objectContaining({ message: "stopped by SIGINT", signal: SIGINT }) as Error,
};

test("nothing happens without a signal, nor after the end", async () => {
  expect(await sent()).toEqual({ said: "", reason: undefined, exits: [] });
});

test("the first signal stops the run", async () => {
  expect(await sent([7_000, SIGINT])).toEqual({ ...STOPPED, exits: [] });
});

test.for<[signals: (readonly [number, Signal])[], exits: number[]]>([
  [[[7_000, SIGINT]], []],
  [
    [
      [7_499, SIGINT],
      [7_499, SIGTERM],
    ],
    [],
  ],
  [[[7_500, SIGINT]], [130]],
  [
    [
      [7_100, SIGINT],
      [9_000, SIGTERM],
    ],
    [143],
  ],
])("after one at 7000 ms, %j exits with %j", async ([signals, exits]) => {
  expect(await sent([7_000, SIGINT], ...signals)).toEqual({ ...STOPPED, exits });
});
