/**
 * The least a client can do for a waiting call, a process of its own: told of one on its line, it redirects blindly. Once a second
 * it asks for a Ping's round trip; the round trips are told on standard output when its standard input ends.
 */
import { connect } from 'node:net';

const [port, username, secret, line, who] = process.argv.slice(2);
const socket = connect(Number(port), '127.0.0.1');
socket.setNoDelay(true);
const act = (name: string, headers: Record<string, string>) =>
  `Action: ${name}\r\n${Object.entries(headers)
    .map(([key, value]) => `${key}: ${value}\r\n`)
    .join('')}\r\n`;
const roundTrips: number[] = [];
let pingedAt: number | null = null;
let rest = '';

socket.write(act('Login', { Username: username ?? '', Secret: secret ?? '' }));
socket.on('data', (chunk: Buffer) => {
  rest += chunk.toString('latin1');
  for (let end = rest.indexOf('\r\n\r\n'); end >= 0; end = rest.indexOf('\r\n\r\n')) {
    read(rest.slice(0, end));
    rest = rest.slice(end + 4);
  }
});

function read(message: string): void {
  if (message.includes('Authentication accepted')) process.stdout.write('ready\n');
  if (pingedAt !== null && message.includes('Ping: Pong')) {
    roundTrips.push(performance.now() - pingedAt);
    pingedAt = null;
  }
  if (!message.startsWith('Event: UserEvent') || !message.includes(`\r\nLine: ${line}`)) return;
  const Channel = /\r\nUniqueid: (\S+)/.exec(message)?.[1] ?? '';
  const where = { Context: 'web-zapros', Exten: 'go', Priority: '1' };
  socket.write(act('Setvar', { Channel, Variable: 'WHO', Value: who ?? '' }) + act('Redirect', { Channel, ...where }));
}

setInterval(() => {
  pingedAt = performance.now();
  socket.write(act('Ping', {}));
}, 1_000);
process.stdin.on('end', () => process.stdout.write(`${JSON.stringify(roundTrips)}\n`, () => process.exit(0))).resume();
