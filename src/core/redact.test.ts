import fc from "fast-check";
import { expect, test } from "vitest";
import { redactor, secret } from "./redact.ts";
import { KnownSecrets, maskKnown } from "./secret-literals.ts";

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
  [
    { A_KEY: "undefined", B_KEY: "default", C_KEY: "enable", D_KEY: "enabled", E_KEY: "disable" },
    "undefined default enable enabled disable",
    "undefined default enable enabled disable",
  ],
  [
    { A_KEY: "disabled", B_KEY: "localhost", C_KEY: "PASSWORD", D_KEY: "secret", E_KEY: "******" },
    "disabled localhost PASSWORD secret ******",
    "disabled localhost PASSWORD secret ******",
  ],
  [{ MAX_TOKENS: "128000", REFRESH_TOKENS: "abcdefg" }, "128000 abcdefg", "128000 ***"],
  [{ API_URL: "http://localhost:3000/x@y-long-enough" }, "3000/x@y", "3000/x@y"],
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

  expect([given, before.text("made-later-on"), redactor().value(["made-later-on"])]).toEqual([
    "made-later-on",
    "***",
    ["***"],
  ]);
});

test.for<[value: unknown, received: string]>([
  [undefined, "a value of type undefined"],
  [null, "a value of type object"],
  [123456, "a value of type number"],
  ["", "empty text"],
])("%o is refused as a secret at once, and harms nothing", ([value, received]) => {
  const message = `expected text that is not empty, received ${received}`;

  expect(() => secret(value as string)).toThrow(`secret: ${message}`);
  expect(() => redactor({ secrets: ["fine", value as string] })).toThrow(
    `redactor.secrets[1]: ${message}`,
  );
  expect(redactor().text("as before")).toBe("as before");
});

test("an option that a redactor does not know is refused", () => {
  expect(() => redactor({ secret: ["a"] } as never)).toThrow("redactor.secret: unknown");
});

test("what is no text in an environment is passed over", () => {
  const env = { DB_PASSWORD: true, API_KEY: "abcdefg" } as never;

  expect(redactor({ env }).text("true abcdefg")).toBe("true ***");
});

test("a letter is in everything, and is masked nowhere", () => {
  expect(redactor({ secrets: ["e", "zz"] }).text("eezze")).toBe("ee***e");
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

test("one more secret costs no more than itself, however many are known", () => {
  const guard = redactor();
  const tokens = Array.from({ length: 2_000 }, (_, index) => `token-of-request-${index}-4f9a2c`);

  // Made anew for each of them, what finds the thousand that are known would take minutes.
  const shown = tokens.map((token) => guard.text(`for ${secret(token)}`));

  expect(new Set(shown)).toEqual(new Set(["for ***"]));
});

test("a secret that two know of stays known when one forgets it", () => {
  const known = new KnownSecrets(["shared-secret", "shared-secret\nsecond-long-line"]);

  known.delete("shared-secret\nsecond-long-line");

  const kept = ["shared-secret", "second-long-line"].map((text) => maskKnown(text, [known]));
  known.delete("shared-secret");
  expect([kept, maskKnown("shared-secret", [known]), known.isEmpty]).toEqual([
    ["***", "second-long-line"],
    "shared-secret",
    true,
  ]);
});

test("of two secrets that begin alike the longer one is masked, whoever knows it", () => {
  const known = [new KnownSecrets(["correct"]), new KnownSecrets(["correct-horse"])];

  const texts = ["correct-horse", "correct-hors", "incorrect"];

  for (const order of [known, known.toReversed()]) {
    expect(texts.map((text) => maskKnown(text, order))).toEqual(["***", "***-hors", "in***"]);
  }
});

test("a secret number is masked as a number too", () => {
  const guard = redactor({ secrets: ["123456789"] });

  expect(guard.value([123456789, 123456789n, 5])).toEqual(["***", "***", 5]);
});

const JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";

test.for<[input: unknown, path: string | undefined]>([
  [`x ${JWT}`, ""],
  [{ user: { tokens: ["a", "hunter2hunter2"] } }, "user.tokens[1]"],
  [{ a: [1, { b: "Bearer abcdefgh" }] }, "a[1].b"],
  [new Map([["a", new Set(["x", "known-secret"])]]), "a[1]"],
  [["fine", "x known-secret y", { password: "hunter2" }], "[1]"],
  [[4242424242], "[0]"],
  [{ env: [{ name: "DB_PASSWORD", value: "hunter2" }] }, "env[0].value"],
  [{ tags: [{ Key: "DB_PASSWORD", Value: "hunter2" }] }, "tags[0].Value"],
  [{ credentials: { user: "ann", pw: "hunter2" } }, "credentials.pw"],
  [{ credentials: { session_id: "hunter2" } }, "credentials.session_id"],
  [{ "known-secret": 1 }, "***"],
  [{ a: { "by known-secret": 1 } }, "a.***"],
  [new Map([["known-secret", 1]]), "***"],
  [new Map([[4242424242, 1]]), "***"],
  [{ a: new Map([[{ b: ["known-secret"] }, 1]]) }, "a.[object].b[0]"],
  [new Map([[{ token: "hunter2" }, 1]]), "[object].token"],
  [new Map([[{}, "known-secret"]]), "[object]"],
  [{ a: new TextEncoder().encode("x known-secret y") }, "a"],
  [Buffer.from([0xff, 0xe2, ...Buffer.from("known-secret"), 0xff]), ""],
  [new TextEncoder().encode("known-secret").buffer, ""],
  [{ privateKey: new Uint8Array(6) }, "privateKey"],
  [{ otp: 482911 }, "otp"],
  [{ otp: 482911n }, "otp"],
  [Object.assign(Array(2_000).fill(0), { 1_999: "known-secret" }), "[1999]"],
  [{ note: "token: x", password: "", hint: "known-se…" }, undefined],
  [["token", "hunter2hunter2", "--password", "hunter2hunter2"], undefined],
  [{ session_id: "hunter2hunter2", url: "https://h/?session_id=hunter2" }, undefined],
  ["http://localhost:3000?user=me@example.org", undefined],
  [{ data: new Uint8Array(100_000), privateKey: new Uint8Array(5) }, undefined],
  [{ a: "***", at: new Date(0), nothing: null }, undefined],
  [undefined, undefined],
])("the first secret in %o is at %o", ([input, path]) => {
  const guard = redactor({ secrets: ["known-secret", "4242424242"] });

  expect(guard.find(input)).toBe(path);
});

test("data that holds itself is searched once", () => {
  const circle: Record<string, unknown> = { a: 1 };
  circle["self"] = circle;
  circle["z"] = { token: "hunter2" };

  expect(plain.find(circle)).toBe("z.token");
});

test("what stands in two places is looked at again where its name says more", () => {
  const shared = ["hunter2hunter2"];

  expect(plain.find({ list: shared, passwords: shared })).toBe("passwords[0]");
});

test("data of any size and depth is searched to its end", () => {
  const wide = Array.from({ length: 200_000 }, (_, index) => index);
  const deep = Array.from({ length: 20_000 }).reduce((inner) => [inner], wide as unknown);
  const bytes = new Uint8Array(10_000_000);

  const found = redactor({ secrets: ["known-secret"] }).find([bytes, deep, "known-secret"]);

  expect(found).toBe("[2]");
});

test.for<[result: object]>([
  [{ pass: 12, fail: 0 }],
  [{ pass: "12" }],
  [{ passwordResets: 3 }],
  [{ cookies: 2 }],
  [{ cookies: 250_000 }],
  [{ secretsScanned: 4 }],
  [{ auth: "none" }],
  [{ password: "expired", adminPassword: "required" }],
  [{ auth: "basic", bearer: "John", oauth: { provider: "github" } }],
  [{ password: true, token: null, secret: "", otp: 12_345 }],
  [{ authorization: "Authorized", credentials: "READY" }],
  [{ passwordStrength: 0.873_451_2 }],
  [{ tokens: { input: 128_000, output: "250000" } }],
])("%o is a result that may be kept", ([result]) => {
  expect(plain.find(result)).toBeUndefined();
});

test.for<[result: object, path: string]>([
  [{ auth: "abcdefghijkl" }, "auth"],
  [{ auth: "aBcDeFgH" }, "auth"],
  [{ password: "hunter2" }, "password"],
  [{ password: "two words" }, "password"],
  [{ password: "swordfish" }, "password"],
  [{ db_pwd: "swordfish" }, "db_pwd"],
  [{ PASSPHRASE: new Uint8Array(8) }, "PASSPHRASE"],
  [{ refresh_tokens: "abc-def" }, "refresh_tokens"],
  [{ cookies: ["sid=1234"] }, "cookies[0]"],
])("%o may not be kept for %o", ([result, path]) => {
  expect(plain.find(result)).toBe(path);
});
