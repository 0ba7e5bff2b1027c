import { expect, test } from "vitest";
import { withAmbient } from "../core/context.ts";
import { resilientFetch } from "./resilient-fetch.ts";

test("a dry run sends GET and HEAD, and nothing else", async () => {
  const sent: string[] = [];
  const send = resilientFetch({
    fetch: async (_, init) => {
      sent.push(String(init?.method));
      return new Response();
    },
  });
  const ambient = { where: {}, stream: () => undefined, isDryRun: true };
  const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

  const ends = await withAmbient(ambient, () =>
    Promise.all(
      methods.map((method) =>
        send("http://a.example/x", { method }).then(
          () => "sent",
          (error: Error) => error.message,
        ),
      ),
    ),
  );
  await send("http://a.example/x", { method: "POST" });

  expect({ ends, sent }).toEqual({
    ends: [
      "sent",
      "sent",
      ...["POST", "PUT", "PATCH", "DELETE", "OPTIONS"].map(
        (method) => `${method} a.example is not done in a dry run`,
      ),
    ],
    sent: ["GET", "HEAD", "POST"],
  });
});
