/**
 * One UDP port of a SIP user agent: requests out with their answers, requests in with ours, each repeated as RFC 3261 17
 * asks of an unreliable transport, and a log of everything that passed.
 *
 * - A request is sent again after 0.5 s, 1 s, 2 s, 4 s … until it is answered; an INVITE only until the first 1xx.
 * - A final answer to an INVITE is sent again like that until its ACK comes.
 * - A request that comes again gets the same answer again and is shown to nobody; an answer that comes again, its ACK.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { sipMessage, type SipMessage } from '../sip-trace.js';
import { branchOf, bytesOf, cseqOf, header, methodOf, parseSip, statusOf, writeSip, type SipText } from './message.js';

/** What passed, with its text. */
export interface LoggedMessage extends SipMessage {
  readonly text: string;
}

export interface Endpoint {
  readonly log: readonly LoggedMessage[];
  /** Resolves with the final answer; `onProgress` hears every 1xx. Rejects when none came in 32 s, or at `close`. */
  request(message: SipText, onProgress?: (answer: SipText) => void): Promise<SipText>;
  /** Answers a request that came in. */
  reply(request: SipText, answer: SipText): void;
  /** An ACK: nobody answers it. Sent again whenever the answer it is for comes again. */
  ack(message: SipText, inviteBranch: string): void;
  close(): Promise<void>;
}

const T1_MS = 500;
const T2_MS = 4_000;
const GIVE_UP_MS = 64 * T1_MS;

interface Pending {
  readonly settle: (answer: SipText | Error) => void;
  readonly progress: (answer: SipText) => void;
}

export async function openEndpoint(options: {
  readonly port: number;
  readonly peerPort: number;
  onRequest(request: SipText): void;
}): Promise<Endpoint> {
  const socket = createSocket('udp4');
  socket.bind({ port: options.port, address: '127.0.0.1', exclusive: true });
  await once(socket, 'listening');
  const log: LoggedMessage[] = [];
  const pending = new Map<string, Pending>();
  /** Our ACKs, by branch of their INVITE. */
  const acks = new Map<string, string>();
  /** Our last answers, by branch and method of the request. */
  const answered = new Map<string, string>();
  /** Answers that wait for their ACK, by Call-ID and CSeq number. */
  const unacked = new Map<string, () => void>();
  const repeats = new Set<() => void>();

  const note = (sent: boolean, text: string) => {
    const message = sipMessage(Date.now(), sent, text);
    if (message) log.push({ ...message, text });
  };
  const send = (text: string) => {
    note(true, text);
    socket.send(bytesOf(text), options.peerPort, '127.0.0.1');
  };
  /** Sends, and sends again until it is stopped or `GIVE_UP_MS` have passed. */
  const sendUntil = (text: string, gaveUp: () => void): (() => void) => {
    const end = Date.now() + GIVE_UP_MS;
    let wait = T1_MS;
    let timer: NodeJS.Timeout;
    const stop = () => {
      clearTimeout(timer);
      repeats.delete(stop);
    };
    const again = () => {
      if (Date.now() > end) {
        stop();
        return gaveUp();
      }
      send(text);
      wait = Math.min(wait * 2, T2_MS);
      timer = setTimeout(again, wait);
    };
    repeats.add(stop);
    send(text);
    timer = setTimeout(again, wait);
    return stop;
  };
  const transaction = (message: SipText, method: string) => `${branchOf(message)} ${method}`;
  const invitation = (message: SipText) => `${header(message, 'Call-ID')} ${cseqOf(message).number}`;

  const endpoint: Endpoint = {
    log,
    request(message, onProgress = () => undefined) {
      const method = methodOf(message);
      const id = transaction(message, method);
      return new Promise((resolve, reject) => {
        const settle = (answer: SipText | Error) => {
          stop();
          pending.delete(id);
          if (answer instanceof Error) reject(answer);
          else resolve(answer);
        };
        const progress = (answer: SipText) => {
          if (method === 'INVITE') stop();
          onProgress(answer);
        };
        pending.set(id, { settle, progress });
        const stop = sendUntil(writeSip(message), () => settle(new Error(`no answer to ${message.startLine}`)));
      });
    },
    reply(request, answer) {
      const text = writeSip(answer);
      answered.set(transaction(request, methodOf(request)), text);
      if (methodOf(request) !== 'INVITE' || statusOf(answer) < 200) return send(text);
      const id = invitation(request);
      unacked.set(
        id,
        sendUntil(text, () => unacked.delete(id)),
      );
    },
    ack(message, inviteBranch) {
      const text = writeSip(message);
      acks.set(inviteBranch, text);
      send(text);
    },
    async close() {
      for (const stop of [...repeats]) stop();
      for (const { settle } of [...pending.values()]) settle(new Error('the agent was stopped'));
      socket.close();
      await once(socket, 'close');
    },
  };

  socket.on('message', (bytes) => {
    const text = bytes.toString('utf8');
    const message = parseSip(text);
    // A NAT keep-alive of blanks is no message.
    if (!message) return;
    note(false, text);
    const status = statusOf(message);
    if (status > 0) return answerCame(message, status);
    if (methodOf(message) === 'ACK') {
      unacked.get(invitation(message))?.();
      unacked.delete(invitation(message));
      return options.onRequest(message);
    }
    const before = answered.get(transaction(message, methodOf(message)));
    if (before !== undefined) return send(before);
    options.onRequest(message);
  });
  const answerCame = (answer: SipText, status: number) => {
    const branch = branchOf(answer);
    const waiting = pending.get(transaction(answer, cseqOf(answer).method));
    if (!waiting) {
      const ack = acks.get(branch);
      if (ack !== undefined && status >= 200) send(ack);
    } else if (status < 200) waiting.progress(answer);
    else waiting.settle(answer);
  };
  return endpoint;
}
