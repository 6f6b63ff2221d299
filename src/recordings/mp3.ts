/** A recording as mp3, by ffmpeg where it is installed. It reads and writes files, so their length costs no memory. */
import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';

const MOST_MS = 30 * 60_000;

/** Null, or why it could not be made. */
export async function toMp3(from: string, to: string, kbps: number, signal: AbortSignal): Promise<string | null> {
  const args = [
    '-nostdin',
    '-v',
    'error',
    '-y',
    '-i',
    from,
    '-vn',
    '-c:a',
    'libmp3lame',
    '-b:a',
    `${kbps}k`,
    '-f',
    'mp3',
    to,
  ];
  const why = await new Promise<string | null>((resolve) => {
    const ffmpeg = spawn('ffmpeg', args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      signal: AbortSignal.any([signal, AbortSignal.timeout(MOST_MS)]),
    });
    let said = '';
    ffmpeg.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-300)));
    ffmpeg.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ENOENT' ? 'ffmpeg is not installed' : error.message),
    );
    ffmpeg.on('close', (code) => resolve(code === 0 ? null : `ffmpeg ended with ${String(code)}: ${said.trim()}`));
  });
  if (why !== null) await rm(to, { force: true });
  return why;
}
