import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/**
 * Where an agent's sound goes: nowhere. It says a few packets of silence when a call is answered, because a PBX waits up
 * to half a second for the first sound before it goes on, and no phone is that quiet. One that `speaks` hums until it closes, for
 * whoever records it.
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

const ULAW_HUM = Array.from({ length: SAMPLES }, (_, i) => (i % 20 < 10 ? 0x20 : 0xa0));

export async function openMedia({ speaks = false } = {}): Promise<Media> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  // Whatever comes is not listened to, but it must be read.
  socket.on('message', () => undefined);
  const timers = new Set<NodeJS.Timeout>();
  const hums = new Set<NodeJS.Timeout>();
  let source = 1;

  /** By the clock, not by the timer: packets that a busy machine holds up are sent all the same. */
  function hum(to: number, ssrc: number): void {
    const began = performance.now();
    let sent = 0;
    const timer = setInterval(() => {
      for (; sent * PACKET_MS <= performance.now() - began; sent += 1)
        socket.send(packet(sent, ssrc, ULAW_HUM), to, '127.0.0.1');
    }, PACKET_MS);
    hums.add(timer);
  }

  return {
    port: socket.address().port,
    greet(sdp) {
      const to = Number(/^m=audio (\d+)/m.exec(sdp)?.[1] ?? 0);
      if (to === 0) return;
      const ssrc = (source += 1);
      if (speaks) return hum(to, ssrc);
      for (let n = 0; n < PACKETS; n += 1) {
        const timer = setTimeout(() => {
          timers.delete(timer);
          socket.send(packet(n, ssrc, ULAW_SILENCE), to, '127.0.0.1');
        }, n * PACKET_MS);
        timers.add(timer);
      }
    },
    async close() {
      for (const timer of timers) clearTimeout(timer);
      for (const timer of hums) clearInterval(timer);
      socket.close();
      await once(socket, 'close');
    },
  };
}

/** One RTP packet of ulaw. */
function packet(n: number, ssrc: number, sound: number | readonly number[]): Buffer {
  const bytes = Buffer.alloc(12 + SAMPLES, typeof sound === 'number' ? sound : 0);
  if (typeof sound !== 'number') bytes.set(sound, 12);
  bytes.writeUInt16BE(0x8000, 0);
  bytes.writeUInt16BE(n % 65_536, 2);
  bytes.writeUInt32BE(n * SAMPLES, 4);
  bytes.writeUInt32BE(ssrc, 8);
  return bytes;
}
