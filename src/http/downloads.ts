/**
 * Files to keep beside what they prove: the entry, the entry with its receipt attached (a transparent
 * statement, RFC 9943 §7), and the proof against a published checkpoint (C2SP tlog-proof), which
 * authenticates index and size as a receipt does not.
 */
import { attachReceipts } from '../cose/transparent.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { App, HttpContext } from './context.ts';
import { liking } from '../web/accept.ts';
import { asBuffer, FRESH, IMMUTABLE, STATEMENT_TYPES, TEXT } from '../web/media.ts';
import { bytesOf, failures, TAGS } from '../web/schemas.ts';
import { entryParams } from './scrapi-schemas.ts';
import { locator } from './scrapi.ts';
import { unknownEntry } from '../web/audit.ts';
import type { EntryRow } from '../log/ports.ts';

const schema = (summary: string, type: string | readonly string[], description: string) => ({
  tags: [TAGS.audit],
  summary,
  params: entryParams,
  response: { 200: bytesOf(type, description), ...failures },
});

/** GET /entries/{id}/entry, /statement, /proof. */
export function downloads(app: App, { service: { reader }, limits }: HttpContext): void {
  const rowOf = async (name: string): Promise<EntryRow> => {
    const id = locator(name);
    const row = await reader.find(id);
    if (row === undefined) throw unknownEntry(id);
    return row;
  };

  const entrySchema = schema(
    'The entry as logged',
    STATEMENT_TYPES,
    'A tagged COSE_Sign1 with an empty unprotected header',
  );
  app.get('/entries/:id/entry', { schema: entrySchema }, async (request, reply) => {
    const entry = await reader.entry(locator(request.params.id));
    reply.header('cache-control', IMMUTABLE).header('vary', 'accept');
    return sendFile(reply, statementType(request), `${entry.id}.cose`, entry.bytes);
  });

  const statementSchema = schema(
    'The statement with its receipt',
    STATEMENT_TYPES,
    'A transparent statement (RFC 9943)',
  );
  app.get('/entries/:id/statement', { schema: statementSchema }, async (request, reply) => {
    const entry = await reader.entry(locator(request.params.id));
    const receipt = await reader.receipt(entry.index);
    reply.header('cache-control', FRESH);
    const bytes = attachReceipts(entry.bytes, [receipt]);
    return sendFile(reply, statementType(request), `${entry.id}.transparent.cose`, bytes);
  });

  const proofSchema = schema('Proof against a checkpoint', 'text/plain', 'C2SP tlog-proof');
  app.get('/entries/:id/proof', { schema: proofSchema }, async ({ params }, reply) => {
    const row = await rowOf(params.id);
    await reader.published(row.index, limits.publicationMs);
    reply.header('cache-control', FRESH);
    return sendFile(reply, TEXT, `${row.id}.tlog-proof`, await reader.tlogProof(row.index));
  });
}

/** The media type that the client prefers of the two; it gets the file even if it accepts neither. */
function statementType({ headers: { accept } }: FastifyRequest): string {
  const [general, named] = STATEMENT_TYPES;
  return liking(accept, [named]) > liking(accept, [general]) ? named : general;
}

function sendFile(reply: FastifyReply, type: string, name: string, bytes: Uint8Array): FastifyReply {
  reply.header('content-type', type).header('content-disposition', `attachment; filename="${name}"`);
  return reply.send(asBuffer(bytes));
}
