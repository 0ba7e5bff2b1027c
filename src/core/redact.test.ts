import fc from "fast-check";
import { expect, test } from "vitest";
import { redactor, secret } from "./redact.ts";

const plain = redactor();

const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFXYZ0123456789 -_+/=.%&ü€".split("");

/** Text that no rule would take for a secret by its looks, and that is in nothing else. */
const SECRET = fc
  .string({
    unit: fc.constantFrom(...LETTERS),
    minLength: 8,
    maxLength: 40,
  })
  .map((text) => `q${text}Z`);

/** The forms in which a secret may stand somewhere. */
function formsOf(text: string): string[] {
  const bytes = Buffer.from(text);
  return [
    text,
    encodeURIComponent(text),
    new URLSearchParams({ q: text }).toString().slice(2),
    JSON.stringify(text).slice(1, -1),
    bytes.toString("base64"),
    bytes.toString("base64url"),
  ];
}

/** Puts text somewhere into data of any shape, `TEXT` at the place. */
const PLACE = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom("TEXT", "before TEXT after", "x=TEXT&y", '{"a":"TEXT"}'),
    fc.tuple(tie("tree"), fc.anything({ maxDepth: 1 })),
    fc.record({ note: tie("tree"), other: fc.anything({ maxDepth: 1 }) }),
    tie("tree").map((tree) => new Map([["inside", tree]])),
    tie("tree").map((tree) => new Set([tree])),
    tie("tree").map((tree) => new Error("TEXT", { cause: tree })),
    tie("tree").map((tree) => ({ TEXT: tree })),
    tie("tree").map((tree) => ({ toJSON: () => tree })),
  ),
})).tree;

function planted(tree: unknown, text: string): unknown {
  if (typeof tree === "string") return tree.replaceAll("TEXT", () => text);
  if (tree instanceof Error) return new Error(text, { cause: planted(tree.cause, text) });
  if (tree instanceof Map)
    return new Map([...tree].map(([key, value]) => [key, planted(value, text)]));
  if (tree instanceof Set) return new Set([...tree].map((value) => planted(value, text)));
  if (Array.isArray(tree)) return tree.map((value) => planted(value, text));
  if (typeof tree !== "object" || tree === null) return tree;
  if ("toJSON" in tree) return { toJSON: () => planted((tree.toJSON as () => unknown)(), text) };
  return Object.fromEntries(
    Object.entries(tree).map(([key, value]) => [planted(key, text), planted(value, text)]),
  );
}

test("a known secret never comes out, wherever it is planted and however it is encoded", () => {
  fc.assert(
    fc.property(SECRET, PLACE, fc.boolean(), fc.nat(5), (text, tree, isVariable, formIndex) => {
      const form = formsOf(text)[formIndex] ?? text;
      const guard = isVariable
        ? redactor({ env: { DB_PASSWORD: text } })
        : redactor({ secrets: [text] });

      const shown = JSON.stringify(guard.value(planted(tree, form)));

      const left = formsOf(text).filter((each) => shown.includes(each));
      expect(left).toEqual([]);
    }),
    { numRuns: 2_000 },
  );
});

test("a known secret does not come out of the middle of longer base64", () => {
  fc.assert(
    fc.property(SECRET, fc.string(), fc.string(), (text, before, after) => {
      const whole = Buffer.from(`${before}${text}${after}`).toString("base64");

      const shown = redactor({ secrets: [text] }).text(whole);

      expect(Buffer.from(shown.replaceAll("*", ""), "base64").toString()).not.toContain(text);
    }),
    { numRuns: 2_000 },
  );
});

const SECRET_NAME = fc.constantFrom(
  ..."password Password db_password dbPassword DB_PASS passwd token authToken access_token githubtoken".split(
    " ",
  ),
  ..."authorization Proxy-Authorization cookie set-cookie api_key apiKey X-Api-Key APIKEY client_secret".split(
    " ",
  ),
  ..."aws_secret_access_key privateKey private_key dsn SENTRY_DSN credentials passphrase connectionString".split(
    " ",
  ),
  ..."refresh_tokens jwt auth basicAuth pwd otp signing_key secret secrets encryptionKey accessKeys".split(
    " ",
  ),
);

test("what stands under a secret's name never comes out, at any depth", () => {
  fc.assert(
    fc.property(SECRET_NAME, SECRET, PLACE, (name, text, tree) => {
      const data = {
        a: [{ [name]: planted(tree, text) }, { name, value: text }, new Map([[name, text]])],
      };

      expect(JSON.stringify(plain.value({ a: [data] }))).not.toContain(text);
    }),
    { numRuns: 1_000 },
  );
});

test.for<[env: Record<string, string>, text: string, shown: string]>([
  [{ DB_PASSWORD: "hunter22" }, "x hunter22y", "x ***y"],
  [{ STRIPE_KEY: "abcdefg" }, "abcdefg", "***"],
  [{ DB_PASSWORD: " hunter22\n" }, "x hunter22 y", "x *** y"],
  [{ DATABASE_URL: "postgres://app:hunter%2622@db/x" }, "hunter&22 hunter%2622", "*** ***"],
  [{ DATABASE_URL: "postgres://app:hunter%22@db/x" }, "hunter%22", "***"],
  [
    { SIGNING_KEYS: "a-long-first-line\nand-a-second-line" },
    "second: and-a-second-line",
    "second: ***",
  ],
  [{ A_TOKEN: "abcdefgh", B_TOKEN: "abcdefghij" }, "abcdefghij", "***"],
  [{ A_TOKEN: "12345" }, "12345", "12345"],
  [{ A_TOKEN: "true", B_TOKEN: "disabled" }, "true disabled", "true disabled"],
  [{ PWD: "/srv/jobs", OLDPWD: "/srv/other" }, "/srv/jobs /srv/other", "/srv/jobs /srv/other"],
  [
    { EDITOR: "vim-editor", SSH_PUBLIC_KEY: "ssh-ed25519" },
    "vim-editor ssh-ed25519",
    "vim-editor ssh-ed25519",
  ],
])("with the variables %o, %o is shown as %o", ([env, text, shown]) => {
  expect(redactor({ env }).text(text)).toBe(shown);
});

test("text that was cut shows no beginning of a secret either", () => {
  const guard = redactor({ secrets: ["correct-horse-battery"] });

  expect(
    ['"correct-hors…" and cor…', "the end correct-horse-batter…"].map((text) => guard.text(text)),
  ).toEqual(['"***…" and cor…', "the end ***…"]);
});

test("secret() makes a value known to every redactor of the process, and gives it back", () => {
  const before = redactor();

  const given = secret("made-later-on");

  expect([
    given,
    before.text("made-later-on"),
    redactor().value(["made-later-on"]),
    secret(""),
  ]).toEqual(["made-later-on", "***", ["***"], ""]);
});

test("of very many secrets the newest thousand are known", () => {
  const guard = redactor();
  secret("the-oldest-of-all");

  for (let index = 0; index < 1_000; index++) secret(`one-of-many-${index}`);

  const shown = ["the-oldest-of-all", "one-of-many-0", "one-of-many-999"].map((text) =>
    guard.text(text),
  );
  expect(shown).toEqual(["the-oldest-of-all", "***", "***"]);
});

test("a secret number is masked as a number too", () => {
  const guard = redactor({ secrets: ["123456789"] });

  expect(guard.value([123456789, 123456789n, 5])).toEqual(["***", "***", 5]);
});

const JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";

test.for<[input: unknown, path: string | undefined]>([
  [`x ${JWT}`, ""],
  [{ user: { tokens: ["a"] } }, "user.tokens"],
  [{ a: [1, { b: "Bearer abcdefgh" }] }, "a[1].b"],
  [new Map([["a", new Set(["x", "known-secret"])]]), "a[1]"],
  [["fine", "x known-secret y", { password: "z" }], "[1]"],
  [[4242424242], "[0]"],
  [{ env: [{ name: "DB_PASSWORD", value: "x" }] }, "env[0].value"],
  [Object.assign(Array(2_000).fill(0), { 1_999: "known-secret" }), "[1999]"],
  [{ note: "token: x", password: "", hint: "known-se…" }, undefined],
  [{ a: "***", at: new Date(0), nothing: null }, undefined],
  [undefined, undefined],
])("the first secret in %o is at %o", ([input, path]) => {
  const guard = redactor({ secrets: ["known-secret", "4242424242"] });

  expect(guard.find(input)).toBe(path);
});

test("data that holds itself is searched once", () => {
  const circle: Record<string, unknown> = { a: 1 };
  circle["self"] = circle;
  circle["z"] = { token: "x" };

  expect(plain.find(circle)).toBe("z.token");
});
