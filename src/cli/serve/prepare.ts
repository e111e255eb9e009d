/** What `serve` reads beside its data directory, and `config validate` too, so that the two cannot differ. */
import { checkServing } from '../config.ts';
import type { Context } from '../context.ts';
import { tlsOf, type Tls } from './process.ts';
import { witnessingOf, type WitnessingOptions } from '../../service/witnessing.ts';

/** All of it, read and checked. */
export interface Prepared extends Tls {
  readonly witnessing: WitnessingOptions | undefined;
}

/**
 * To be called before a file is made: what the first start was told wrongly must not be written down. Refuses
 * `config-invalid`.
 */
export async function prepareServing(context: Context): Promise<Prepared> {
  checkServing(context.config);
  return { ...(await tlsOf(context.config)), witnessing: await witnessingOf(context) };
}
