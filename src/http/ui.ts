/**
 * The page's files, as `npm run build` left them. Every address of the page is the same document; what it shows is told by
 * the address, in the browser. `<base>` says under which path the site lives, so links and files are right at any depth.
 *
 * The files' names hold their hash: they are kept for ever, the document is asked for anew each time.
 */
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import helmet from '@fastify/helmet';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { escapeHtml } from '../platform/html.js';

export interface UiOptions {
  /** Holds `index.html` and `assets`. May be missing: then the page says so. */
  folder: string;
  /** Path the site lives under, without a slash at its end; empty: at the root. */
  basePath: string;
  /** True when browsers come by TLS. */
  secure: boolean;
}

/** Where the page has documents; anything else is not found. */
const DOCUMENTS = ['/', '/login', '/e/*', '/operator/*'];

const MOST_BYTES = 16 * 1024;

const NOT_BUILT = `<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="2">
<title>Trunkline</title><p>The page is being built, or has not been: <code>npm run build</code>.</p></html>
`;

export async function uiPlugin(app: FastifyInstance, options: UiOptions): Promise<void> {
  const { folder, basePath, secure } = options;
  const index = path.join(folder, 'index.html');
  let kept: { mtimeMs: number; text: string } | null = null;

  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'"],
        mediaSrc: ["'self'"],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        baseUri: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    referrerPolicy: { policy: 'same-origin' },
    hsts: secure,
  });

  await app.register(fastifyStatic, {
    root: path.join(folder, 'assets'),
    prefix: '/assets/',
    index: false,
    preCompressed: true,
    immutable: true,
    maxAge: '365d',
  });

  for (const url of DOCUMENTS) app.get(url, (_request, reply) => sendDocument(reply));

  // RetailCRM sends whoever opens the integration's settings there with a form, of which nothing is believed.
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MOST_BYTES }, (_request, _body, done) =>
      done(null),
    );
    scope.post('/', (_request, reply) => reply.redirect(`${basePath}/`, 303));
  });

  async function sendDocument(reply: FastifyReply): Promise<FastifyReply> {
    const text = await documentText();
    return reply
      .code(text === null ? 503 : 200)
      .header('cache-control', 'no-cache')
      .type('text/html; charset=utf-8')
      .send(text ?? NOT_BUILT);
  }

  /** Read again when it was built again. */
  async function documentText(): Promise<string | null> {
    try {
      const { mtimeMs } = await stat(index);
      if (kept?.mtimeMs !== mtimeMs) {
        const text = await readFile(index, 'utf8');
        kept = { mtimeMs, text: text.replace('<base href="/" />', `<base href="${escapeHtml(basePath)}/" />`) };
      }
      return kept.text;
    } catch {
      return null;
    }
  }
}

/** The path of a public address, without a slash at its end. */
export function pathOfAddress(publicUrl: string | null): string {
  return publicUrl === null ? '' : new URL(publicUrl).pathname.replace(/\/+$/, '');
}
