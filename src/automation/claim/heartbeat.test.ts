import { expect, test } from "vitest";
import { JournalError } from "../../core/errors.ts";
import { journalWith } from "../../journal/journal-with.contract.ts";
import { Machine } from "../play.contract.ts";

/** Runs for five minutes; the renewals of the given numbers fail. */
function runWithFailures(isFailing: (renewal: number) => boolean) {
  const machine = new Machine((run, _, clock) =>
    run.step("wait", ({ signal }) => clock.sleep(300_000, signal), { repeatable: true }),
  );
  let renewals = 0;
  const journal = journalWith(machine.journal, {
    renew: (hold) =>
      isFailing(++renewals)
        ? Promise.reject(new JournalError(`renewal ${renewals}`))
        : machine.journal.renew(hold),
  });
  return { machine, running: machine.start({ journal }) };
}

test("a lease that cannot be renewed twice in a row breaks the run off, while it still holds", async () => {
  const { machine, running } = runWithFailures((renewal) => renewal >= 3);
  const startedAtMs = machine.clock.elapsed();

  await expect(running).rejects.toThrow("renewal 4");
  expect(machine.clock.elapsed() - startedAtMs).toBe(4 * machine.journal.renewEveryMs);
});

test("renewals that fail now and then are borne", async () => {
  const { running } = runWithFailures((renewal) => renewal % 2 === 1);

  expect((await running).result.status).toBe("succeeded");
});
