/** The declarations among entries. */
import { Refusal } from '../bytes/refusal.ts';
import { isWithdrawal, type Declaration } from '../statement/commitment.ts';
import { parseStatement } from '../statement/parse.ts';
import { entryIdOf } from './scrapi.ts';

/** Declarations among entries, by hex entry id. Withdrawals and entries that are no commitment are skipped. */
export function declarationsIn(entries: readonly Uint8Array[]): ReadonlyMap<string, Declaration> {
  const found = new Map<string, Declaration>();
  for (const entry of entries) {
    const commitment = commitmentIn(entry);
    if (commitment !== undefined && !isWithdrawal(commitment)) found.set(entryIdOf(entry), commitment);
  }
  return found;
}

function commitmentIn(entry: Uint8Array) {
  try {
    const parsed = parseStatement(entry);
    return parsed.kind === 'commitment' ? parsed.commitment : undefined;
  } catch (error) {
    if (error instanceof Refusal) return undefined; // its own examination says so
    throw error;
  }
}
