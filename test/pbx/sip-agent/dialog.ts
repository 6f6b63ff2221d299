import { randomBytes } from 'node:crypto';
import { header, tagOfHeader, uriOf, type Headers, type SipText } from './message.js';

/** What the two ends of a call agreed on (RFC 3261 12). No proxy stands between an agent and its PBX: no route is kept. */
export interface Dialog {
  readonly callId: string;
  readonly localTag: string;
  /** From and To as our requests carry them. */
  readonly local: string;
  remote: string;
  /** Where the other side wants requests sent. */
  target: string;
  cseq: number;
}

export const token = (): string => randomBytes(6).toString('hex');
export const newBranch = (): string => `z9hG4bK${token()}`;

export interface RequestOptions {
  readonly port: number;
  readonly branch?: string;
  /** One of those named here takes the place of the dialog's own. */
  readonly more?: Headers;
  readonly body?: string;
  /** Of the INVITE an ACK or a CANCEL belongs to; absent: the next number. */
  readonly cseq?: number;
}

export function requestIn(dialog: Dialog, method: string, options: RequestOptions): SipText {
  const { more = [], cseq = (dialog.cseq += 1) } = options;
  const own: Headers = [
    ['Via', `SIP/2.0/UDP 127.0.0.1:${options.port};branch=${options.branch ?? newBranch()}`],
    ['Max-Forwards', '70'],
    ['From', dialog.local],
    ['To', dialog.remote],
    ['Call-ID', dialog.callId],
    ['CSeq', `${cseq} ${method}`],
    ['Contact', contact(dialog.local, options.port)],
  ];
  return {
    startLine: `${method} ${dialog.target} SIP/2.0`,
    headers: [...own.filter(([name]) => !more.some(([given]) => given === name)), ...more],
    body: options.body ?? '',
  };
}

export const contact = (local: string, port: number): string =>
  `<sip:${/sip:([^@>;]*)@/.exec(local)?.[1] ?? 'agent'}@127.0.0.1:${port}>`;

/** Takes over what an answer or a request of the other side tells of it. */
export function learn(dialog: Dialog, message: SipText, side: 'From' | 'To'): void {
  const value = header(message, side);
  if (tagOfHeader(value) !== '') dialog.remote = value;
  const there = uriOf(header(message, 'Contact'));
  if (there !== '') dialog.target = there;
}
