import { expect, test } from "vitest";
import { redactor } from "./redact.ts";

const plain = redactor();

test.for<[name: string, value: unknown]>([
  ["token_count", 12],
  ["max_tokens", 4096],
  ["max_tokens", "4096"],
  ["tokens", 7],
  ["tokens", { input: 5, output: 7 }],
  ["prompt_tokens", 3],
  ["tokenType", "access"],
  ["token_limit", 5],
  ["nextPageToken", "CAUQAA"],
  ["continuation_token", "abc"],
  ["tokenizer", "bpe"],
  ["password_file", "/run/secrets/db"],
  ["passwordPolicy", "strict"],
  ["cookieName", "sid"],
  ["secretary", "Ann"],
  ["author", "Ann"],
  ["authenticated", "yes"],
  ["passed", 3],
  ["key", "idempotency-1"],
  ["publicKey", "ssh-ed25519"],
  ["hasPassword", true],
  ["password", null],
  ["password", ""],
  ["password", false],
])("what stands under %s, %o, is no secret", ([name, value]) => {
  expect([plain.value({ [name]: value }), plain.find({ [name]: value })]).toEqual([
    { [name]: value },
    undefined,
  ]);
});

test.for<[name: string, value: unknown]>([
  ["password", 1234],
  ["tokens", ["abc"]],
  ["refresh_tokens", "abc"],
  ["auth", { user: "a", pass: "b" }],
  ["password2", "abc"],
  ["tokens", { access: "abc" }],
  ["tokens", new Map([["access", "abc"]])],
  ["tokens", { a: { b: { c: { d: { e: 1 } } } } }],
])("what stands under %s, %o, is a secret", ([name, value]) => {
  expect([plain.value({ [name]: value }), plain.find({ [name]: value })]).toEqual([
    { [name]: "***" },
    name,
  ]);
});
