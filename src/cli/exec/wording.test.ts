import { expect, test } from "vitest";
import { CircuitOpenError, TimeoutError, VerificationError } from "../../core/errors.ts";
import { inOurWords } from "./wording.ts";

test.for([
  [
    new VerificationError('Step "command"', "./verify.sh ended with exit code 1"),
    "./verify.sh ended with exit code 1",
  ],
  [
    new TimeoutError('Work under "command"', 90_000),
    "nightly did not end within 1 m 30 s (--timeout)",
  ],
  [new CircuitOpenError("db", 59_852, undefined), 'breaker "db" is open for another 59.9 s'],
  [new CircuitOpenError("db", 0, undefined), 'breaker "db" waits for its probe'],
  [new Error("sh failed with exit code 1: 5 ms"), "sh failed with exit code 1: 5 ms"],
] as const)("%s", ([error, says]) => {
  expect(inOurWords(error.message, "nightly")).toBe(says);
});

test("a step is told by the command's name", () => {
  expect(inOurWords('Step "command" is tried again in 1 s', "$&")).toBe("$& is tried again in 1 s");
});
