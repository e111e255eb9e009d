/** The log of a server: a JSON object a line on standard output, printed clean whoever wrote the texts in it. */
import { pino, type Logger } from 'pino';
import { printableJson } from '../../bytes/printable.ts';

/** `level`: the least that is written, in pino's words. */
export function makeLogger(level: string): Logger {
  return pino({ level, hooks: { streamWrite: printableJson } }, pino.destination({ fd: 1, sync: false }));
}
