/** The one page of a server without pages (src/explorer has them), and text as HTML shows it. */
import { createHash } from 'node:crypto';
import type { FastifyReply } from 'fastify';
import { printableLines } from '../bytes/printable.ts';
import { HTML, NEVER } from './media.ts';

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 52rem; margin: 3rem auto; padding: 0 1rem }
`;

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');
const POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** Sends a page. `title` is text; `body` is HTML, whose texts went through `escapeHtml`. */
export function sendPage(reply: FastifyReply, title: string, body: string): FastifyReply {
  reply.header('content-security-policy', POLICY).header('referrer-policy', 'no-referrer');
  reply.header('x-robots-tag', 'noindex, nofollow');
  return reply.header('content-type', HTML).header('cache-control', NEVER).send(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title><style>${STYLE}</style></head>
<body><h1>${escapeHtml(title)}</h1>${body}</body></html>
`);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** What is neither escaped nor unprintable; most texts have nothing else, and a page has a thousand. */
const PLAIN = /^[ !#-%(-;=?-~]*$/;

/** Text as HTML shows it. */
export function escapeHtml(text: string): string {
  if (PLAIN.test(text)) return text;
  return printableLines(text).replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
