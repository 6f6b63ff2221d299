/**
 * The PBX of the AMI bench, a process of its own: it lets everybody in and, asked to `Flood`, sends that many recorded
 * events as fast as they are read. Says its port on standard output; ends when its standard input does.
 */
import { readFileSync } from 'node:fs';
import { startAmiServer } from '../support/ami-server.js';
import type { AmiPeer } from '../support/ami-server.js';

const capture = readFileSync(new URL('../captures/22/inbound-ring-group.ami', import.meta.url), 'latin1');
const events = capture.split('\r\n\r\n').filter((block) => /^Event: .*\r\nPrivilege: .*\r\nTimestamp: /.test(block));
const batch = Buffer.from(events.map((block) => `${block}\r\n\r\n`).join(''), 'latin1');

async function flood(peer: AmiPeer, count: number): Promise<void> {
  for (let sent = 0; sent < count; sent += events.length) {
    if (peer.socket.destroyed) return;
    if (!peer.socket.write(batch)) await new Promise<void>((resolve) => peer.socket.once('drain', resolve));
  }
}

const server = await startAmiServer({
  onAction: (action, peer) => {
    if (action.name !== 'Flood') return false;
    void flood(peer, Number(action.get('Count')));
    return true;
  },
});
process.stdout.write(`${JSON.stringify({ port: server.port, batch: events.length, bytes: batch.length })}\n`);
process.stdin.on('end', () => process.exit(0)).resume();
