/** The fleet's posts, as recorded, hurried: each host posts one scenario after the other, one post at a time. */
import { readFileSync, readdirSync } from 'node:fs';
import { request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { sleep } from './waiting.js';

/** An enterprise that posts. */
export interface Poster {
  number: string;
  token: string;
}

export interface Answered {
  total: number;
  /** Path and what came instead of 200. */
  refused: string[];
  /** Posts answered 200, by enterprise. */
  accepted: Map<string, number>;
}

interface Line {
  at_ms: number;
  path: string;
  body: Record<string, unknown>;
}

const FOLDER = fileURLToPath(new URL('../webhooks/fixtures/', import.meta.url));
/** A scenario of half a minute takes three seconds, and no pause is longer than this. */
const HURRY = 10;
const LONGEST_PAUSE_MS = 500;
const UNIQUE_ID = /\b(\d{10})\.(\d{1,6})\b/g;

export function postScenarios(url: string, posters: readonly Poster[]): { end(): Promise<Answered> } {
  const scenarios = readdirSync(FOLDER)
    .filter((file) => file.endsWith('.ndjson'))
    .sort()
    .map((file) => linesOf(readFileSync(`${FOLDER}${file}`, 'utf8')));
  const answered: Answered = { total: 0, refused: [], accepted: new Map() };
  let running = true;

  async function host(poster: Poster, index: number): Promise<void> {
    for (let round = 0; running; round += 1) {
      const scenario = scenarios[(round * posters.length + index) % scenarios.length] ?? [];
      let before = 0;
      for (const { at_ms, path, body } of scenario) {
        await sleep(Math.min(LONGEST_PAUSE_MS, (at_ms - before) / HURRY));
        before = at_ms;
        await one(poster, path, anew(body, poster, round));
      }
    }
  }

  async function one(poster: Poster, path: string, body: string): Promise<void> {
    answered.total += 1;
    const outcome = await post(`${url}${path}`, body).catch((error: unknown) => String(error));
    if (outcome === 200) answered.accepted.set(poster.number, (answered.accepted.get(poster.number) ?? 0) + 1);
    else answered.refused.push(`${path}: ${outcome}`);
  }

  const hosts = Promise.all(posters.map(host));
  return {
    async end() {
      running = false;
      await hosts;
      return answered;
    },
  };
}

function linesOf(text: string): Line[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as Line);
}

/** The same scenario as another call: its ids keep their second, which dates are told by, and get other counters. */
function anew(body: Record<string, unknown>, { token }: Poster, round: number): string {
  const text = JSON.stringify({ ...body, Token: token });
  return text
    .replaceAll(UNIQUE_ID, (_all, epoch: string, n: string) => `${epoch}.${round * 1_000 + Number(n)}`)
    .replaceAll('00000000-0000-4000-8000-', `00000000-0000-4000-${(0x8000 + (round % 0x1000)).toString(16)}-`);
}

/** A PBX gives up after three seconds. */
export function post(url: string, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const sent = request(url, { method: 'POST', agent: false, timeout: 3_000, headers }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
      response.on('error', reject);
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer in 3 s')));
    sent.on('error', reject);
    sent.end(body);
  });
}
