/** An enterprise as the operator's form has it, of texts; what the form does not show stays as it was read. Pure. */
export type Entry = Readonly<Record<string, unknown>>;

export interface Draft {
  number: string;
  name: string;
  /** Empty: as it was. */
  token: string;
  timezone: string;
  country: string;
  mode: string;
  /** Empty: no PBX, only webhooks. */
  host: string;
  port: string;
  tls: boolean;
  username: string;
  /** Empty: as it was. */
  secret: string;
  contexts: string;
  pattern: string;
  ami: boolean;
  webhook: boolean;
  /** One a line: `74951234567 Sales`. */
  lines: string;
  /** One a line: `151 Ann +375290000009`. */
  extensions: string;
}

/** "As it was", as an import file says it. */
const KEPT = '********';
const MOBILE = /^\+\d[\d ()-]*$/;

export function draftOf(entry: Entry | null): Draft {
  const pbx = objectOf(entry?.['pbx']);
  const sources = entry?.['sources'];
  const from = (source: string) => (Array.isArray(sources) ? sources.includes(source) : source === 'webhook' || !entry);
  return {
    number: textOf(entry?.['number']),
    name: textOf(entry?.['name']),
    token: '',
    timezone: textOf(entry?.['timezone'] ?? 'Europe/Minsk'),
    country: textOf(entry?.['country'] ?? 'BY'),
    mode: textOf(entry?.['mode'] ?? 'off'),
    host: textOf(pbx['host']),
    port: textOf(pbx['port'] ?? 5038),
    tls: pbx['tls'] === true,
    username: textOf(pbx['username']),
    secret: '',
    contexts: listOf(entry?.['inboundContexts'] ?? pbx['inboundContexts'])
      .map(textOf)
      .join(', '),
    pattern: textOf(entry?.['extensionPattern'] ?? pbx['extensionPattern']),
    ami: Array.isArray(sources) ? from('ami') : 'host' in pbx,
    webhook: from('webhook'),
    lines: listOf(entry?.['lines']).map(lineText).join('\n'),
    extensions: listOf(entry?.['extensions']).map(extensionText).join('\n'),
  };
}

/** What is sent: the integrations have forms of their own and are left out, so they stay. */
export function entryOf(draft: Draft, before: Entry | null): Record<string, unknown> {
  const { integrations: _integrations, ...kept } = { ...before };
  const { inboundContexts: _contexts, extensionPattern: _pattern, ...pbx } = objectOf(kept['pbx']);
  const lines = rowsOf(draft.lines, listOf(before?.['lines']), 'id', lineOf);
  const entry: Record<string, unknown> = {
    ...kept,
    number: draft.number.trim(),
    ...(draft.name.trim() === '' ? {} : { name: draft.name.trim() }),
    ...secretOf('token', draft.token, kept['token']),
    timezone: draft.timezone.trim(),
    country: draft.country.trim().toUpperCase(),
    mode: draft.mode,
    pbx:
      draft.host.trim() === ''
        ? null
        : {
            ...pbx,
            host: draft.host.trim(),
            port: Number(draft.port),
            tls: draft.tls,
            username: draft.username.trim(),
            ...secretOf('secret', draft.secret, pbx['secret']),
          },
    lines: lines.length === 0 ? null : lines,
    extensions: rowsOf(draft.extensions, listOf(before?.['extensions']), 'number', extensionOf),
  };
  const contexts = draft.contexts.split(',').map((one) => one.trim());
  put(
    entry,
    'inboundContexts',
    contexts.filter((one) => one !== ''),
  );
  put(entry, 'extensionPattern', draft.pattern.trim());
  // Not said, and left as its default would be: it stays unsaid.
  const was = draftOf(before);
  if (!before || 'sources' in before || was.ami !== draft.ami || was.webhook !== draft.webhook)
    entry['sources'] = [...(draft.ami ? ['ami'] : []), ...(draft.webhook ? ['webhook'] : [])];
  return entry;
}

/** Empty: not said, so its default holds. */
function put(entry: Record<string, unknown>, key: string, value: string | string[]): void {
  if (value.length > 0) entry[key] = value;
  else delete entry[key];
}

function secretOf(key: string, written: string, before: unknown): Record<string, string> {
  if (written !== '') return { [key]: written };
  return before === undefined ? {} : { [key]: KEPT };
}

/** Each line of a text, over what was known of it. */
function rowsOf(
  text: string,
  before: readonly unknown[],
  key: string,
  read: (words: string[]) => Record<string, unknown>,
): Record<string, unknown>[] {
  const known = new Map(before.map(objectOf).map((one) => [textOf(one[key]), one]));
  return text
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([first]) => first !== '')
    .map((words) => ({ ...known.get(words[0] ?? ''), ...read(words) }));
}

function lineOf([id = '', ...name]: string[]): Record<string, unknown> {
  return { id, name: name.length === 0 ? null : name.join(' ') };
}

function lineText(line: unknown): string {
  if (typeof line !== 'object') return textOf(line);
  const { id, name } = objectOf(line);
  return [textOf(id), textOf(name)].join(' ').trim();
}

function extensionOf([number = '', ...rest]: string[]): Record<string, unknown> {
  const last = rest.at(-1) ?? '';
  const mobile = MOBILE.test(last) ? last : undefined;
  const name = (mobile === undefined ? rest : rest.slice(0, -1)).join(' ');
  return { number, name: name === '' ? undefined : name, mobile };
}

function extensionText(extension: unknown): string {
  const { number, name, mobile } = objectOf(extension);
  return [number, name, mobile]
    .map(textOf)
    .filter((one) => one !== '')
    .join(' ');
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '';
