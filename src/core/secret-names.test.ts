import { expect, test } from "vitest";
import { redactor } from "./redact.ts";
import { remembering } from "./secret-names.ts";

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
  ["auth", "none"],
  ["token", "***"],
  ["tokens", { a: { b: { c: { d: 1 } } } }],
  ["tokens", { a: { b: { c: { d: "1" } } } }],
  ["passwordResets", 3],
  ["cookies", 2],
  ["secretsScanned", 4],
  ["01m8184zdeajwtwv80kv26221r", "failed"],
  ["credentials", "3"],
])("what stands under %s, %o, is no secret", ([name, value]) => {
  expect([plain.value({ [name]: value }), plain.find({ [name]: value })]).toEqual([
    { [name]: value },
    undefined,
  ]);
});

const TEXT = "hunter2hunter2";

test.for<[name: string, value: unknown, place?: string]>([
  ["password", TEXT],
  ["refresh_tokens", TEXT],
  ["password2", TEXT],
  ["id_jwt", TEXT],
  ["userJWT", TEXT],
  ["tokens", [TEXT], "[0]"],
  ["auth", { user: "a", pass: TEXT }, ".pass"],
  ["tokens", { access: TEXT }, ".access"],
  ["tokens", new Map([["access", TEXT]]), ".access"],
  ["cookies", { theme: TEXT }, ".theme"],
])("what stands under %s, %o, is a secret", ([name, value, place = ""]) => {
  expect([plain.value({ [name]: value }), plain.find({ [name]: value })]).toEqual([
    { [name]: "***" },
    `${name}${place}`,
  ]);
});

test.for<[name: string, value: unknown]>([
  ["password", 1234],
  ["pass", 12],
  ["auth", "basic"],
  ["auth", { provider: "github" }],
  ["tokens", [1, 2]],
  ["tokens", { a: { b: { c: { d: { e: 1 } } } } }],
  ["tokens", { a: { b: { c: { d: { e: "1" } } } } }],
  ["session_id", TEXT],
  ["sessionId", TEXT],
  ["PHPSESSID", TEXT],
  ["connect.sid", TEXT],
])(
  "what stands under %s, %o, is masked where it is shown, and is no reason to refuse",
  ([name, value]) => {
    expect([plain.value({ [name]: value }), plain.find({ [name]: value })]).toEqual([
      { [name]: "***" },
      undefined,
    ]);
  },
);

test("an answer is asked for once, until too many are known", () => {
  const asked: string[] = [];
  const ask = remembering((name) => {
    asked.push(name);
    return name.toUpperCase();
  }, 2);

  const answers = ["a", "b", "a", "b", "c", "c", "a"].map((name) => ask(name));

  expect([answers.join(""), asked.join("")]).toEqual(["ABABCCA", "abca"]);
});
