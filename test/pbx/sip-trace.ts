/** One SIP message as one end logged it. `at` is epoch milliseconds with microseconds behind the point. */
export interface SipMessage {
  readonly at: number;
  readonly sent: boolean;
  readonly startLine: string;
  /** The method of the request, or of the request answered. */
  readonly method: string;
  /** Null for a request. */
  readonly status: number | null;
  readonly callId: string;
  /** The caller's tag (`T0001`) where the display name carries one. */
  readonly tag: string | null;
  /** User parts of From and To. */
  readonly from: string;
  readonly to: string;
}

/**
 * One INVITE and what came of it, seen from one end.
 *
 * A phone's `ringingAt` is the moment it sent its own 180, which is the earliest anybody can know that it rings; a
 * caller's is the moment the PBX's 180 reached it. Both clocks are this machine's.
 */
export interface SipLeg {
  readonly callId: string;
  readonly tag: string | null;
  readonly from: string;
  readonly to: string;
  readonly invitedAt: number;
  readonly ringingAt: number | null;
  readonly answeredAt: number | null;
  /** BYE, CANCEL's 487 or the refusal. */
  readonly endedAt: number | null;
  /** Of the INVITE: 200, 486, 487 … */
  readonly finalStatus: number | null;
  /** Who sent the BYE or the CANCEL; null while it lives, and for a refusal. */
  readonly endedBy: 'here' | 'there' | null;
}

/** The log of a SIPp run with `-trace_msg` and TZ=UTC. A last message still being written is left out. */
export function parseTrace(text: string): SipMessage[] {
  const parts = text.split(/^-{40,} (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)\.(\d{6})\r?\n/m);
  const messages: SipMessage[] = [];
  for (let i = 1; i + 3 < parts.length; i += 4) {
    const [day, second, micros, body] = parts.slice(i, i + 4) as [string, string, string, string];
    const head = /^\w+ message (sent|received)[^\n]*\n\s*\n/.exec(body);
    const at = Date.parse(`${day}T${second}Z`) + Number(micros) / 1_000;
    const message = head && sipMessage(at, head[1] === 'sent', body.slice(head[0].length));
    if (message) messages.push(message);
  }
  return messages;
}

/** The text of one message, as it was on the wire. */
export function sipMessage(at: number, sent: boolean, text: string): SipMessage | null {
  const lines = text.split(/\r?\n/);
  const header = (name: string) =>
    lines
      .find((line) => line.startsWith(`${name}:`))
      ?.slice(name.length + 1)
      .trim() ?? '';
  const startLine = lines[0] ?? '';
  const method = header('CSeq').split(' ')[1];
  const callId = header('Call-ID');
  if (!method || !callId) return null;
  // A quoted name may hold an address of its own.
  const user = (value: string) => /sips?:([^@>;]*)@/.exec(value.replace(/^"(?:[^"\\]|\\.)*"/, ''))?.[1] ?? '';
  return {
    at,
    sent,
    startLine,
    method,
    status: startLine.startsWith('SIP/2.0 ') ? Number(startLine.slice(8, 11)) : null,
    callId,
    tag: /T\d{4}/.exec(header('From').split('<')[0] ?? '')?.[0] ?? null,
    from: user(header('From')),
    to: user(header('To')),
  };
}

export function legsOf(messages: readonly SipMessage[]): SipLeg[] {
  const byCall = new Map<string, SipMessage[]>();
  for (const message of messages) {
    const call = byCall.get(message.callId);
    if (call) call.push(message);
    else byCall.set(message.callId, [message]);
  }
  return [...byCall.values()].flatMap((call) => {
    const invite = call.find((m) => m.method === 'INVITE' && m.status === null);
    if (!invite) return [];
    const answer = (fits: (status: number) => boolean) =>
      call.find((m) => m.method === 'INVITE' && m.status !== null && fits(m.status));
    const final = answer((status) => status >= 200);
    const ending = call.find((m) => (m.method === 'BYE' || m.method === 'CANCEL') && m.status === null);
    const refused = final && final.status !== 200 ? final : null;
    return {
      callId: invite.callId,
      tag: invite.tag,
      from: invite.from,
      to: invite.to,
      invitedAt: invite.at,
      ringingAt: answer((status) => status === 180)?.at ?? null,
      answeredAt: answer((status) => status === 200)?.at ?? null,
      endedAt: (ending ?? refused)?.at ?? null,
      finalStatus: final?.status ?? null,
      endedBy: ending ? (ending.sent ? 'here' : 'there') : null,
    };
  });
}
