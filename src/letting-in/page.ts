/** The one page a person sees who comes back from a CRM. Nothing of the address is repeated on it. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { escapeHtml } from '../platform/html.js';
import { WORDS, languageOf } from './words.js';
import type { Said } from './words.js';

const STATUS: Record<Said, number> = { done: 200, denied: 403, stale: 403, off: 409, refused: 502, again: 503 };

export interface PageOptions {
  /** For whoever has to mend it; an operator's words, without secrets. */
  detail?: string;
  /** Within Bitrix24: it waits to hear that the installation is over. */
  finishes?: boolean;
}

export function sendPage(
  request: FastifyRequest,
  reply: FastifyReply,
  said: Said,
  options: PageOptions = {},
): FastifyReply {
  const language = languageOf(request.headers['accept-language']);
  const { title, text } = WORDS[language][said];
  const script = options.finishes
    ? '<script src="https://api.bitrix24.com/api/v1/"></script><script>BX24.init(function(){BX24.installFinish()})</script>'
    : '';
  const scripts = options.finishes
    ? "script-src https://api.bitrix24.com 'unsafe-inline'; "
    : "frame-ancestors 'none'; ";
  return reply
    .code(STATUS[said])
    .headers({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'content-security-policy': `default-src 'none'; ${scripts}style-src 'unsafe-inline'`,
    })
    .send(
      `<!doctype html><html lang="${language}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
        `<title>${title}</title><style>body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:4rem auto;padding:0 1rem}</style>` +
        `<h1>${title}</h1><p>${text}</p>${options.detail ? `<p><small>${escapeHtml(options.detail)}</small></p>` : ''}${script}</html>`,
    );
}
