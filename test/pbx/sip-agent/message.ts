/**
 * SIP messages as text: taken apart, put together. Full header names only, as Asterisk writes them. A byte that belongs to
 * no UTF-8 stands in text as a character of its own, U+DC80 to U+DCFF (`\uDCFF` is the byte ff), so that one can be sent.
 */
export interface SipText {
  readonly startLine: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

export type Headers = SipText['headers'];

export function parseSip(text: string): SipText | null {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const [startLine = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers = lines.flatMap((line): [string, string][] => {
    const colon = line.indexOf(':');
    return colon < 0 ? [] : [[line.slice(0, colon).trim(), line.slice(colon + 1).trim()]];
  });
  return startLine === '' ? null : { startLine, headers, body: text.slice(end + 4) };
}

export function writeSip({ startLine, headers, body }: SipText): string {
  const all = [...headers, ['Content-Length', String(Buffer.byteLength(body))] as const];
  return `${startLine}\r\n${all.map(([name, value]) => `${name}: ${value}`).join('\r\n')}\r\n\r\n${body}`;
}

/** As it goes on the wire. */
export function bytesOf(text: string): Buffer {
  const parts = text
    .split(/([\uDC80-\uDCFF])/u)
    .map((part, index) => (index % 2 === 0 ? Buffer.from(part, 'utf8') : Buffer.of(part.charCodeAt(0) & 0xff)));
  return Buffer.concat(parts);
}

/** Everything but letters and digits percent-encoded: what stands in the user part of a SIP address may be any byte. */
export const inUser = (text: string): string => {
  const bytes = [...text].flatMap((one) =>
    /^[\uDC80-\uDCFF]$/u.test(one) ? [one.charCodeAt(0) & 0xff] : [...Buffer.from(one)],
  );
  return bytes
    .map((byte) =>
      /\w/.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : `%${byte.toString(16).padStart(2, '0')}`,
    )
    .join('');
};

export function header(message: SipText, name: string): string {
  return message.headers.find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1] ?? '';
}

/** Of a request; empty for an answer. */
export const methodOf = (message: SipText): string =>
  message.startLine.startsWith('SIP/2.0 ') ? '' : (message.startLine.split(' ')[0] ?? '');

/** Of an answer; 0 for a request. */
export const statusOf = (message: SipText): number =>
  message.startLine.startsWith('SIP/2.0 ') ? Number(message.startLine.slice(8, 11)) : 0;

export const branchOf = (message: SipText): string => /branch=([^;,\s]+)/.exec(header(message, 'Via'))?.[1] ?? '';
export const tagOfHeader = (value: string): string => /;\s*tag=([^;\s]+)/.exec(value)?.[1] ?? '';
/** A quoted name before it may hold brackets of its own. */
export const uriOf = (value: string): string => {
  const address = value.replace(/^\s*"(?:[^"\\]|\\.)*"/s, '');
  return /<([^>]+)>/.exec(address)?.[1] ?? address.split(';')[0]?.trim() ?? '';
};

/** `INVITE` and its number. */
export function cseqOf(message: SipText): { readonly number: number; readonly method: string } {
  const [number, method = ''] = header(message, 'CSeq').split(/\s+/);
  return { number: Number(number), method };
}

const REASONS: Readonly<Record<number, string>> = {
  100: 'Trying',
  180: 'Ringing',
  183: 'Session Progress',
  200: 'OK',
  202: 'Accepted',
  302: 'Moved Temporarily',
  480: 'Temporarily Unavailable',
  481: 'Call/Transaction Does Not Exist',
  486: 'Busy Here',
  487: 'Request Terminated',
  491: 'Request Pending',
  501: 'Not Implemented',
  603: 'Decline',
};

/** An answer to a request, by RFC 3261 8.2.6: what the request said comes back. */
export function answerTo(
  request: SipText,
  status: number,
  options: { toTag?: string; more?: Headers; body?: string },
): SipText {
  const copied = request.headers.filter(([name]) =>
    ['via', 'from', 'call-id', 'cseq', 'record-route'].includes(name.toLowerCase()),
  );
  const to = header(request, 'To');
  const tagged = options.toTag === undefined || tagOfHeader(to) !== '' ? to : `${to};tag=${options.toTag}`;
  return {
    startLine: `SIP/2.0 ${status} ${REASONS[status] ?? 'Refused'}`,
    headers: [...copied, ['To', tagged], ...(options.more ?? [])],
    body: options.body ?? '',
  };
}

/** One ulaw stream, to be heard on `port`. */
export function sdp(version: number, port: number, direction: 'sendrecv' | 'sendonly'): string {
  return [
    ...['v=0', `o=agent 1 ${version} IN IP4 127.0.0.1`, 's=-', 'c=IN IP4 127.0.0.1', 't=0 0'],
    ...[`m=audio ${port} RTP/AVP 0`, 'a=rtpmap:0 PCMU/8000', `a=${direction}`, ''],
  ].join('\r\n');
}
