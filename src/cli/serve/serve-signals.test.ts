import { expect, test } from "vitest";
import { loggerTo } from "../../core/logger.ts";
import type { World } from "../command.ts";
import { listenForServer } from "./serve-signals.ts";
import { fakeWorld } from "../world-fixture.contract.ts";

const SIGNALS = {
  SIGHUP: { name: "SIGHUP", number: 1 },
  SIGINT: { name: "SIGINT", number: 2 },
  SIGTERM: { name: "SIGTERM", number: 15 },
};

/** What signals do that come so many milliseconds apart. */
async function after(signals: readonly [keyof typeof SIGNALS, number][]) {
  const did: string[] = [];
  let send: Parameters<World["onInterrupt"]>[0] = () => undefined;
  const plain = fakeWorld();
  const world = {
    ...plain,
    onInterrupt(listener: typeof send) {
      send = listener;
      return () => void did.push("listens no more");
    },
    exit: (exitCode: number) => void did.push(`exit ${exitCode}`),
  };
  const server = listenForServer(world, {
    reload: () => void did.push("reload"),
    interrupt: () => void did.push("interrupt"),
    log: loggerTo((_, message) => did.push(message.split(":")[0] ?? "")),
  });
  for (const [name, waitMs] of signals) {
    send(SIGNALS[name]);
    await plain.clock.advance(waitMs);
  }
  server.end();
  const { stopping } = server;
  return { did, reason: stopping.reason as unknown, isInterrupted: server.isInterrupted() };
}

test("the first stops, the second interrupts, the third ends the process", async () => {
  const seen = await after([
    ["SIGTERM", 500],
    ["SIGINT", 500],
    ["SIGTERM", 0],
  ]);

  expect(seen).toEqual({
    did: [
      "Stopping on SIGTERM",
      "Interrupting runs under way",
      "interrupt",
      "exit 143",
      "listens no more",
    ],
    reason: SIGNALS.SIGTERM,
    isInterrupted: true,
  });
});

test("what comes within half a second is the same signal, handed on by a shell", async () => {
  const seen = await after([
    ["SIGINT", 499],
    ["SIGTERM", 499],
  ]);

  expect(seen).toEqual({
    did: ["Stopping on SIGINT", "listens no more"],
    reason: SIGNALS.SIGINT,
    isInterrupted: false,
  });
});

test("SIGHUP reloads, each time, and stops nothing", async () => {
  const seen = await after([
    ["SIGHUP", 0],
    ["SIGHUP", 0],
  ]);

  expect(seen).toEqual({
    did: ["reload", "reload", "listens no more"],
    reason: undefined,
    isInterrupted: false,
  });
});
