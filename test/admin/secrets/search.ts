/** Looks for secrets in what a daemon told, in every spelling one may have on its way. */

/** By name, so that a finding does not tell it. */
export type Secrets = Readonly<Record<string, string>>;

export interface Told {
  /** `api alerts.settings`, `log`, `dump recordings.token` … */
  where: string;
  text: string;
}

/** `AMI secret in log` for each that is found, once. */
export function secretsIn(told: readonly Told[], secrets: Secrets): string[] {
  const wanted = Object.entries(secrets).map(([name, secret]) => [name, spellingsOf(secret)] as const);
  const found = told.flatMap(({ where, text }) =>
    wanted
      .filter(([, spellings]) => spellings.some((spelling) => text.includes(spelling)))
      .map(([name]) => `${name} in ${where}`),
  );
  return [...new Set(found)].sort();
}

/** As it is, in JSON (and JSON in JSON), in an address, in a form, in hexadecimal, in base64 at any place of it; of a key each of its lines. */
export function spellingsOf(secret: string): string[] {
  const lines = secret.split('\n').filter((line) => line.length >= LINE);
  const wholes = lines.length > 1 ? [secret, ...lines.filter((line) => !line.startsWith('-----'))] : [secret];
  return [...new Set(wholes.flatMap((text) => [...textual(text), ...binary(text)]))];
}

const LINE = 20;

function textual(text: string): string[] {
  const inJson = JSON.stringify(text).slice(1, -1);
  const inAddress = encodeURIComponent(text);
  return [text, inJson, JSON.stringify(inJson).slice(1, -1), inAddress, inAddress.replaceAll('%20', '+')];
}

function binary(text: string): string[] {
  const bytes = Buffer.from(text);
  const alphabets = ['base64', 'base64url'] as const;
  return [bytes.toString('hex'), ...[0, 1, 2].flatMap((before) => alphabets.map((as) => middleOf(bytes, before, as)))];
}

/** The signs that depend on nothing but these bytes, so many of others standing before them. */
function middleOf(bytes: Buffer, before: number, as: 'base64' | 'base64url'): string {
  const whole = Buffer.concat([Buffer.alloc(before), bytes]);
  const first = Math.ceil((before * 8) / 6);
  return whole.toString(as).slice(first, Math.floor((whole.length * 8) / 6));
}
