import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** What systemd's side of the notify socket hears, one entry a datagram. */
export interface DatagramSocket {
  readonly messages: readonly string[];
  /** Resolves with the first message that has this line; rejects after 30 s. */
  heard(line: string): Promise<string>;
  close(): Promise<void>;
}

/** Binds, says so, then prints each datagram in hex. Node has no unix datagram sockets, so perl holds this one. */
const RECEIVER = `use Socket; $| = 1; my $p = $ARGV[0]; $p =~ s/^@/\\0/;
socket(my $s, PF_UNIX, SOCK_DGRAM, 0) or die; bind($s, pack_sockaddr_un($p)) or die; print "bound\\n";
while (defined recv($s, my $m, 65536, 0)) { print unpack("H*", $m), "\\n"; }`;

/** `address` is a path, or `@name` in the abstract space. */
export async function listenDatagrams(address: string): Promise<DatagramSocket> {
  const receiver = spawn('perl', ['-e', RECEIVER, address], { stdio: ['ignore', 'pipe', 'inherit'] });
  const messages: string[] = [];
  const lines = createInterface({ input: receiver.stdout });
  const changed = new EventTarget();
  await once(lines, 'line');
  lines.on('line', (hex) => {
    messages.push(Buffer.from(hex, 'hex').toString('utf8'));
    changed.dispatchEvent(new Event('message'));
  });
  return {
    messages,
    async heard(line) {
      const deadline = AbortSignal.timeout(30_000);
      for (;;) {
        const found = messages.find((message) => message.split('\n').includes(line));
        if (found !== undefined) return found;
        await once(changed, 'message', { signal: deadline }).catch(() => {
          throw new Error(`${line} was not heard; heard: ${JSON.stringify(messages)}`);
        });
      }
    },
    async close() {
      receiver.kill();
      if (receiver.exitCode === null && receiver.signalCode === null) await once(receiver, 'exit');
      lines.close();
    },
  };
}
