import { expect, test } from "vitest";
import { outcome, pipeline, retry, timeout } from "../index.ts";

const refused = (): Error => Object.assign(new Error("refused"), { code: "EACCES" });

test("a success is its value", async () => {
  expect(await outcome(pipeline(retry(), timeout("2s")), () => 42)).toEqual({
    ok: true,
    value: 42,
  });
});

test("a failure is the error and its fault", async () => {
  const error = refused();

  expect(await outcome(retry(), () => Promise.reject(error))).toEqual({
    ok: false,
    error,
    fault: { class: "fatal", code: "EACCES", effect: "none" },
  });
});

test("the caller's abort rejects", async () => {
  const caller = new AbortController();
  const running = outcome(retry(), () => new Promise(() => {}), caller);

  caller.abort("closing down");

  await expect(running).rejects.toBe("closing down");
});
