import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/**
 * Where an agent's sound goes: nowhere. It says a few packets of silence when a call is answered, because a PBX waits up
 * to half a second for the first sound before it goes on, and no phone is that quiet.
 */
export interface Media {
  readonly port: number;
  /** To the port of an SDP. */
  greet(sdp: string): void;
  close(): Promise<void>;
}

const PACKETS = 5;
const PACKET_MS = 20;
const SAMPLES = 160;
const ULAW_SILENCE = 0xff;

export async function openMedia(): Promise<Media> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  // Whatever comes is not listened to, but it must be read.
  socket.on('message', () => undefined);
  const timers = new Set<NodeJS.Timeout>();
  let source = 1;

  return {
    port: socket.address().port,
    greet(sdp) {
      const to = Number(/^m=audio (\d+)/m.exec(sdp)?.[1] ?? 0);
      if (to === 0) return;
      const ssrc = (source += 1);
      for (let n = 0; n < PACKETS; n += 1) {
        const timer = setTimeout(() => {
          timers.delete(timer);
          socket.send(silence(n, ssrc), to, '127.0.0.1');
        }, n * PACKET_MS);
        timers.add(timer);
      }
    },
    async close() {
      for (const timer of timers) clearTimeout(timer);
      socket.close();
      await once(socket, 'close');
    },
  };
}

/** One RTP packet of ulaw. */
function silence(n: number, ssrc: number): Buffer {
  const packet = Buffer.alloc(12 + SAMPLES, ULAW_SILENCE);
  packet.writeUInt16BE(0x8000, 0);
  packet.writeUInt16BE(n, 2);
  packet.writeUInt32BE(n * SAMPLES, 4);
  packet.writeUInt32BE(ssrc, 8);
  return packet;
}
