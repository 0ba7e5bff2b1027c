import { expect, test } from "vitest";
import { patient, scripted } from "../heal/scripted.contract.ts";
import { OptionsError } from "../index.ts";
import { readRemedies } from "./remedies.ts";

/** A remedy of somebody's own, with something that is wrong with it. */
function written(change: object): unknown {
  return { ...scripted(patient()), ...change };
}

test.for<[problem: string, change: object]>([
  ["heal[0]: expected an object with fits(), examine(), act(), measure()", { act: "later" }],
  ["heal[0].name: expected a name, received undefined", { name: undefined }],
  ["heal[0].target: expected text that is not empty", { target: "" }],
  ["heal[0].blastRadius: expected the most that it may do", { blastRadius: undefined }],
  ["heal[0].budget.times: expected an integer >= 1, received 0", { budget: { times: 0 } }],
  ["heal[0].budget.withinMs: expected milliseconds", { budget: { times: 1 } }],
  ["heal[0].coolDownMs: expected a number from 0", { coolDownMs: "1m" }],
  ["heal[0].limitMs: expected milliseconds, received undefined", { limitMs: undefined }],
  ["heal[0].limitMs: expected a number from 1", { limitMs: Infinity }],
  ["heal[0].isExclusive: expected true or false", { isExclusive: "yes" }],
])("a remedy of one's own is refused: %s", ([problem, change]) => {
  const read = () => readRemedies([written(change)], "heal");

  expect(read).toThrow(OptionsError);
  expect(read).toThrow(problem);
});

test("a remedy of one's own is taken as it is", () => {
  const own = scripted(patient(), { coolDownMs: Infinity, advice: "send for a doctor" });

  expect(readRemedies([own], "heal")[0]).toBe(own);
});
