/** Telegram's HTML: which tags it knows, and what it says of others. Offsets are bytes, as the real one counts them. */

const TAGS = new Set([
  'b',
  'strong',
  'i',
  'em',
  'u',
  'ins',
  's',
  'strike',
  'del',
  'code',
  'pre',
  'a',
  'blockquote',
  'tg-spoiler',
]);
const ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"' };

export type Parsed = { ok: true; text: string; links: string[] } | { ok: false; why: string };

export function parseHtml(html: string): Parsed {
  const open: string[] = [];
  const links: string[] = [];
  let text = '';
  let at = 0;
  const offset = () => Buffer.byteLength(html.slice(0, at));
  const no = (why: string): Parsed => ({ ok: false, why: `Bad Request: can't parse entities: ${why}` });
  while (at < html.length) {
    const sign = html[at];
    if (sign === '&') {
      const entity = /^&(?:#(\d+)|#x([0-9a-f]+)|([a-z]+));/i.exec(html.slice(at));
      if (entity) {
        text += decoded(entity) ?? entity[0];
        at += entity[0].length;
        continue;
      }
    }
    if (sign !== '<') {
      text += sign;
      at += 1;
      continue;
    }
    const tag = /^<(\/?)([a-z][a-z0-9-]*)((?:\s+[a-z]+(?:="[^"<>]*")?)*)\s*>/i.exec(html.slice(at));
    if (!tag)
      return no(
        `Unsupported start tag "${/^<\/?([^\s>]*)/.exec(html.slice(at))?.[1] ?? ''}" at byte offset ${offset()}`,
      );
    const [whole, slash, name = '', attributes = ''] = tag;
    if (!TAGS.has(name)) return no(`Unsupported start tag "${name}" at byte offset ${offset()}`);
    if (slash) {
      const last = open.pop();
      if (last !== name)
        return no(`Unmatched end tag at byte offset ${offset()}, expected "</${last ?? ''}>", found "</${name}>"`);
    } else {
      open.push(name);
      const href = /href="([^"]*)"/.exec(attributes)?.[1];
      if (name === 'a' && href) links.push(href.replace(/&amp;/g, '&').replace(/&quot;/g, '"'));
    }
    at += whole.length;
  }
  if (open.length > 0) return no(`Can't find end tag corresponding to start tag "${open.at(-1)}"`);
  return { ok: true, text, links };
}

function decoded([, decimal, hex, name]: RegExpExecArray): string | undefined {
  if (decimal) return String.fromCodePoint(Number(decimal));
  if (hex) return String.fromCodePoint(parseInt(hex, 16));
  return name ? ENTITIES[name] : undefined;
}
